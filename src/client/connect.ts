import { Client } from './client.js';
import { ClientCore } from './client-core.js';
import { type ConnectOptions, resolveConnectOptions } from './options.js';

/**
 * Connects to a broker, and keeps connected until the client is closed. Rejects with INVALID_ARGUMENT for options
 * that are not valid, UNAVAILABLE when there is no broker, DEADLINE_EXCEEDED when it does not answer in time, and
 * CANCELLED when the signal fires; with what the broker says when it refuses a contract, such as INCOMPATIBLE_SCHEMA.
 */
export async function connect(url: string, options: ConnectOptions = {}): Promise<Client> {
  const core = new ClientCore(resolveConnectOptions(url, options));
  await core.open();
  return new Client(core);
}
