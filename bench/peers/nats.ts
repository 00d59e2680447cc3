import { findProgram } from '../requirements.js';
import type { StartBroker } from './broker.js';

/** `nats-server` with its default settings, on a port of its own choice. */
export const startNats: StartBroker = async (processes) => {
  const { pid, match } = await processes.serve({
    command: findProgram('nats-server') ?? 'nats-server',
    args: ['--addr', '127.0.0.1', '--port', '-1'],
    ready: /Listening for client connections on (\S+:\d+).*Server is ready/s,
  });
  return { pid, url: `nats://${match[1]}` };
};
