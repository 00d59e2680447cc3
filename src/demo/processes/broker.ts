/** The demo's broker, in a process of its own. */
import { type Broker, startBroker } from '../../broker/index.js';
import type { BrokerCommands, BrokerPlan } from '../commands.js';
import type { BrokerFigures } from '../figures.js';
import { serveParent } from './serve-parent.js';

/**
 * The demo's processes compete for the cores of one machine, and any may not run for seconds there. A broker in
 * service passes such consumers by, and tells them what they missed; here each is waited for.
 */
const PATIENCE = { slowConsumerBytes: 512 * 1024 * 1024, maxBufferedBytes: 2 ** 31, stallMs: 60_000 };

let broker: Broker | undefined;

function figures(): BrokerFigures | undefined {
  if (broker === undefined) return undefined;
  const { frames, refused, calls } = broker.stats();
  const { open, late } = calls;
  return { admitted: frames, refused, requests: calls.requests + calls.refused, open, late };
}

serveParent<BrokerCommands>(
  {
    async start(plan?: BrokerPlan) {
      broker = await startBroker({ port: 0, name: 'modwire demo', limits: PATIENCE, ...plan });
      return { url: broker.url, transport: broker.transport };
    },
    async drain() {
      await broker!.drain();
      return figures()!;
    },
  },
  figures,
);
