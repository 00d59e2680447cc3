import { type BenchCase, OURS, type RunContext } from '../bench-case.js';
import { putExperiment } from '../experiments-http.js';
import { startRequestServer } from '../peers/index.js';
import type { RequestLatencies, RequestLoad } from '../processes/requester.js';
import { REQUEST_SUBJECT } from '../requests/request-driver.js';

export const requestSerial: BenchCase = {
  name: 'request-serial-256B',
  about: 'one request after the other through the broker, 256 bytes there and back',
  metrics: [
    { name: 'p50', unit: 'µs', better: 'lower' },
    { name: 'p99', unit: 'µs', better: 'lower' },
  ],
  systems: ['modwire', 'nats', 'raw-uws-relay'],
  targets: { nats: 2, 'raw-uws-relay': 1 / 1.5 },
  async run(system, context) {
    const { p50, p99 } = await measure(system, 1, context);
    return { p50, p99 };
  },
};

export const request64: BenchCase = {
  name: 'request-64-256B',
  about: '64 requests under way at once through the broker (grpc-js: without one), 256 bytes there and back',
  metrics: [{ name: 'rate', unit: 'requests/s', better: 'higher' }],
  systems: ['modwire', 'nats', 'grpc-js', 'raw-uws-relay'],
  targets: { nats: 3, 'grpc-js': 5 },
  limit: 'raw-uws-relay',
  async run(system, context) {
    const { replies, seconds } = await measure(system, 64, context);
    return { rate: replies / seconds };
  },
};

export const request64Experiment: BenchCase = {
  name: 'request-64-256B-experiment',
  about:
    'the case request-64-256B with keys and two versions of the service, which an experiment divides 90 to 10 (modwire), and without one',
  metrics: [{ name: 'rate', unit: 'requests/s', better: 'higher' }],
  systems: ['modwire', 'modwire-undivided'],
  targets: { 'modwire-undivided': 0.93 },
  async run(system, context) {
    const { url } = await startRequestServer('modwire', context.processes);
    if (system === OURS) await putExperiment(url, EXPERIMENT);
    const { replies, seconds } = await measureAt(url, 'modwire-experiment', 64, context);
    return { rate: replies / seconds };
  },
};

const EXPERIMENT = {
  ...{ name: 'bench', subject: REQUEST_SUBJECT, default: 'control' },
  variants: [
    { name: 'control', version: '^1', weight: 90 },
    { name: 'candidate', version: '^2', weight: 10 },
  ],
};

/** One request after the other is few: compilers take so many times as long to be done with what they see of them. */
const WARMUPS = 4;

async function measure(system: string, inFlight: number, context: RunContext): Promise<RequestLatencies> {
  const { url } = await startRequestServer(system, context.processes);
  return measureAt(url, system, inFlight, context);
}

/** `driver` is what responder and requester are started with. */
async function measureAt(
  url: string,
  driver: string,
  inFlight: number,
  { processes, warmupMs, windowMs }: RunContext,
): Promise<RequestLatencies> {
  const responder = processes.fork('responder', [driver]);
  const served = await responder.ask<{ url: string }>('serve', { url });
  const load: RequestLoad = { url: served.url, inFlight, warmupMs: warmupMs * WARMUPS, windowMs };
  return processes.fork('requester', [driver]).ask<RequestLatencies>('run', load);
}
