import type { Memory } from '../codec/memory.js';
import { type ModwireError, toModwireError } from '../errors.js';
import type { BlockRemoval } from './block-removal.js';
import type { DedupTable } from './dedup-table.js';
import type { LiveSubjects } from './live-subjects.js';
import { changeOf } from './log-change.js';
import type { LogNotes } from './log-notes.js';
import { encodeTotals, recount, TOTALS_NOTE, type Totals } from './log-totals.js';
import type { Retention } from './retention.js';
import type { StreamStore, SubjectState } from './stream-store.js';
import type { WaitingBatch, WaitingRecords } from './waiting-records.js';

/** After a write that failed the next one is tried this much later. Microseconds. */
const RETRY_MICROS = 1_000_000;

/** Records that are stored, side by side in memory, with offsets side by side. Valid only during the call. */
export interface StoredBatch<Entry> {
  readonly memory: Memory;
  /** Where the frame of each begins and ends in `memory`. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly firstOffset: number;
  /** What was given with each. */
  readonly entries: readonly Entry[];
}

export interface StreamLogHost<Entry> {
  /** Records are stored: all that were taken before them are. */
  stored(batch: StoredBatch<Entry>): void;
  /**
   * Records that wait are not stored: the log has taken their offsets back. All that wait fail together, in order. With DATA_LOSS
   * nobody knows whether they are, and the log takes no more.
   */
  failed(entries: readonly Entry[], error: ModwireError): void;
  nowMicros(): number;
}

/** Something that goes over a stream in steps, between other writes. */
export interface LogJob {
  /** Whether what the bounds leave no room for stays until the job is done. */
  readonly holdsRetention: boolean;
  /** The next change; `more` when there is none yet, undefined at the end. */
  step(totals: Readonly<Totals>): BlockRemoval | 'more' | undefined;
}

interface QueuedJob {
  readonly job: LogJob;
  resolve(): void;
  reject(error: ModwireError): void;
}

export interface LogWriterParts<Entry> {
  readonly retention: () => Retention;
  readonly store: StreamStore;
  readonly host: StreamLogHost<Entry>;
  readonly subjects: LiveSubjects;
  readonly waiting: WaitingRecords<Entry>;
  readonly dedup: DedupTable;
  readonly notes: LogNotes;
  readonly totals: Totals;
}

/** Writes what waits, one change at a time: what comes meanwhile goes together with the next one. */
export class LogWriter<Entry> {
  readonly #parts: LogWriterParts<Entry>;
  readonly #jobs: QueuedJob[] = [];
  #isJobsTurn = false;
  #isWriting = false;
  /** Of what is stored. */
  totals: Totals;
  /** Why the last write failed. */
  failure: ModwireError | undefined;
  /** When the next one may be tried. */
  #retryAt = 0;
  #idle: (() => void)[] = [];
  /** Who waits for the notes of the next write. */
  #noting: Pick<QueuedJob, 'resolve' | 'reject'>[] = [];

  constructor(parts: LogWriterParts<Entry>) {
    this.#parts = parts;
    this.totals = parts.totals;
  }

