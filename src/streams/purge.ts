import { FrameView } from '../codec/frame-view.js';
import type { Purge } from '../codec/stream-description.js';
import { matchesFilter } from '../codec/subject.js';
import { BlockReader } from './block-reader.js';
import { BlockRemoval, MAX_BLOCKS_A_CHANGE, newestMicros } from './block-removal.js';
import type { LiveSubjects } from './live-subjects.js';
import type { Totals } from './log-totals.js';
import type { LogJob } from './log-writer.js';
import { dueOf, type Retention } from './retention.js';
import type { StreamStore } from './stream-store.js';

export type { Purge };

export interface PurgeParts {
  readonly store: StreamStore;
  readonly subjects: LiveSubjects;
}

/** A job that counts what it has removed. */
export interface PurgeJob extends LogJob {
  readonly removed: number;
}

export function purgeJob(parts: PurgeParts, purge: Purge): PurgeJob {
  return purge.filter === undefined
    ? new HeadPurge(parts, purge)
    : new FilterPurge(parts, purge, purge.filter);
}

/** Removes what the bounds of a stream leave no room for. */
export class RetentionJob implements LogJob {
  readonly holdsRetention = false;
  readonly #parts: PurgeParts;
  readonly #retention: Retention;
  readonly #nowMicros: number;

  constructor(parts: PurgeParts, retention: Retention, nowMicros: number) {
    this.#parts = parts;
    this.#retention = retention;
    this.#nowMicros = nowMicros;
  }

  step(totals: Readonly<Totals>): BlockRemoval | undefined {
    const removal = new BlockRemoval(this.#parts.store, this.#parts.subjects, totals);
    removal.removeOldest(totals.lastOffset, (reader, records) =>
      dueOf(
        { records, newestMicros: newestMicros(reader) },
        removal.totals,
        this.#retention,
        this.#nowMicros,
      ),
    );
    return removal.totals.firstOffset === totals.firstOffset ? undefined : removal;
  }
}

/** Oldest records of a stream, whatever their subjects. */
class HeadPurge implements PurgeJob {
  readonly holdsRetention = true;
  readonly #parts: PurgeParts;
  readonly #purge: Purge;
  /** Records that may still go. */
  #left: number | undefined;
  removed = 0;

  constructor(parts: PurgeParts, purge: Purge) {
    this.#parts = parts;
    this.#purge = purge;
  }

  step(totals: Readonly<Totals>): BlockRemoval | undefined {
    const { before = Number.POSITIVE_INFINITY, keep = 0 } = this.#purge;
    let left = this.#left ?? Math.max(0, totals.records - keep);
    const removal = new BlockRemoval(this.#parts.store, this.#parts.subjects, totals);
    removal.removeOldest(totals.lastOffset, (reader, records) => {
      const selected = Math.max(0, reader.indexFrom(before) - (reader.count - records));
      const gone = Math.min(selected, left);
      left -= gone;
      this.removed += gone;
      return gone;
    });
    this.#left = left;
    return removal.totals.firstOffset === totals.firstOffset ? undefined : removal;
  }
}

/** Records of some subjects: the blocks that have some are written anew. */
class FilterPurge implements PurgeJob {
  readonly holdsRetention = true;
  readonly #parts: PurgeParts;
  readonly #filter: string;
  readonly #before: number;
  readonly #keep: number;
  /** Records of each subject that may still go; undefined until they are counted. */
  readonly #left = new Map<string, number>();
  #isCounting: boolean;
  /** Where the walk goes on, and the last offset of what was there when it began. */
  #next = 0;
  #last = 0;
  removed = 0;

  constructor(parts: PurgeParts, { before = Number.POSITIVE_INFINITY, keep = 0 }: Purge, filter: string) {
    this.#parts = parts;
    this.#filter = filter;
    this.#before = before;
    this.#keep = keep;
    this.#isCounting = keep > 0;
  }

  step(totals: Readonly<Totals>): BlockRemoval | 'more' | undefined {
    if (this.#next === 0) this.#begin(totals);
    if (this.#isCounting) {
      this.#count();
      if (this.#next > this.#last) {
        this.#isCounting = false;
        this.#begin(totals);
      }
      return 'more';
    }
    if (this.#next > this.#last) return undefined;
    const removal = new BlockRemoval(this.#parts.store, this.#parts.subjects, totals);
    this.#walk((reader, from, block) => {
      const goes = this.#selected(reader, from);
      if (goes.size === 0) return;
      const kept = [...Array(reader.count - from).keys()].map((index) => from + index);
      const left = kept.filter((index) => !goes.has(index));
      this.removed += goes.size;
      if (left.length === 0) removal.removeBlock(block, reader, goes.size);
      else removal.rewriteBlock(block, reader, left, goes.size);
    });
    return removal.isEmpty ? 'more' : removal;
  }

  #begin({ firstOffset, lastOffset }: Readonly<Totals>): void {
    this.#next = firstOffset;
    if (this.#last === 0) this.#last = lastOffset;
  }

  #count(): void {
    const frame = new FrameView();
    this.#walk((reader, from) => {
      for (let index = from; index < reader.count; index++) {
        if (!reader.view(index, frame) || !matchesFilter(this.#filter, frame.subject)) continue;
        this.#left.set(frame.subject, (this.#left.get(frame.subject) ?? -this.#keep) + 1);
      }
    });
  }

  /** Indices of the records that go. */
  #selected(reader: BlockReader, from: number): Set<number> {
    const frame = new FrameView();
    const goes = new Set<number>();
    const end = reader.indexFrom(this.#before);
    for (let index = from; index < end; index++) {
      if (!reader.view(index, frame) || !matchesFilter(this.#filter, frame.subject)) continue;
      const { subject } = frame;
      const left = this.#keep === 0 ? 1 : this.#left.get(subject)!;
      if (left <= 0) continue;
      this.#left.set(subject, left - 1);
      goes.add(index);
    }
    return goes;
  }

  /** Visits the next blocks, with the index of the first record that can be read; those whose head is damaged are left alone. */
  #walk(visit: (reader: BlockReader, from: number, block: WalkedBlock) => void): void {
    const reader = new BlockReader();
    for (let count = 0; count < MAX_BLOCKS_A_CHANGE; count++) {
      const block = this.#next > this.#last ? undefined : this.#parts.store.block(this.#next);
      if (block === undefined || block.lastOffset > this.#last) {
        this.#next = this.#last + 1;
        return;
      }
      const from = this.#next;
      if (reader.reset(block.bytes) === undefined) visit(reader, reader.indexFrom(from), block);
      this.#next = block.lastOffset + 1;
    }
  }
}

type WalkedBlock = NonNullable<ReturnType<StreamStore['block']>>;
