import { ModwireError } from '../../src/errors.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import type { StoredBatch } from '../../src/streams/log-writer.js';
import { readStreamConfig } from '../../src/streams/read-stream-config.js';
import type { StreamConfig } from '../../src/streams/stream-config.js';
import { type StreamLimits, StreamLog } from '../../src/streams/stream-log.js';
import type { StoreChange, StreamStore } from '../../src/streams/stream-store.js';
import { START_MICROS } from '../support/stream-frames.js';

/** A store whose writes can be made to fail, or to wait. */
export class UnsureStore implements StreamStore {
  readonly #inner: StreamStore;
  /** With what the next writes are refused, none of which is done. */
  refusal: ModwireError | undefined;
  /** What the next writes wait for. */
  gate: Promise<void> = Promise.resolve();
  writes = 0;

  constructor(inner: StreamStore) {
    this.#inner = inner;
  }

  get continuous(): boolean {
    return this.#inner.continuous;
  }

  get storedBytes(): number {
    return this.#inner.storedBytes;
  }

  async write(change: StoreChange): Promise<void> {
    this.writes++;
    await this.gate;
    if (this.refusal !== undefined) throw this.refusal;
    await this.#inner.write(change);
  }

  block(offset: number) {
    return this.#inner.block(offset);
  }

  lastBlock() {
    return this.#inner.lastBlock();
  }

  subject(text: string) {
    return this.#inner.subject(text);
  }

  visitSubjects(visit: Parameters<StreamStore['visitSubjects']>[0]) {
    this.#inner.visitSubjects(visit);
  }

  markFrom(subject: number, epoch: number, sequence: number) {
    return this.#inner.markFrom(subject, epoch, sequence);
  }

  notes(prefix: string) {
    return this.#inner.notes(prefix);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

export const DISK_FULL = new ModwireError('RESOURCE_EXHAUSTED', 'the disk is full');

/** A record as the log has told of it. */
export interface ToldRecord {
  readonly offset: number;
  readonly entry: number;
  readonly frame: Uint8Array;
}

/** A log over a store, with what its host was told. */
export class LogFixture {
  readonly store: UnsureStore;
  readonly config: StreamConfig;
  readonly #limits: StreamLimits;
  nowMicros = START_MICROS;
  readonly stored: ToldRecord[] = [];
  readonly failed: { entries: number[]; code: string }[] = [];
  log: StreamLog<number>;

  constructor(inner: StreamStore, config: Record<string, unknown> = {}, limits: Partial<StreamLimits> = {}) {
    this.store = new UnsureStore(inner);
    this.config = readStreamConfig({ name: 'orders', filters: ['>'], ...config });
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.log = this.#open();
  }

  /** As a broker does that was started again. */
  reopen(): StreamLog<number> {
    this.log = this.#open();
    return this.log;
  }

  #open(): StreamLog<number> {
    return StreamLog.open<number>(this.config, this.store, this.#limits, {
      nowMicros: () => this.nowMicros,
      stored: (batch) => this.#stored(batch),
      failed: (entries, { code }) => this.failed.push({ entries: [...entries], code }),
    });
  }

  #stored({ memory, starts, ends, firstOffset, entries }: StoredBatch<number>): void {
    entries.forEach((entry, index) => {
      const frame = memory.u8.slice(starts[index], ends[index]);
      this.stored.push({ offset: firstOffset + index, entry, frame });
    });
  }
}
