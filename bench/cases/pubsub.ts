import type { BenchCase, Readings, RunContext } from '../bench-case.js';
import { startBroker } from '../peers/index.js';
import type { Received, Window } from '../processes/subscriber.js';

/** How long messages that are under way may stay away before they count as lost. Milliseconds. */
const PATIENCE_MS = 5_000;

export const pubsub: BenchCase = {
  name: 'pubsub-1x1-256B',
  about: 'one publisher to one subscriber, 256-byte payloads, as fast as the system takes them',
  metrics: [{ name: 'rate', unit: 'messages/s', better: 'higher' }],
  systems: ['modwire', 'nats', 'redis', 'raw-uws-relay'],
  targets: { nats: 1.8 },
  limit: 'raw-uws-relay',
  run: (system, context) => measure(system, 1, context),
};

export const fanout: BenchCase = {
  name: 'fanout-1x20-256B',
  about:
    'one publisher to 20 subscribers with a connection each, 256-byte payloads; deliveries to all of them',
  metrics: [{ name: 'rate', unit: 'deliveries/s', better: 'higher' }],
  systems: ['modwire', 'nats', 'raw-uws-relay'],
  targets: { nats: 2.5 },
  limit: 'raw-uws-relay',
  run: (system, context) => measure(system, 20, context),
};

/**
 * The same for every system: a server, a publisher and a subscriber in processes of their own, of which only the
 * driver differs. All messages that were published must arrive, also those outside of the window.
 */
async function measure(system: string, connections: number, context: RunContext): Promise<Readings> {
  const { url } = await startBroker(system, context.processes);
  return measureThroughput(url, [system], connections, context);
}

/** Throughput of a running broker; `driver` is what publisher and subscriber are started with. */
export async function measureThroughput(
  url: string,
  driver: readonly string[],
  connections: number,
  { processes, warmupMs, windowMs }: RunContext,
): Promise<Readings> {
  const subscriber = processes.fork('subscriber', driver);
  await subscriber.ask('connect', { url, connections });
  const publisher = processes.fork('publisher', driver);
  await publisher.ask('start', { url });
  const { messages, seconds } = await subscriber.ask<Window>('measure', { warmupMs, windowMs });
  const { published } = await publisher.ask<{ published: number }>('stop');
  const expected = published * connections;
  const received = await subscriber.ask<Received>('settle', { expected, patienceMs: PATIENCE_MS });
  checkComplete(expected, received);
  return { rate: messages / seconds };
}

/** Throws when anything was lost, repeated or out of order: the figures would compare unlike things. */
function checkComplete(expected: number, { received, lost, disordered, reported }: Received): void {
  if (received === expected && lost === 0 && disordered === 0 && reported === 0) return;
  throw new Error(
    `expected ${expected} messages without loss and in order, got ${received}: ${expected - received} missing, ` +
      `${lost} passed over, ${disordered} repeated or out of order, ${reported} reported as missed`,
  );
}
