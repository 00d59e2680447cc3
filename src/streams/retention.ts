import { ModwireError } from '../errors.js';
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

/** Throws FAILED_PRECONDITION for a bound of records a subject where there was none, or none where there was: blocks are of another kind. */
export function checkChange({ name, retention }: StreamConfig, to: Retention): void {
  const isBound = retention.maxPerSubject > 0;
  if (isBound === to.maxPerSubject > 0) return;
  throw new ModwireError('FAILED_PRECONDITION', {
    what: 'whether the records of a subject have a bound cannot change',
    ...{ expected: isBound ? 'maxPerSubject above 0' : 'maxPerSubject 0', got: String(to.maxPerSubject) },
    where: `stream ${name}`,
    advice: 'export the stream, and import it into another one that is made so',
  });
}