  /** Throws why no record can be taken: the last write failed, and it is too early for another try. */
  admit(): void {
    // What comes while a try is under way shares its fate.
    if (this.failure === undefined || !this.#parts.waiting.isEmpty) return;
    if (this.#isPausing()) throw this.failure;
  }

  /** Begins the next write if there is something to write and none is under way. */
  commit(): void {
    if (this.#isWriting) return;
    const { waiting, notes } = this.#parts;
    const hasRecords = waiting.hasGathered;
    if (this.#jobs.length > 0 && (this.#isJobsTurn || !hasRecords)) this.#step(this.#jobs[0]!);
    else if (hasRecords || ((notes.hasChanged || this.#noting.length > 0) && !this.#isPausing()))
      this.#write();
    else for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Resolves when a job is done. Rejects as the write of one of its steps does. */
  run(job: LogJob): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#jobs.push({ job, resolve, reject });
      this.commit();
    });
  }

  /** Resolves when the notes as they are now are written. Rejects as the write does. */
  writeNotes(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.#parts.notes.hasChanged && !this.#isWriting) resolve();
      else if (this.#isPausing()) reject(this.failure);
      else {
        this.#noting.push({ resolve, reject });
        this.commit();
      }
    });
  }

  /** Resolves when there is nothing to write. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.push(resolve);
      this.commit();
    });
  }

  #isLost(): boolean {
    return this.failure?.code === 'DATA_LOSS';
  }

  #isPausing(): boolean {
    return this.failure !== undefined && (this.#isLost() || this.#parts.host.nowMicros() < this.#retryAt);
  }

  #write(): void {
    const { waiting, notes, store, subjects, host } = this.#parts;
    this.#isJobsTurn = true;
    this.#isWriting = true;
    const batches = waiting.take();
    const changedNotes = notes.take();
    const noting = this.#noting.splice(0);
    const failed = (thrown: unknown) => {
      notes.putBack(changedNotes);
      this.#noting = [...noting, ...this.#noting];
      this.#failed(toModwireError(thrown));
    };
    try {
      const isHeld = this.#jobs[0]?.job.holdsRetention ?? false;
      const parts = { store, subjects, retention: this.#parts.retention() };
      const { change, removal } = changeOf(parts, batches, this.totals, host.nowMicros(), isHeld);
      const allNotes = new Map([...changedNotes, totalsNote(removal.totals)]);
      store.write({ ...change, notes: allNotes }).then(() => {
        for (const { resolve } of noting) resolve();
        this.#stored(batches, change.subjects, removal);
      }, failed);
    } catch (thrown) {
      failed(thrown);
    }
  }

  #stored(
    batches: readonly WaitingBatch<Entry>[],
    states: ReadonlyMap<string, SubjectState>,
    removal: BlockRemoval,
  ): void {
    const { waiting, subjects, host } = this.#parts;
    this.failure = undefined;
    for (const [text, state] of states) subjects.settle(text, state);
    waiting.settle();
    this.#settle(removal);
    // The next write is under way while these are handed out.
    this.commit();
    for (const { slab, entries } of batches) {
      const { memory, starts, ends, firstOffset } = slab;
      host.stored({ memory, starts, ends, firstOffset, entries });
      slab.release();
    }
  }

  /** A change is stored. */
  #settle(removal: BlockRemoval): void {
    removal.settle();
    const { totals, isUnsure } = removal;
    this.totals = isUnsure ? recount(this.#parts.store, totals.firstOffset) : totals;
    this.#isWriting = false;
  }

  #failed(error: ModwireError): void {
    const { waiting, subjects, dedup, host } = this.#parts;
    this.failure = error;
    this.#retryAt = host.nowMicros() + RETRY_MICROS;
    const entries = waiting.takeBack();
    dedup.removeNewest(entries.length);
    for (const { reject } of this.#noting.splice(0)) reject(error);
    subjects.reset(this.totals.subjects);
    this.#isWriting = false;
    if (entries.length > 0) host.failed(entries, error);
    this.commit();
  }

  #step(queued: QueuedJob): void {
    this.#isJobsTurn = false;
    this.#isWriting = true;
    const end = (thrown?: unknown) => {
      this.#jobs.shift();
      this.#isWriting = false;
      if (thrown === undefined) queued.resolve();
      else queued.reject(toModwireError(thrown));
      this.commit();
    };
    try {
      const step = queued.job.step(this.totals);
      if (step === undefined) end();
      else if (step === 'more') {
        setImmediate(() => {
          this.#isWriting = false;
          this.commit();
        });
      } else {
        const notes = new Map([totalsNote(step.totals)]);
        this.#parts.store.write({ ...step.change, notes }).then(() => {
          this.#settle(step);
          this.commit();
        }, end);
      }
    } catch (thrown) {
      end(thrown);
    }
  }
}

function totalsNote(totals: Totals): [name: string, bytes: Uint8Array] {
  return [TOTALS_NOTE, encodeTotals(totals)];
}
