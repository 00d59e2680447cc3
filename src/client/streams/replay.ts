import { Kind } from '../../codec/generated/modwire/kind.js';
import { type ModwireError, toModwireError } from '../../errors.js';
import { ReplayPace } from '../../routing/replay-pace.js';
import { onAbort, throwIfAborted } from '../abort.js';
import { ConditionWaiters } from '../condition-waiters.js';
import type { Outbox } from '../outbox.js';
import type { Publisher } from '../publisher.js';
import { type LostRange, lostError } from './lost-range.js';
import type { ReadOptions } from './read-options.js';
import { type ReplayCounts, ReplayStopped, type ReplayTerms } from './replay-options.js';
import { replayedFields } from './replayed-fields.js';
import type { StreamReader, StreamRecord } from './stream-reader.js';

/** Messages that may wait for their acknowledgement at once. */
const MAX_UNACKNOWLEDGED = 4_096;
/** Between two words about progress. Milliseconds. */
const PROGRESS_MS = 100;
/** Timers hold no more than a few weeks, and the clock may be set meanwhile. Milliseconds. */
const MAX_SLEEP_MS = 60_000;

export interface ReplayParts {
  readonly publisher: Pick<Publisher, 'publishFields' | 'isUnderWay'>;
  readonly outbox: Pick<Outbox, 'open' | 'untilOpen'>;
  readonly read: (options: ReadOptions) => Promise<StreamReader>;
}

/**
 * Publishes messages of a stream again, in their order. Each is acknowledged, so that it is known where to go on when it is stopped: by its
 * signal, a lost connection, or the first record that is lost or message that is refused and that nobody asks to be told of.
 */
export class Replay {
  readonly #parts: ReplayParts;
  readonly #terms: ReplayTerms;
  readonly #pace: ReplayPace;
  readonly #stop = new AbortController();
  /** Messages without an acknowledgement, by offset: the oldest first. */
  readonly #underWay = new Map<number, StreamRecord>();
  readonly #waiters = new ConditionWaiters(() => undefined);
  readonly #lost: Pick<LostRange, 'first' | 'last'>[] = [];
  #failure: ModwireError | undefined;
  #published = 0;
  #leftOut = 0;
  #refused = 0;
  /** Behind the last record that was published, left out or lost. */
  #next = 0;
  /** The first message of which it is not known that the broker has taken it. */
  #failedOffset = Number.POSITIVE_INFINITY;
  #firstOffset = 0;
  #lastOffset = 0;
  #toldAtMs = 0;

  constructor(parts: ReplayParts, terms: ReplayTerms) {
    this.#parts = parts;
    this.#terms = terms;
    this.#pace = new ReplayPace(terms.speed);
  }

  /** Rejects with ReplayStopped once it has begun, else with why it cannot be read. */
  async run(): Promise<ReplayCounts> {
    const { from, to, filter, options } = this.#terms;
    const { signal } = this.#stop;
    const offAbort = onAbort(options.signal, (error) => this.#fail(error));
    try {
      const onLost = (range: LostRange) => this.#lose(range);
      const reader = await this.#parts.read({
        ...{ from, to, signal, onLost },
        ...(filter !== undefined && { filter }),
      });
      this.#firstOffset = reader.nextOffset;
      this.#next = this.#firstOffset;
      this.#lastOffset = reader.lastOffset ?? 0;
      await this.#publishAll(reader);
    } finally {
      offAbort();
    }
    if (this.#failure !== undefined) throw new ReplayStopped(this.#failure, this.#counts);
    return this.#counts;
  }

