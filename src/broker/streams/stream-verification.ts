import { DamagedRecords } from '../../streams/damaged-records.js';
import type { StreamLog } from '../../streams/stream-log.js';

/** Records side by side that are damaged. */
export interface DamagedRange {
  readonly first: number;
  readonly last: number;
  readonly fault: string;
}

/** What was found in a part of a stream. */
export interface StreamVerification {
  /** Whole records. */
  readonly records: number;
  /** Of their frames. */
  readonly bytes: number;
  readonly damaged: readonly DamagedRange[];
  /** Offset to go on from; null at the end. */
  readonly next: number | null;
  /** Of the last record there is. */
  readonly lastOffset: number;
}

/** Looked at in one go: others wait meanwhile. */
const MAX_BLOCKS = 64;
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_DAMAGED = 256;

/** Holds the next records of a stream against their checks, as many as one turn has time for. */
export function verifyStream(
  log: Pick<StreamLog<unknown>, 'read' | 'lastOffset'>,
  from: number,
): StreamVerification {
  const damaged: DamagedRange[] = [];
  let [records, bytes, next] = [0, 0, from];
  let isAtEnd = false;
  for (let blocks = 0; blocks < MAX_BLOCKS && bytes < MAX_BYTES && damaged.length < MAX_DAMAGED; blocks++) {
    try {
      const block = log.read(next);
      isAtEnd = block === undefined;
      if (block === undefined) break;
      records += block.offsets.length;
      block.starts.forEach((start, index) => {
        bytes += block.ends[index]! - start;
      });
      next = block.nextOffset;
    } catch (thrown) {
      if (!(thrown instanceof DamagedRecords)) throw thrown;
      const { first, last, fault } = thrown.extent;
      damaged.push({ first, last, fault });
      next = thrown.nextOffset;
    }
  }
  return { records, bytes, damaged, next: isAtEnd ? null : next, lastOffset: log.lastOffset };
}
