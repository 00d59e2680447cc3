// npm run soak:streams: a broker with a stream on disk is killed at random moments, also while it starts, and started anew on the same
// directory, while publishers go on. Now and then, and at the end, the stream is read: every acknowledged message has to be there
// once, in the order of its publisher, with sequences that have no hole, and the file has to be whole. Ends with 1 when it is not.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { message, program } from '../processes.mjs';
import { randomFrom } from '../random.mjs';
import { FILTER, STREAM } from './messages.mjs';
import { StreamJudge } from './stream-judge.mjs';

const USAGE =
  'npm run soak:streams -- [--cycles N] [--look-every N] [--publishers N] [--sync always|interval|none] [--seed N] [--json]';
/** How long a broker lives at most, once it is there, and how long one that is killed while it starts. Milliseconds. */
const LIFE_MS = 250;
const START_MS = 300;
/** Of the brokers, so many are killed while they start. */
const KILLED_EARLY = 0.15;
/** Between two messages of a publisher to a subject, so that the disk is not full before the end. Milliseconds. */
const REST_MS = 2;
const PATIENCE_MS = 30_000;

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '1000' },
    'look-every': { type: 'string', default: '20' },
    publishers: { type: 'string', default: '2' },
    sync: { type: 'string', default: 'always' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [cycles, lookEvery, publisherCount, seed] = [
  values.cycles,
  values['look-every'],
  values.publishers,
  values.seed,
].map(Number);
const isValid = [cycles, lookEvery, publisherCount].every((count) => Number.isInteger(count) && count > 0);
if (values.help || !isValid || !Number.isInteger(seed)) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}

const random = randomFrom(seed);
const dataDir = mkdtempSync(join(tmpdir(), 'modwire-soak-'));
const stream = { name: STREAM, filters: [FILTER], sync: values.sync };
const judge = new StreamJudge(dataDir);
const children = new Set();
let port = 0;
let publishers = [];
let killedEarly = 0;
const began = performance.now();
try {
  for (let cycle = 1; cycle <= cycles; cycle++) {
    show(cycle);
    const broker = startBroker();
    if (cycle > 1 && random() < KILLED_EARLY) {
      killedEarly++;
      await delay(random() * START_MS);
    } else {
      const { url } = await message(broker, 'url');
      port = Number(new URL(url).port);
      if (publishers.length === 0) publishers = await startPublishers(url);
      await delay(random() * LIFE_MS);
    }
    await kill(broker);
    if (cycle % lookEvery === 0 || cycle === cycles)
      await judge.look((await reports('acknowledged')).acknowledged);
  }
  // What is not acknowledged yet is published to a last one, and then everything is.
  const last = startBroker();
  await message(last, 'url');
  const { acknowledged, repeated, faults } = await within(reports('stop'));
  await kill(last);
  await judge.look(acknowledged);
  tell(repeated, [...faults, ...judge.faults]);
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(dataDir, { recursive: true });
}

function start(name, ...args) {
  const child = program(import.meta.url, name, ...args);
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

function startBroker() {
  return start('broker.mjs', JSON.stringify({ port, dataDir }), JSON.stringify(stream));
}

function startPublishers(url) {
  return Promise.all(
    Array.from({ length: publisherCount }, async (_, number) => {
      const publisher = start('publisher.mjs', url, number, REST_MS);
      await message(publisher, 'ready');
      return publisher;
    }),
  );
}

async function kill(child) {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  const [code, signal] = await gone;
  if (signal !== 'SIGKILL') throw new Error(`the broker ended with ${code ?? signal} by itself`);
}

/** What the publishers say, side by side. */
async function reports(question) {
  const all = await Promise.all(
    publishers.map(async (publisher) => {
      publisher.send(question);
      return (await message(publisher, 'report')).report;
    }),
  );
  return {
    acknowledged: all.map(({ acknowledged }) => acknowledged),
    repeated: all.reduce((sum, { repeated }) => sum + repeated, 0),
    faults: all.flatMap(({ faults }) => faults),
  };
}

async function within(promise) {
  const late = delay(PATIENCE_MS, undefined, { ref: false }).then(() => {
    throw new Error(`the publishers are not through after ${PATIENCE_MS} ms`);
  });
  return Promise.race([promise, late]);
}

function tell(repeated, faults) {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const { records } = judge;
  if (values.json) console.log(JSON.stringify({ seed, cycles, killedEarly, records, repeated, faults }));
  else {
    console.log(
      [
        `${cycles} kills, ${killedEarly} of them while the broker started: ${records} messages stored, ${repeated} published again; seed ${seed}`,
        ...faults.map((fault) => `FAULT: ${fault}`),
      ].join('\n'),
    );
  }
  process.exitCode = faults.length > 0 ? 1 : 0;
}

/** What goes on, on a terminal. */
function show(cycle) {
  if (!process.stderr.isTTY) return;
  const leftMs = ((performance.now() - began) / cycle) * (cycles - cycle);
  const left = cycle === 1 ? '' : `, ${Math.ceil(leftMs / 60_000)} min left`;
  process.stderr.write(`\r\x1b[Kkill ${cycle} of ${cycles}${left}`);
}
