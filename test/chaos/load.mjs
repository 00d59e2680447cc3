// Requests at an even rate, whatever becomes of them, as a process of its own. Argument: URL. When told to stop it waits
// for the outcomes of all, and says what they were.
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'modwire';
import { HEDGE_MS, isIdempotent, payloadOf, RATE, SUBJECT, TIMEOUT_MS } from './traffic.mjs';

const TICK_MS = 5;
/** How late an outcome may be on a machine that is busy with other things. Milliseconds. */
const SLACK_MS = 1_000;

const client = await connect(process.argv[2], { name: 'load' });
/** Of every request: when it was made and when it ended (milliseconds since the start), and what it ended with. */
const ended = [];
const faults = [];
let made = 0;
let stopped = false;

async function ask(number) {
  const payload = payloadOf(number);
  const idempotent = isIdempotent(payload);
  const begin = performance.now();
  let outcome = 'reply';
  try {
    const options = {
      timeoutMs: TIMEOUT_MS,
      idempotent,
      ...(idempotent && { hedge: { delayMs: HEDGE_MS } }),
    };
    const reply = await client.request(SUBJECT, payload, options);
    if (!payload.equals(reply.payload)) faults.push(`request ${number} has another one's reply`);
  } catch ({ code, message }) {
    outcome = code ?? message;
  }
  const tookMs = performance.now() - begin;
  if (tookMs > TIMEOUT_MS + SLACK_MS) faults.push(`request ${number} ended after ${Math.round(tookMs)} ms`);
  ended.push({ begin: Math.round(begin), tookMs, idempotent, outcome });
}

process.on('message', () => {
  stopped = true;
});
process.send({ ready: performance.timeOrigin });
const begin = performance.now();
const outcomes = new Set();
while (!stopped) {
  const due = Math.floor(((performance.now() - begin) / 1000) * RATE);
  while (made < due) {
    const outcome = ask(made++).finally(() => outcomes.delete(outcome));
    outcomes.add(outcome);
  }
  await delay(TICK_MS);
}
await Promise.all(outcomes);
const { late, retries, hedges, requests, alarms } = client.calls;
const report = { made, ended, faults, late, retries, hedges, left: { requests, alarms } };
// It is long: the channel may only be closed when it is through.
await new Promise((resolve) => process.send({ report }, resolve));
await client.close();
process.disconnect();
