import { FrameView } from '../codec/frame-view.js';
import { BlockReader, resetTo } from './block-reader.js';
import { damagedBlock, damagedRecords } from './damaged-records.js';
import type { LogSource, ReadBlock } from './log-source.js';
import type { StoredBlock } from './stream-store.js';

/** Reads the records of a stream that are stored and not gone. All that throw throw DATA_LOSS as DamagedRecords. */
export class LogReader {
  readonly #source: LogSource;
  readonly #block = new BlockReader();
  readonly #frame = new FrameView();

  constructor(source: LogSource) {
    this.#source = source;
  }

  /**
   * The first block that has records at or behind an offset; undefined at the end. Points `reader` at it, which has records at
   * or behind `firstOffset` of the totals, unless all of its are before `from`.
   */
  open(from: number, reader: BlockReader): StoredBlock | undefined {
    const { store } = this.#source;
    const { firstOffset, lastOffset } = this.#source.totals();
    const first = Math.max(from, firstOffset);
    const block = first <= lastOffset ? store.block(first) : undefined;
    if (block === undefined || block.lastOffset > lastOffset) return undefined;
    const fault = resetTo(block, reader);
    if (fault !== undefined) throw damagedBlock(this.#source, block.lastOffset, fault);
    return block;
  }

  /** The records of the first block that has some at or behind an offset, from there on; undefined at the end. */
  read(from: number): ReadBlock | undefined {
    const reader = new BlockReader();
    const block = this.open(from, reader);
    if (block === undefined) return undefined;
    const first = reader.indexFrom(Math.max(from, this.#source.totals().firstOffset));
    let index = first;
    const [offsets, starts, ends]: [number[], number[], number[]] = [[], [], []];
    for (; index < reader.count && reader.isWhole(index); index++) {
      offsets.push(reader.offset(index));
      starts.push(reader.start(index));
      ends.push(reader.end(index));
    }
    if (index === first) {
      while (index + 1 < reader.count && !reader.isWhole(index + 1)) index++;
      throw damagedRecords(
        this.#source,
        reader.offset(first),
        reader.offset(index),
        'they do not fit their checks',
      );
    }
    const nextOffset = index < reader.count ? reader.offset(index) : block.lastOffset + 1;
    return { memory: reader.memory, offsets, starts, ends, nextOffset };
  }

  /** Points a view at one record. False when it is not there, or damaged. */
  view(offset: number, frame: FrameView): boolean {
    const block = this.#source.store.block(offset);
    const reader = this.#block;
    if (block === undefined || reader.reset(block.bytes) !== undefined) return false;
    const index = reader.indexFrom(offset);
    return index < reader.count && reader.offset(index) === offset && reader.view(index, frame);
  }

  /** Offset of the first record that the broker has got at a time or later; behind the last one when there is none. Microseconds. */
  offsetAt(brokerTimeMicros: number): number {
    const { firstOffset, lastOffset } = this.#source.totals();
    let low = firstOffset;
    let high = lastOffset + 1;
    while (low < high) {
      const middle = low + Math.floor((high - low) / 2);
      const block = this.#source.store.block(middle);
      if (block === undefined || block.lastOffset > lastOffset) {
        high = middle;
        continue;
      }
      const place = this.#indexAt(block, brokerTimeMicros);
      if (place === this.#block.count) low = block.lastOffset + 1;
      else if (place > 0) return Math.max(firstOffset, this.#block.offset(place));
      else high = Math.min(middle, this.#block.firstOffset);
    }
    return Math.max(low, firstOffset);
  }

  /** The first offset at or behind another that has a record; behind the last one when there is none. */
  firstFrom(from: number): number {
    const { lastOffset } = this.#source.totals();
    const block = from <= lastOffset ? this.#source.store.block(from) : undefined;
    if (block === undefined || block.lastOffset > lastOffset) return lastOffset + 1;
    const reader = this.#block;
    return reader.reset(block.bytes) === undefined ? reader.offset(reader.indexFrom(from)) : from;
  }

  /** Broker's time of the first record at or behind an offset that can be read; undefined when there is none. Microseconds. */
  timeFrom(from: number): number | undefined {
    let time: number | undefined;
    this.visitFrames(from, (frame) => {
      time = frame.brokerTime;
      return false;
    });
    return time;
  }

  /** Broker's time of the last record; undefined when there is none, or it cannot be read. Microseconds. */
  newestTime(): number | undefined {
    const { firstOffset, lastOffset } = this.#source.totals();
    const block = this.#source.store.lastBlock();
    if (block === undefined || block.lastOffset < firstOffset) return undefined;
    const offset = Math.min(block.lastOffset, lastOffset);
    return this.view(offset, this.#frame) ? this.#frame.brokerTime : undefined;
  }

  /** Visits the records at or behind an offset that can be read, until `visit` returns false. */
  visitFrames(from: number, visit: (frame: FrameView, offset: number) => boolean): void {
    this.#visit(from, (index) => this.#block.view(index, this.#frame), visit);
  }

  /** The same without a look at their checks: of damaged ones any frame may come of it. A third of the time. */
  visitUnchecked(from: number, visit: (frame: FrameView, offset: number) => boolean): void {
    this.#visit(from, (index) => this.#block.viewUnchecked(index, this.#frame), visit);
  }

  #visit(
    from: number,
    view: (index: number) => boolean,
    visit: (frame: FrameView, offset: number) => boolean,
  ): void {
    const { lastOffset } = this.#source.totals();
    for (let next = from; next <= lastOffset; ) {
      const block = this.#source.store.block(next);
      if (block === undefined) return;
      const reader = this.#block;
      const first = reader.reset(block.bytes) === undefined ? reader.indexFrom(next) : reader.count;
      for (let index = first; index < reader.count; index++) {
        if (view(index) && !visit(this.#frame, reader.offset(index))) return;
      }
      next = block.lastOffset + 1;
    }
  }

  /** Index of the first record at a time or later in a block; `count` when there is none, as in one that is damaged. */
  #indexAt(block: StoredBlock, brokerTimeMicros: number): number {
    const reader = this.#block;
    if (reader.reset(block.bytes) !== undefined) return reader.count;
    for (let index = 0; index < reader.count; index++) {
      if (reader.view(index, this.#frame) && this.#frame.brokerTime >= brokerTimeMicros) return index;
    }
    return reader.count;
  }
}
