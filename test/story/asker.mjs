// Somebody who makes requests at an even rate, each with a key of its own, whatever becomes of those before, as a process of
// its own. Arguments: URL, name of the rollout. Says how many requests have ended; told to assign, which variant each of so
// many keys meets; told to stop, what became of every request, and what was told of the rollout and when.
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'modwire';

/** Requests a second, and how often what is due is made. Milliseconds. */
const RATE = 200;
const TICK_MS = 5;
/** Far more than any trouble lasts, and tried again meanwhile. */
const OPTIONS = { idempotent: true, timeoutMs: 60_000, retry: { noResponders: true } };

const [url, rollout] = process.argv.slice(2);
const client = await connect(url, { name: 'asker', reconnectMs: 5, maxReconnectMs: 20 });
const ended = [];
const heard = [];
const outcomes = new Set();
let disconnects = 0;
let made = 0;
let stopped = false;
client.on('disconnect', () => disconnects++);
await client.subscribe(`$rollouts.${rollout}.events`, (frame) => {
  heard.push({ event: frame.json(), heardAt: Date.now() });
});

async function ask(number) {
  // Chosen among hundreds of prefixes, so that nothing fails by chance: of the first 6,000 any hundred or more in a row are
  // within three standard deviations of 5, 25 and 50 %. That keys are spread evenly is shown elsewhere.
  const key = `user-308-${number}`;
  const begunAt = Date.now();
  const end = (outcome) => ended.push({ number, key, begunAt, endedAt: Date.now(), ...outcome });
  try {
    const reply = await client.request('models.score', `${number}`, { ...OPTIONS, key });
    end({ ...reply.json(), told: [reply.experiment, reply.variant] });
  } catch ({ code, message }) {
    end({ code: code ?? message });
  }
}

async function variantsOf(keys) {
  const replies = keys.map((key) => client.request('models.score', key, { ...OPTIONS, key }));
  return (await Promise.all(replies)).map((reply) => reply.json().variant ?? null);
}

process.on('message', async (message) => {
  if (message === 'count') process.send({ count: ended.length });
  else if (message === 'stop') stopped = true;
  else process.send({ variants: await variantsOf(message.assign) });
});
process.on('disconnect', () => process.exit());
process.send({ ready: true });

const start = performance.now();
while (!stopped) {
  const due = Math.floor(((performance.now() - start) / 1_000) * RATE);
  while (made < due) {
    const outcome = ask(made++).finally(() => outcomes.delete(outcome));
    outcomes.add(outcome);
  }
  await delay(TICK_MS);
}
await Promise.all(outcomes);
await client.drain();
process.send({ report: { made, ended, heard, disconnects } }, () => process.disconnect());
