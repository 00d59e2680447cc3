import { ModwireError } from '../errors.js';
import type { Position } from './block-marks.js';
import type { LogSource } from './log-source.js';

/** Which records are damaged. */
export interface DamageExtent {
  readonly stream: string;
  readonly path: string | undefined;
  /** The first offset that may be damaged. */
  readonly first: number;
  /** The last one. */
  readonly last: number;
  /** What is wrong. */
  readonly fault: string;
  /** Of the subject that was read: the last place in its count that is lost. */
  readonly epoch: number | undefined;
  readonly sequence: number | undefined;
}

/** DATA_LOSS: records that are not what was stored. Those around them can be read. */
export class DamagedRecords extends ModwireError {
  readonly extent: DamageExtent;

  constructor(extent: DamageExtent) {
    const { stream, path, first, last, fault } = extent;
    const offsets = first === last ? `offset ${first}` : `offsets ${first} to ${last}`;
    super('DATA_LOSS', {
      what: `records of a stream are damaged: ${fault}`,
      where: `stream ${stream}, ${offsets}${path === undefined ? '' : `, ${path}`}`,
      advice: 'what lies before and behind can be read; restore these from where they came from',
    });
    this.extent = extent;
  }

  /** Where to go on behind the damage. */
  get nextOffset(): number {
    return this.extent.last + 1;
  }
}

/** Records from one offset to another, with the last place in the count of the subject that was read. */
export function damagedRecords(
  { stream, store }: LogSource,
  first: number,
  last: number,
  fault: string,
  place?: Position,
): DamagedRecords {
  const { epoch, sequence } = place ?? {};
  return new DamagedRecords({ stream, path: store.path, first, last, fault, epoch, sequence });
}

/** All of a block. It begins where the first offset is that leads to it. */
export function damagedBlock(
  source: LogSource,
  lastOffset: number,
  fault: string,
  place?: Position,
): DamagedRecords {
  let low = source.totals().firstOffset;
  let high = lastOffset;
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    if (source.store.block(middle)?.lastOffset === lastOffset) high = middle;
    else low = middle + 1;
  }
  return damagedRecords(source, low, lastOffset, fault, place);
}
