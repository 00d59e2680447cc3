import { FrameView } from '../codec/frame-view.js';
import { type Position, positionOf } from './block-marks.js';
import { BlockReader, resetTo } from './block-reader.js';
import { DamagedRecords, damagedBlock, damagedRecords } from './damaged-records.js';
import type { LogSource, ReadBlock } from './log-source.js';
import type { Mark } from './stream-store.js';

/** Records of one subject; `positions[i]` is where the i-th is in its count. */
export interface SubjectBlock extends ReadBlock {
  readonly positions: readonly Position[];
}

/** Records of a subject that cannot be read any more: `first` to `last`, both included. */
export interface MissingRange {
  readonly epoch: number;
  readonly first: number;
  /** 0 when nobody can know it: the stream has nothing of that epoch any more, and may not have had all of it. */
  readonly last: number;
}

/** Reads records of one subject in the order of its count, by the marks that say which blocks have some. */
export class SubjectReader {
  readonly #source: LogSource;
  readonly #frame = new FrameView();

  constructor(source: LogSource) {
    this.#source = source;
  }

  /**
   * The records behind a place in the count that the first block with such has; undefined when none is left. Throws DATA_LOSS
   * where the next one is damaged; its extent says behind which place to go on.
   */
  read(subject: string, after: Position): SubjectBlock | undefined {
    const id = this.#source.stateOf(subject)?.id;
    if (id === undefined) return undefined;
    const { store } = this.#source;
    const { firstOffset, lastOffset } = this.#source.totals();
    let mark = store.markFrom(id, after.epoch, after.sequence + 1);
    for (; mark !== undefined && mark.block <= lastOffset; mark = this.#next(mark)) {
      if (mark.block < firstOffset) continue;
      const found = this.#readBlock(subject, after, mark);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /**
   * What lies between a place in the count and the first record behind it that can be read; with none, all that was counted. A
   * subject that the stream never had a record of misses nothing.
   */
  missing(subject: string, after: Position): MissingRange[] {
    const state = this.#source.stateOf(subject);
    if (state === undefined || state.epoch === 0) return [];
    const next = this.#firstBehind(subject, after) ?? { epoch: state.epoch, sequence: state.sequence + 1 };
    if (next.epoch < after.epoch) return [];
    const ranges: MissingRange[] = [];
    let first = after.sequence + 1;
    if (next.epoch > after.epoch) {
      if (after.epoch > 0) ranges.push({ epoch: after.epoch, first, last: 0 });
      first = 1;
    }
    if (first < next.sequence) ranges.push({ epoch: next.epoch, first, last: next.sequence - 1 });
    return ranges;
  }

  #firstBehind(subject: string, after: Position): Position | undefined {
    for (let place = after; ; ) {
      try {
        return this.read(subject, place)?.positions[0];
      } catch (error) {
        if (!(error instanceof DamagedRecords)) throw error;
        const { epoch, sequence } = error.extent;
        place = { epoch: epoch!, sequence: sequence! };
      }
    }
  }

  #next({ subject, epoch, sequence }: Mark): Mark | undefined {
    return this.#source.store.markFrom(subject, epoch, sequence + 1);
  }

  #readBlock(subject: string, after: Position, mark: Mark): SubjectBlock | undefined {
    const stored = this.#source.store.block(mark.block);
    // A mark may outlive a block whose damage hid whose marks it had.
    if (stored?.lastOffset !== mark.block) return undefined;
    const reader = new BlockReader();
    const fault = resetTo(stored, reader);
    if (fault !== undefined) throw damagedBlock(this.#source, mark.block, fault, mark);
    const { firstOffset } = this.#source.totals();
    const [offsets, starts, ends]: [number[], number[], number[]] = [[], [], []];
    const positions: Position[] = [];
    let before = after;
    // The first damaged record since the last one of this subject: it may be of this subject too.
    let damagedAt = 0;
    for (let index = reader.indexFrom(firstOffset); index < reader.count; index++) {
      const offset = reader.offset(index);
      if (!reader.view(index, this.#frame)) {
        damagedAt ||= offset;
        continue;
      }
      if (this.#frame.subject !== subject) continue;
      const place = positionOf(this.#frame, offset);
      if (!isWithin(place, after, mark)) continue;
      if (damagedAt > 0 && !isNext(place, before)) {
        if (offsets.length > 0) break;
        const lost = { epoch: place.epoch, sequence: place.sequence - 1 };
        throw damagedRecords(this.#source, damagedAt, offset - 1, 'they do not fit their checks', lost);
      }
      damagedAt = 0;
      before = place;
      offsets.push(offset);
      starts.push(reader.start(index));
      ends.push(reader.end(index));
      positions.push(place);
    }
    if (offsets.length > 0) {
      return { memory: reader.memory, offsets, starts, ends, positions, nextOffset: offsets.at(-1)! + 1 };
    }
    if (damagedAt === 0) return undefined;
    throw damagedRecords(this.#source, damagedAt, mark.block, 'they do not fit their checks', mark);
  }
}

/** Whether a place is behind `after` and at most that of the mark, within one epoch. */
function isWithin(place: Position, after: Position, mark: Mark): boolean {
  if (place.epoch !== mark.epoch || place.sequence > mark.sequence) return false;
  return place.epoch > after.epoch || place.sequence > after.sequence;
}

/** Whether nothing of the subject can have been between two of its records. */
function isNext(place: Position, before: Position): boolean {
  return place.epoch === before.epoch ? place.sequence === before.sequence + 1 : place.sequence === 1;
}
