import type { Registry } from '../registry/registry.js';
import type { LiveConsumers, UnreadableConsumer } from './live-consumers.js';

/** Who is connected, receives or serves subjects that are bound to a contract, and cannot read a version of it. */
export function consumersUnableToRead(
  registry: Registry,
  consumers: Pick<LiveConsumers, 'unableToRead'>,
  contract: string,
  canRead: (reader: string) => boolean,
): UnreadableConsumer[] {
  const bindings = registry.contract(contract)?.bindings ?? [];
  return consumers.unableToRead(bindings, canRead);
}
