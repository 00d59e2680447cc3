import { Field, ID_BYTES, Origin } from '../../codec/frame-layout.js';
import { Kind } from '../../codec/generated/modwire/kind.js';
import type { Memory } from '../../codec/memory.js';

/**
 * Makes the answers among frames that this client wrote, `start` to `end`, answers to no request. Those that wait while
 * their connection is lost would reach the broker over the next one, where their requests may have been handed to this
 * client anew: part of the first answer would be taken for part of the second. Leaving them out would change what others
 * count on, the place of every frame in the order of sending.
 */
export function disownAnswers({ data, u8 }: Memory, start: number, end: number): void {
  for (let at = start; at < end; at += data.getUint32(at, true) + 4) {
    const table = at + 4 + data.getUint32(at + 4, true);
    const vtable = table - data.getInt32(table, true);
    const placeOf = (field: number) => table + data.getUint16(vtable + 4 + 2 * field, true);
    const kind = u8[placeOf(Field.origin) + Origin.kind];
    if (kind !== Kind.reply && kind !== Kind.error) continue;
    const id = placeOf(Field.correlationId);
    u8.fill(0, id, id + ID_BYTES);
  }
}
