import { PAYLOAD_BYTES } from '../drivers/driver.js';
import { readCounter, writeCounter } from '../drivers/tally.js';
import type { Requester } from './request-driver.js';

/**
 * Asks with a payload of the cases' size that has a number of its own, by which its reply is known. How long that took:
 * milliseconds. Throws when the reply is another one's.
 */
export async function askWith(request: Requester, payload: Buffer, count: number): Promise<number> {
  writeCounter(payload, count);
  const begin = performance.now();
  const reply = await request(payload);
  const ms = performance.now() - begin;
  if (reply.length !== PAYLOAD_BYTES || readCounter(reply) !== count) {
    throw new Error(`asked with ${count}, got ${reply.length} bytes with ${readCounter(reply)}`);
  }
  return ms;
}
