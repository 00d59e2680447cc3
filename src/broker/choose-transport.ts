import { ModwireError } from '../errors.js';
import type { TransportFactory } from './transport.js';
import { createWsTransport } from './transport-ws.js';

/**
 * The transport by name. `auto` takes uWebSockets.js where its binary fits the running Node.js and falls back to
 * `ws`, telling `warn` once. `uws` rejects with UNAVAILABLE instead of falling back.
 */
export async function chooseTransport(
  name: 'auto' | 'uws' | 'ws',
  warn: (text: string) => void,
): Promise<TransportFactory> {
  if (name === 'ws') return createWsTransport;
  try {
    const { createUwsTransport } = await import('./transport-uws.js');
    return createUwsTransport;
  } catch (cause) {
    if (name === 'uws') {
      throw new ModwireError('UNAVAILABLE', {
        what: 'uWebSockets.js cannot be loaded',
        expected: 'a binary for this Node.js',
        got: `Node.js ${process.versions.node} on ${process.platform}-${process.arch}`,
        advice: 'run Node.js 20 or 22, or choose the transport ws',
        cause,
      });
    }
    warn(
      `uWebSockets.js has no binary for Node.js ${process.versions.node} on ${process.platform}-${process.arch}: ` +
        'using the slower ws transport. Run Node.js 20 or 22 for full speed, or set transport to ws.',
    );
    return createWsTransport;
  }
}
