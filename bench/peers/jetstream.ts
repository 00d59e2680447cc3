import { findProgram } from '../requirements.js';
import type { StartBroker } from './broker.js';

/** `nats-server` with JetStream and its default settings: it syncs its files every two minutes. */
export const startJetstream: StartBroker = async (processes) => {
  const { pid, match } = await processes.serve({
    command: findProgram('nats-server') ?? 'nats-server',
    args: ['--addr', '127.0.0.1', '--port', '-1', '--jetstream', '--store_dir', processes.folder()],
    ready: /Listening for client connections on (\S+:\d+).*Server is ready/s,
  });
  return { pid, url: `nats://${match[1]}` };
};
