import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchCase, OURS, type Readings, type RunContext } from '../bench-case.js';
import { startBroker } from '../peers/index.js';
import type { DurableCount, DurableLoad } from '../processes/durable-publisher.js';
import type { ReplayLoad } from '../processes/replayer.js';
import { measureThroughput } from './pubsub.js';

export const durable64 = durableCase(64);
export const durable1000 = durableCase(1000);

function durableCase(inFlight: number): BenchCase {
  return {
    name: `durable-publish-${inFlight}-256B`,
    about: `messages stored, with ${inFlight} not acknowledged at once: synced to disk before they are (modwire), every second (modwire-interval), every two minutes (jetstream)`,
    metrics: [{ name: 'rate', unit: 'messages/s', better: 'higher' }],
    systems: ['modwire', 'modwire-interval', 'jetstream'],
    targets: { jetstream: 2 },
    run: (system, context) => measure(system, inFlight, context),
  };
}

async function measure(system: string, inFlight: number, context: RunContext): Promise<Readings> {
  const { processes, warmupMs, windowMs } = context;
  const { url } = await startBroker(system === OURS ? 'modwire-synced' : system, processes);
  const driver = system === 'jetstream' ? system : 'modwire';
  const publisher = processes.fork('durable-publisher', [driver]);
  const load: DurableLoad = { url, inFlight };
  await publisher.ask('start', load);
  await sleep(warmupMs);
  const before = await publisher.ask<DurableCount>('count');
  await sleep(windowMs);
  const after = await publisher.ask<DurableCount>('count');
  await publisher.ask('stop');
  return { rate: (after.acknowledged - before.acknowledged) / ((after.atMs - before.atMs) / 1000) };
}

const REPLAYED = 400_000;

export const replay: BenchCase = {
  name: 'replay-256B',
  about: `${REPLAYED} stored messages read by one client, from the first to the last`,
  metrics: [{ name: 'rate', unit: 'messages/s', better: 'higher' }],
  systems: ['modwire', 'jetstream'],
  targets: { jetstream: 2.5 },
  async run(system, { processes }) {
    const { url } = await startBroker(system === OURS ? 'modwire-synced' : system, processes);
    const load: ReplayLoad = { url, count: REPLAYED };
    await processes.fork('replayer', [system]).ask('fill', load);
    const reader = processes.fork('replayer', [system]);
    // What has been read once is warm on both sides, code and caches.
    await reader.ask('replay', load);
    const { seconds } = await reader.ask<{ seconds: number }>('replay', load);
    return { rate: REPLAYED / seconds };
  },
};

/** Messages of the durable load that are not acknowledged at once. */
const BESIDE_IN_FLIGHT = 64;

export const besideDurable: BenchCase = {
  name: 'nondurable-beside-durable',
  about: `the case pubsub-1x1-256B beside ${BESIDE_IN_FLIGHT} durable messages not acknowledged at once (modwire), alone, and with those at another broker on the same machine (elsewhere)`,
  metrics: [{ name: 'rate', unit: 'messages/s', better: 'higher' }],
  systems: ['modwire', 'modwire-alone', 'modwire-elsewhere'],
  targets: { 'modwire-alone': 0.9 },
  async run(system, context) {
    const { processes } = context;
    const { url } = await startBroker('modwire-synced', processes);
    if (system === 'modwire-alone') return measureThroughput(url, ['modwire'], 1, context);
    // What a busier machine costs, and this broker not.
    const durableUrl = system === OURS ? url : (await startBroker('modwire-synced', processes)).url;
    const publisher = processes.fork('durable-publisher', ['modwire']);
    const load: DurableLoad = { url: durableUrl, inFlight: BESIDE_IN_FLIGHT };
    await publisher.ask('start', load);
    const readings = await measureThroughput(url, ['modwire'], 1, context);
    await publisher.ask('stop');
    return readings;
  },
};
