import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchCase, OURS, type Readings, type RunContext } from '../bench-case.js';
import { registerContract } from '../contracts/bind.js';
import { compile, FEATURES, TREE } from '../contracts/schemas.js';
import { SUBJECT } from '../drivers/driver.js';
import { startBroker } from '../peers/index.js';
import type { Latencies } from '../processes/latency-subscriber.js';
import { measureThroughput } from './pubsub.js';

export const pubsubContract: BenchCase = {
  name: 'pubsub-1x1-256B-contract',
  about:
    'the case pubsub-1x1-256B with a subject that is bound to a contract (modwire), and with one that is not',
  metrics: [{ name: 'rate', unit: 'messages/s', better: 'higher' }],
  systems: ['modwire', 'modwire-unbound'],
  targets: { 'modwire-unbound': 0.85 },
  async run(system, context) {
    const { url } = await startBroker('modwire', context.processes);
    const schemaId = await registerFeatures(url, system === OURS);
    return measureThroughput(url, ['modwire-features', schemaId], 1, context);
  },
};

const DEEP_BYTES = 4 * 1024 * 1024;
const DEEP_EVERY_MS = 100;

export const contractIsolation: BenchCase = {
  name: 'contract-isolation',
  about: `latency of small bound frames at full load, beside a deep ${DEEP_BYTES / 1024 / 1024} MiB payload each ${DEEP_EVERY_MS} ms (modwire), alone, and with that through another broker on the same machine (elsewhere)`,
  metrics: [
    { name: 'p99', unit: 'ms', better: 'lower' },
    { name: 'p50', unit: 'ms', better: 'lower' },
    { name: 'rate', unit: 'messages/s', better: 'higher' },
  ],
  systems: ['modwire', 'modwire-alone', 'modwire-elsewhere'],
  targets: { 'modwire-alone': 1 / 1.3 },
  run: (system, context) => measureIsolation(system, context),
};

async function measureIsolation(
  system: string,
  { processes, warmupMs, windowMs }: RunContext,
): Promise<Readings> {
  const { url } = await startBroker('modwire', processes);
  const features = await registerFeatures(url, true);
  const withDeep = system !== 'modwire-alone';
  // What a busier machine costs, and this broker not.
  const deepUrl = system === 'modwire-elsewhere' ? (await startBroker('modwire', processes)).url : url;
  const tree = await registerContract(deepUrl, 'trees', await compile(TREE), 'trees.>');
  const subscriber = processes.fork('latency-subscriber');
  await subscriber.ask('connect', { url, filter: SUBJECT });
  const deepSubscriber = processes.fork('latency-subscriber');
  await deepSubscriber.ask('connect', { url: deepUrl, filter: 'trees.>' });
  const deepPublisher = processes.fork('deep-publisher');
  if (withDeep) {
    const load = { byteLength: DEEP_BYTES, everyMs: DEEP_EVERY_MS, schemaId: tree };
    await deepPublisher.ask('start', { url: deepUrl, subject: 'trees.deep', ...load });
  }
  const publisher = processes.fork('publisher', ['modwire-features', features]);
  await publisher.ask('start', { url });
  await sleep(warmupMs);
  await subscriber.ask('take');
  const begin = performance.now();
  await sleep(windowMs);
  const taken = await subscriber.ask<Latencies>('take');
  const seconds = (performance.now() - begin) / 1000;
  await publisher.ask('stop');
  if (withDeep) {
    const { published } = await deepPublisher.ask<{ published: number }>('stop');
    const deep = await deepSubscriber.ask<Latencies>('take');
    checkOrder(deep);
    if (deep.frames !== published) throw new Error(`${published} deep frames published, ${deep.frames} came`);
  }
  checkOrder(taken);
  return { p99: taken.p99, p50: taken.p50, rate: taken.frames / seconds };
}

function checkOrder({ disordered, missed }: Latencies): void {
  if (disordered > 0 || missed > 0) {
    throw new Error(`${disordered} frames out of order or repeated, ${missed} reported as missed`);
  }
}

async function registerFeatures(url: string, bound: boolean): Promise<string> {
  return registerContract(url, 'features', await compile(FEATURES), bound ? SUBJECT : undefined);
}