  async #publishAll(reader: StreamReader): Promise<void> {
    try {
      for await (const records of reader.batches()) {
        for (const record of records) await this.#take(record);
      }
      this.#next = Math.max(this.#next, this.#lastOffset + 1);
    } catch (thrown) {
      this.#fail(toModwireError(thrown));
    }
    // Also after a failure: what is under way may have been taken. Each has an answer, or none in time.
    await this.#until('acknowledged', () => this.#underWay.size === 0, undefined);
    this.#toldAtMs = Number.NEGATIVE_INFINITY;
    this.#tell();
  }

  /** Nothing is waited for where nothing has to be. */
  #take(record: StreamRecord): Promise<void> | undefined {
    throwIfAborted(this.#stop.signal);
    const { frame } = record;
    if (frame.kind !== Kind.message) {
      this.#leftOut++;
      this.#next = record.offset + 1;
      this.#tell();
      return undefined;
    }
    const waitMs = this.#pace.waitMs(frame.brokerTime / 1000, performance.now());
    const { publisher, outbox } = this.#parts;
    const mayGo = outbox.open && this.#underWay.size < MAX_UNACKNOWLEDGED && !publisher.isUnderWay(frame.id);
    if (waitMs > 0 || !mayGo) return this.#publishLater(record, waitMs);
    this.#publish(record);
    return undefined;
  }

  async #publishLater(record: StreamRecord, firstMs: number): Promise<void> {
    const { signal } = this.#stop;
    const { outbox, publisher } = this.#parts;
    const { frame } = record;
    for (let waitMs = firstMs; waitMs > 0; ) {
      await sleep(Math.min(waitMs, MAX_SLEEP_MS), signal);
      waitMs = this.#pace.waitMs(frame.brokerTime / 1000, performance.now());
    }
    await outbox.untilOpen({ signal });
    await this.#until('room', () => this.#underWay.size < MAX_UNACKNOWLEDGED, signal);
    // A stream may have a message twice, and acknowledgements say its id.
    if (publisher.isUnderWay(frame.id)) await this.#until('alone', () => this.#underWay.size === 0, signal);
    this.#publish(record);
  }

  #publish(record: StreamRecord): void {
    const { frame, offset } = record;
    const fields = replayedFields(frame, this.#terms.subjectOf(frame.subject));
    this.#underWay.set(offset, record);
    this.#next = offset + 1;
    this.#parts.publisher.publishFields(fields).then(
      () => {
        this.#published++;
        this.#settle(offset);
      },
      (thrown) => this.#refuse(record, toModwireError(thrown)),
    );
  }

  #refuse(record: StreamRecord, error: ModwireError): void {
    const { offset } = record;
    const { onRefused } = this.#terms.options;
    if (onRefused !== undefined && isRefusal(error)) {
      this.#refused++;
      onRefused(error, record);
    } else {
      this.#failedOffset = Math.min(this.#failedOffset, offset);
      this.#fail(error);
    }
    this.#settle(offset);
  }

  #settle(offset: number): void {
    this.#underWay.delete(offset);
    this.#waiters.check();
    this.#tell();
  }

  #lose(range: LostRange): void {
    const { first, last } = range;
    const { onLost } = this.#terms.options;
    this.#lost.push({ first, last });
    this.#next = last + 1;
    if (onLost === undefined) throw lostError(range);
    onLost(range);
  }

  /** What comes first is the cause; the rest follows from it. */
  #fail(error: ModwireError): void {
    this.#failure ??= error;
    this.#stop.abort(this.#failure);
  }

  #until(what: string, isMet: () => boolean, signal: AbortSignal | undefined): Promise<void> {
    return this.#waiters.wait({ what, isMet, progress: () => this.#published }, { signal });
  }

  #tell(): void {
    const { onProgress } = this.#terms.options;
    if (onProgress === undefined) return;
    const nowMs = performance.now();
    if (nowMs - this.#toldAtMs < PROGRESS_MS) return;
    this.#toldAtMs = nowMs;
    onProgress({ ...this.#counts, firstOffset: this.#firstOffset, lastOffset: this.#lastOffset });
  }

  get #counts(): ReplayCounts {
    const [oldest = this.#next] = this.#underWay.keys();
    return {
      ...{
        published: this.#published,
        leftOut: this.#leftOut,
        refused: this.#refused,
        lost: [...this.#lost],
      },
      nextOffset: Math.min(oldest, this.#failedOffset, this.#next),
    };
  }
}

/** Whether it is the message that is at fault, so that others may well be taken. */
function isRefusal({ code, row }: ModwireError): boolean {
  return row.category === 'caller' && code !== 'CANCELLED';
}

/** Rejects when the signal fires. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      offAbort();
      resolve();
    }, ms);
    const offAbort = onAbort(signal, (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
