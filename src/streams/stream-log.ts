import { FrameView } from '../codec/frame-view.js';
import type { StreamInfo } from '../codec/stream-description.js';
import { checkFilter, hasWildcard, matchesFilter } from '../codec/subject.js';
import { ModwireError } from '../errors.js';
import type { Limits } from '../limits.js';
import { type Position, positionOf } from './block-marks.js';
import type { BlockReader } from './block-reader.js';
import { DedupTable } from './dedup-table.js';
import { LiveSubjects } from './live-subjects.js';
import { LogNotes } from './log-notes.js';
import { LogReader } from './log-reader.js';
import type { LogSource, ReadBlock } from './log-source.js';
import { readTotals } from './log-totals.js';
import { LogWriter, type StreamLogHost } from './log-writer.js';
import { type Purge, purgeJob, RetentionJob } from './purge.js';
import { checkChange } from './retention.js';
import type { StreamConfig } from './stream-config.js';
import type { StreamStore, SubjectState } from './stream-store.js';
import { type MissingRange, type SubjectBlock, SubjectReader } from './subject-reader.js';
import { WaitingRecords } from './waiting-records.js';

export type { StreamInfo };

export type StreamLimits = Pick<Limits, 'maxStreamPendingBytes' | 'maxStreamSubjects' | 'maxDedupIds'>;

/** Where the record with some message id is. */
export interface FoundRecord extends Position {
  readonly offset: number;
  /** Whether it waits to be stored. */
  readonly isPending: boolean;
}

/**
 * The log of one stream: takes stamped frames, has them stored in blocks, one write at a time, and reads what is stored. Offsets
 * count from 1 and rise; none is given twice, except those of records that were not stored after all.
 */
export class StreamLog<Entry> {
  #config: StreamConfig;
  readonly #store: StreamStore;
  readonly #host: StreamLogHost<Entry>;
  readonly #maxPendingBytes: number;
  readonly #subjects: LiveSubjects;
  readonly #waiting: WaitingRecords<Entry>;
  readonly #dedup: DedupTable;
  readonly #notes: LogNotes;
  readonly #writer: LogWriter<Entry>;
  readonly #reader: LogReader;
  readonly #subjectReader: SubjectReader;
  /** Reads records that are compared with message ids. */
  readonly #frame = new FrameView();
  #isClosed = false;

  private constructor(
    config: StreamConfig,
    store: StreamStore,
    limits: StreamLimits,
    host: StreamLogHost<Entry>,
  ) {
    const { name, retention, dedupMs } = config;
    const isSingle = retention.maxPerSubject > 0;
    const totals = readTotals(store);
    this.#config = config;
    this.#store = store;
    this.#host = host;
    this.#maxPendingBytes = limits.maxStreamPendingBytes;
    const subjects = new LiveSubjects(store, name, limits.maxStreamSubjects, isSingle, totals.subjects);
    const waiting = new WaitingRecords<Entry>(isSingle);
    const dedup = new DedupTable(limits.maxDedupIds, dedupMs * 1000);
    const notes = new LogNotes(store);
    const writer = new LogWriter({
      retention: () => this.#config.retention,
      ...{ store, host, subjects, waiting, dedup, notes, totals },
    });
    this.#subjects = subjects;
    this.#waiting = waiting;
    this.#dedup = dedup;
    this.#notes = notes;
    this.#writer = writer;
    const source: LogSource = {
      ...{ stream: name, store },
      totals: () => writer.totals,
      stateOf: (subject) => subjects.keptState(subject),
    };
    this.#reader = new LogReader(source);
    this.#subjectReader = new SubjectReader(source);
  }

