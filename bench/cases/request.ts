import type { BenchCase, RunContext } from '../bench-case.js';
import { startRequestServer } from '../peers/index.js';
import type { RequestLatencies, RequestLoad } from '../processes/requester.js';

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

/** One request after the other is few: compilers take so many times as long to be done with what they see of them. */
const WARMUPS = 4;

async function measure(
  system: string,
  inFlight: number,
  { processes, warmupMs, windowMs }: RunContext,
): Promise<RequestLatencies> {
  const { url } = await startRequestServer(system, processes);
  const responder = processes.fork('responder', [system]);
  const served = await responder.ask<{ url: string }>('serve', { url });
  const load: RequestLoad = { url: served.url, inFlight, warmupMs: warmupMs * WARMUPS, windowMs };
  return processes.fork('requester', [system]).ask<RequestLatencies>('run', load);
}
