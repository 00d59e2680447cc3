import { FrameView } from '../codec/frame-view.js';
import { marksOf } from './block-marks.js';
import { BlockReader } from './block-reader.js';
import { blockOf } from './block-rewrite.js';
import type { HeldRecord, LiveSubject, LiveSubjects } from './live-subjects.js';
import type { Totals } from './log-totals.js';
import type { Mark, StoreChange, StoredBlock, StreamStore } from './stream-store.js';

/** Blocks read for one change: the event loop has other things to do. */
export const MAX_BLOCKS_A_CHANGE = 64;

/** Blocks that go with one change or are written anew with fewer records, and what that means for everything else. */
export class BlockRemoval {
  readonly #store: StreamStore;
  readonly #subjects: LiveSubjects;
  readonly #removed = new Set<number>();
  readonly #rewritten: StoredBlock[] = [];
  readonly #removedMarks: Omit<Mark, 'block'>[] = [];
  readonly #rewrittenMarks: Mark[] = [];
  /** Records that were alone in their blocks, where subjects know which they have. */
  readonly #forgotten: [subject: string, offset: number][] = [];
  /** What is left. */
  readonly totals: Totals;
  /** Whether a head was damaged, so that nobody knows how many records are gone. */
  isUnsure = false;

  constructor(store: StreamStore, subjects: LiveSubjects, totals: Totals) {
    this.#store = store;
    this.#subjects = subjects;
    this.totals = { ...totals };
  }

  /** Nothing but totals may have changed. */
  get isEmpty(): boolean {
    return this.#removed.size + this.#rewritten.length === 0;
  }

  get change(): Required<Pick<StoreChange, 'blocks' | 'removedBlocks' | 'marks' | 'removedMarks'>> {
    return {
      blocks: this.#rewritten,
      removedBlocks: [...this.#removed],
      marks: this.#rewrittenMarks,
      removedMarks: this.#removedMarks,
    };
  }

  /** The change is stored. */
  settle(): void {
    for (const [subject, offset] of this.#forgotten) this.#subjects.forgetRecord(subject, offset);
  }

  /** A record that is alone in its block. */
  removeHeld({ id }: LiveSubject, { offset, epoch, sequence, bytes }: HeldRecord): void {
    this.#removed.add(offset);
    this.#removedMarks.push({ subject: id, epoch, sequence });
    this.totals.records--;
    this.totals.bytes -= bytes;
  }

  /**
   * Asks for each of the oldest blocks, up to offset `last`, how many of its records go, until not all do. `due` is not asked
   * for blocks whose head is damaged: they go too.
   */
  removeOldest(last: number, due: (reader: BlockReader, records: number) => number): void {
    const reader = new BlockReader();
    const { totals } = this;
    while (this.#removed.size < MAX_BLOCKS_A_CHANGE) {
      const block = this.#store.block(totals.firstOffset);
      if (block === undefined || block.lastOffset > last) return;
      if (this.#removed.has(block.lastOffset)) {
        totals.firstOffset = block.lastOffset + 1;
        continue;
      }
      const fault = reader.reset(block.bytes);
      const from = reader.indexFrom(totals.firstOffset);
      const records = reader.count - from;
      const gone = fault === undefined ? due(reader, records) : 0;
      if (fault === undefined && gone < records) {
        totals.records -= gone;
        if (gone > 0) totals.firstOffset = reader.offset(from + gone);
        return;
      }
      if (fault !== undefined) this.isUnsure = true;
      this.removeBlock(block, reader, records);
      totals.firstOffset = block.lastOffset + 1;
    }
  }

  /** A block that the reader was pointed at; `records` are those that could be read. */
  removeBlock({ lastOffset, bytes }: StoredBlock, reader: BlockReader, records: number): void {
    this.#removed.add(lastOffset);
    this.#removedMarks.push(...marksOf(reader, this.#idOf));
    this.totals.records -= records;
    this.totals.bytes -= bytes.length;
    const frame = new FrameView();
    if (reader.count === 1 && reader.view(0, frame)) this.#forgotten.push([frame.subject, lastOffset]);
  }

  /** A block that keeps only the records with some indices, at least one; `records` more could be read. */
  rewriteBlock(block: StoredBlock, reader: BlockReader, indices: readonly number[], records: number): void {
    const rewritten = blockOf(reader, indices);
    const kept = new Set(indices);
    const marks = marksOf(reader, this.#idOf, (index) => kept.has(index));
    // What is written again is not removed before.
    const isKept = (one: Mark) => marks.some((mark) => isSamePlace(mark, one));
    this.#removedMarks.push(...marksOf(reader, this.#idOf).filter((mark) => !isKept(mark)));
    this.#rewrittenMarks.push(...marks);
    if (rewritten.lastOffset !== block.lastOffset) this.#removed.add(block.lastOffset);
    this.#rewritten.push(rewritten);
    this.totals.records -= records;
    this.totals.bytes += rewritten.bytes.length - block.bytes.length;
  }

  readonly #idOf = (subject: string): number | undefined => this.#subjects.keptState(subject)?.id;
}

function isSamePlace(one: Mark, other: Mark): boolean {
  return one.subject === other.subject && one.epoch === other.epoch && one.sequence === other.sequence;
}

/** Broker's time of the last record of a block; Infinity when it cannot be read. Microseconds. */
export function newestMicros(reader: BlockReader): number {
  const frame = new FrameView();
  return reader.view(reader.count - 1, frame) ? frame.brokerTime : Number.POSITIVE_INFINITY;
}
