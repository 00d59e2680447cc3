import type { ProcessGroup } from '../process-group.js';
import type { Broker, StartBroker } from './broker.js';
import { startJetstream } from './jetstream.js';
import { startModwire, startModwireOnDisk } from './modwire.js';
import { startNats } from './nats.js';
import { startRawRelay } from './raw-relay.js';
import { startRedis } from './redis.js';

const BROKERS: Readonly<Record<string, StartBroker>> = {
  modwire: startModwire,
  'modwire-interval': (processes) => startModwireOnDisk(processes, 'interval'),
  'modwire-synced': (processes) => startModwireOnDisk(processes, 'always'),
  nats: startNats,
  jetstream: startJetstream,
  redis: startRedis,
  'raw-uws-relay': startRawRelay,
};

/** Starts the server of a system; it ends with the group. */
export async function startBroker(system: string, processes: ProcessGroup): Promise<Broker> {
  const start = BROKERS[system];
  if (start === undefined)
    throw new Error(`no broker '${system}'; there are ${Object.keys(BROKERS).join(', ')}`);
  return start(processes);
}

/** The server through which the requests of a system go. */
export async function startRequestServer(system: string, processes: ProcessGroup): Promise<{ url: string }> {
  if (system === 'raw-uws-relay') {
    const { port } = await processes.fork('call-relay').ask<{ port: number }>('listen');
    return { url: `ws://127.0.0.1:${port}` };
  }
  // From process to process: the responder says where it listens.
  return system === 'grpc-js' ? { url: '' } : startBroker(system, processes);
}
