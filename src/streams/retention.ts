import type { StreamConfig } from './stream-config.js';

export type Retention = StreamConfig['retention'];

/** The oldest block of a stream. */
export interface HeadBlock {
  /** That can be read. */
  readonly records: number;
  /** Broker's time of its last record; Infinity when that cannot be read. Microseconds. */
  readonly newestMicros: number;
}

/**
 * How many records of the oldest block have to go: all of them with the block, or, where the number of records has a bound, as
 * many as are too many. The bound of bytes is that of whole blocks.
 */
export function dueOf(
  head: HeadBlock,
  totals: { readonly records: number; readonly bytes: number },
  { maxRecords, maxBytes, maxAgeMs }: Retention,
  nowMicros: number,
): number {
  const isTooLarge = maxBytes > 0 && totals.bytes > maxBytes;
  const isTooOld = maxAgeMs > 0 && head.newestMicros < nowMicros - maxAgeMs * 1000;
  if (isTooLarge || isTooOld) return head.records;
  return maxRecords > 0 ? Math.min(head.records, Math.max(0, totals.records - maxRecords)) : 0;
}

/** Whether there is more than there may be, whatever its age: then the oldest block is worth a look. */
export function isOverBound(
  { records, bytes }: { readonly records: number; readonly bytes: number },
  { maxRecords, maxBytes }: Retention,
): boolean {
  return (maxRecords > 0 && records > maxRecords) || (maxBytes > 0 && bytes > maxBytes);
}
