// Requests at an even rate, whatever becomes of them, as a process of its own. Arguments: URL, which traffic. Says every second
// what has ended; when told to stop it waits for the outcomes of all, and says what is left.
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'modwire';
import { isIdempotent, payloadOf, SUBJECT, TRAFFIC } from './traffic.mjs';

const TICK_MS = 5;
const REPORT_MS = 1_000;
/** How late an outcome may be beside what this process itself was held up meanwhile. Milliseconds. */
const SLACK_MS = 250;

const [url, traffic] = process.argv.slice(2);
const { rate, hedgeMs, timeoutMs } = TRAFFIC[traffic];
const client = await connect(url, { name: 'load' });
/** Of every request: when it was made and how long it took (milliseconds since the start), and what it ended with. */
let ended = [];
const faults = [];
let made = 0;
let stopped = false;
/** By how much turns of this process came late, all together. */
let heldUpMs = 0;
let tickedMs = performance.now();

function heldUpUntil(nowMs) {
  return heldUpMs + Math.max(0, nowMs - tickedMs - TICK_MS);
}

async function ask(number) {
  const payload = payloadOf(number);
  const idempotent = isIdempotent(payload);
  const begin = performance.now();
  const before = heldUpUntil(begin);
  let outcome = 'reply';
  try {
    const options = { timeoutMs, idempotent, ...(idempotent && { hedge: { delayMs: hedgeMs } }) };
    const reply = await client.request(SUBJECT, payload, options);
    if (!payload.equals(reply.payload)) faults.push(`request ${number} has another one's reply`);
  } catch ({ code, message }) {
    outcome = code ?? message;
  }
  const end = performance.now();
  const tookMs = end - begin;
  if (tookMs > timeoutMs + SLACK_MS + heldUpUntil(end) - before) {
    faults.push(`request ${number} ended after ${Math.round(tookMs)} ms`);
  }
  ended.push({ begin: Math.round(begin), tookMs, idempotent, outcome });
}

/** It may be long: the channel may only be closed when it is through. */
function tell(message) {
  return new Promise((resolve) => process.send(message, resolve));
}

function tellEnded() {
  const batch = ended;
  ended = [];
  return tell({ ended: batch });
}

process.on('message', () => {
  stopped = true;
});
// By its own will, or since whoever started it is gone.
process.on('disconnect', () => process.exit());
await tell({ ready: performance.timeOrigin });
const begin = performance.now();
let toldMs = begin;
const outcomes = new Set();
while (!stopped) {
  const nowMs = performance.now();
  heldUpMs = heldUpUntil(nowMs);
  tickedMs = nowMs;
  const due = Math.floor(((nowMs - begin) / 1000) * rate);
  while (made < due) {
    const outcome = ask(made++).finally(() => outcomes.delete(outcome));
    outcomes.add(outcome);
  }
  if (nowMs - toldMs > REPORT_MS) {
    toldMs = nowMs;
    void tellEnded();
  }
  await delay(TICK_MS);
}
await Promise.all(outcomes);
await tellEnded();
const { late, retries, hedges, requests, alarms } = client.calls;
await tell({ report: { made, faults, late, retries, hedges, left: { requests, alarms } } });
await client.close();
process.disconnect();
