import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { findProgram } from '../requirements.js';
import type { StartBroker } from './broker.js';

/** `redis-server` without persistence, and without the limit at which it would cut off subscribers that fall behind. */
export const startRedis: StartBroker = async (processes) => {
  const port = await freePort();
  const { pid } = await processes.serve({
    command: findProgram('redis-server') ?? 'redis-server',
    args: [
      ...['--bind', '127.0.0.1', '--port', String(port)],
      ...['--save', '', '--appendonly', 'no'],
      ...['--client-output-buffer-limit', 'pubsub 0 0 0'],
    ],
    ready: /Ready to accept connections/,
  });
  return { pid, url: `redis://127.0.0.1:${port}` };
};

/** Redis cannot choose a port itself. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