  /** Reads how far the stream is, and the message ids of the window. Throws DATA_LOSS when the store cannot be read. */
  static open<Entry>(
    config: StreamConfig,
    store: StreamStore,
    limits: StreamLimits,
    host: StreamLogHost<Entry>,
  ): StreamLog<Entry> {
    const log = new StreamLog(config, store, limits, host);
    const fromMicros = host.nowMicros() - config.dedupMs * 1000;
    const from = Math.max(log.offsetAt(fromMicros), log.#writer.totals.lastOffset - limits.maxDedupIds + 1);
    if (config.dedupMs === 0) return log;
    // Whoever finds one of these ids confirms it by the record, and that is checked then.
    log.#reader.visitUnchecked(from, (frame, offset) => {
      log.#dedup.add(frame.id, offset, frame.brokerTime);
      return true;
    });
    return log;
  }

  get config(): StreamConfig {
    return this.#config;
  }

  /** From now on other bounds count, and another window. What is too much goes with the next write, or `trim`. Throws as `checkChange`. */
  configure({ retention, dedupMs }: Pick<StreamConfig, 'retention' | 'dedupMs'>): void {
    checkChange(this.#config, retention);
    this.#config = { ...this.#config, retention, dedupMs };
    this.#dedup.setWindow(dedupMs * 1000);
  }

  /** Whether counts of subjects go on where they were: all that anybody may have seen is here. */
  get continuous(): boolean {
    return this.#store.continuous;
  }

  /** The first offset that has not gone with the bounds of the stream; it may have no record. */
  get firstOffset(): number {
    return this.#writer.totals.firstOffset;
  }

  /** Of the last record that was ever stored; 0 before the first. */
  get lastOffset(): number {
    return this.#writer.totals.lastOffset;
  }

  info(): StreamInfo {
    const { records, bytes, firstOffset, lastOffset, subjects } = this.#writer.totals;
    const heldMicros = this.#dedup.heldMicros(this.#host.nowMicros());
    return {
      ...{ records, bytes, lastOffset, subjects },
      storedBytes: this.#store.storedBytes,
      firstOffset: this.#reader.firstFrom(firstOffset),
      oldestMicros: this.#reader.timeFrom(firstOffset),
      newestMicros: this.#reader.newestTime(),
      dedup: { ids: this.#dedup.size, heldMs: Math.floor(heldMicros / 1000) },
      pendingBytes: this.#waiting.bytes,
      storage: this.config.storage,
      sync: this.config.sync,
      failing: this.#writer.failure?.message,
    };
  }

  /** Last stored place in the count of a subject; undefined when none of its records was ever counted. */
  positionOf(subject: string): Position | undefined {
    const state = this.#subjects.keptState(subject);
    return state === undefined || state.epoch === 0
      ? undefined
      : { epoch: state.epoch, sequence: state.sequence };
  }

  /** Calls `visit` with every subject that a filter selects and that has had a record stored; false stops. */
  subjects(filter: string, visit: (subject: string, state: SubjectState) => boolean): void {
    if (hasWildcard(filter)) {
      this.#store.visitSubjects((subject, state) => !matchesFilter(filter, subject) || visit(subject, state));
    } else {
      const state = this.#subjects.keptState(filter);
      if (state !== undefined) visit(filter, state);
    }
  }

  /**
   * The record with a message id (16 bytes), of those that came within the window. Epoch and sequence are 0 when the record is
   * gone or damaged.
   */
  find(id: Uint8Array): FoundRecord | undefined {
    this.#dedup.expire(this.#host.nowMicros());
    let place: Position = { epoch: 0, sequence: 0 };
    let isPending = false;
    const offset = this.#dedup.find(id, (candidate) => {
      isPending = candidate > this.#writer.totals.lastOffset;
      const isThere = (isPending ? this.#waiting : this.#reader).view(candidate, this.#frame);
      place = isThere ? positionOf(this.#frame, candidate) : { epoch: 0, sequence: 0 };
      // Of 64 bits of a fingerprint nobody knows by chance that they are the same.
      return !isThere || Buffer.compare(this.#frame.id, id) === 0;
    });
    return offset === undefined ? undefined : { offset, ...place, isPending };
  }

  /**
   * Takes a copy of a stamped frame, to be stored behind those that wait, and returns its offset. Its id is known from `cameAt` on.
   * Throws RESOURCE_EXHAUSTED when too much waits or its subject is one too many, FAILED_PRECONDITION after `close`, and why the
   * last write failed while the next one is not to be tried yet.
   */
  append(frame: FrameView, entry: Entry, cameAt = frame.brokerTime): number {
    if (this.#isClosed)
      throw new ModwireError('FAILED_PRECONDITION', `the stream ${this.config.name} is closed`);
    const { byteLength } = frame;
    if (!this.#waiting.isEmpty && this.#waiting.bytes + byteLength > this.#maxPendingBytes) {
      throw new ModwireError('RESOURCE_EXHAUSTED', {
        what: 'too much waits to be stored',
        expected: `at most maxStreamPendingBytes = ${this.#maxPendingBytes}`,
        got: `${this.#waiting.bytes + byteLength} bytes`,
        where: `stream ${this.config.name}`,
        advice: 'send more slowly, or use a faster disk',
      });
    }
    this.#writer.admit();
    const offset = this.#writer.totals.lastOffset + this.#waiting.count + 1;
    this.#waiting.append(frame, offset, this.#subjects.of(frame.subject), entry);
    this.#dedup.add(frame.id, offset, cameAt);
    return offset;
  }

  /** Has written what has gathered, unless a write is under way: what has gathered then goes when it ends. */
  commit(): void {
    this.#writer.commit();
  }

  /** Resolves when nothing waits. */
  idle(): Promise<void> {
    return this.#writer.idle();
  }

  /**
   * The records of the first block that has some at or behind an offset, from there on; undefined at the end. Throws DATA_LOSS
   * (DamagedRecords) where the first of them is damaged.
   */
  read(from: number): ReadBlock | undefined {
    return this.#reader.read(from);
  }

  /**
   * Points `reader` at the first block that has records at or behind an offset, and returns the block's last offset; undefined at the
   * end. Unlike `read` it leaves the checks of records to whoever looks at them. The bytes are valid until this turn of the event
   * loop ends. Throws DATA_LOSS (DamagedRecords) where the block's records cannot be told apart.
   */
  open(from: number, reader: BlockReader): number | undefined {
    return this.#reader.open(from, reader)?.lastOffset;
  }

  /** The records of one subject behind a place in its count, from one block; undefined at the end. Throws as `read`. */
  readSubject(subject: string, epoch: number, sequence: number): SubjectBlock | undefined {
    return this.#subjectReader.read(subject, { epoch, sequence });
  }

  /** What of a subject's count behind a place cannot be read any more, up to the first record that can. */
  missing(subject: string, epoch: number, afterSequence: number): MissingRange[] {
    return this.#subjectReader.missing(subject, { epoch, sequence: afterSequence });
  }

  /** Offset of the first record that the broker has got at a time or later; behind the last one when there is none. Microseconds. */
  offsetAt(brokerTimeMicros: number): number {
    return this.#reader.offsetAt(brokerTimeMicros);
  }

  /** Removes records, and resolves to their number. Subjects keep their counts. Rejects with INVALID_ARGUMENT, or as writes do. */
  async purge(purge: Purge): Promise<number> {
    if (purge.filter !== undefined) checkFilter(purge.filter);
    const job = purgeJob({ store: this.#store, subjects: this.#subjects }, purge);
    await this.#writer.run(job);
    return job.removed;
  }

  /** Removes what the bounds of the stream leave no room for at a time. Microseconds. */
  trim(nowMicros: number): Promise<void> {
    const parts = { store: this.#store, subjects: this.#subjects };
    return this.#writer.run(new RetentionJob(parts, this.config.retention, nowMicros));
  }

  /** What is kept by a name beside the records, also what is not written yet. */
  note(name: string): Uint8Array | undefined {
    return this.#notes.get(name);
  }

  /** In no order. */
  noteNames(): string[] {
    return this.#notes.names();
  }

  /** Keeps bytes by a name, or removes them; written with the next commit. The bytes are the log's from now on. */
  setNote(name: string, bytes: Uint8Array | undefined): void {
    this.#notes.set(name, bytes);
  }

  /** Resolves when the notes as they are now are written. Rejects as the write does, after which the next one tries again. */
  writeNotes(): Promise<void> {
    return this.#writer.writeNotes();
  }

  /** Takes no more records, and resolves when those that wait are stored, or have failed, and the store is closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.idle();
    await this.#store.close();
  }
}
