/// <reference lib="esnext.disposable" preserve="true" />
// For projects that have no Symbol.asyncDispose among their own declarations.
import type { ControlOf } from '../../codec/control-message.js';
import type { FrameView } from '../../codec/frame-view.js';
import { Verdict } from '../../codec/generated/modwire/control/verdict.js';
import type { ModwireError } from '../../errors.js';
import { onAbort } from '../abort.js';
import { type LostRange, lostError } from './lost-range.js';
import type { ReadFrom, ReadTerms, ReadTo } from './read-options.js';
import { InTurn, RecordQueue } from './record-queue.js';
import type { TakerHost } from './stream-taker.js';

/** The broker is told how far it is when this part of the window is used up. */
const SETTLED_PARTS = 4;

/** A record of a stream, as a reader gets it. */
export interface StreamRecord {
  /** Its bytes stay as they are. */
  readonly frame: FrameView;
  /** Its place in the stream. */
  readonly offset: number;
}

/**
 * Reads a stream in its order, over all connections of its client: to be iterated once. It is sent as much as its window holds, and
 * more as it takes that. What the stream cannot give is thrown in its place, unless `onLost` is told; who then iterates again goes
 * on behind it. Leaving the loop ends the reader.
 */
export class StreamReader implements AsyncIterableIterator<StreamRecord, undefined> {
  readonly stream: string;
  /** @internal */ readonly number: number;
  /** @internal */ accepted = false;
  readonly #terms: ReadTerms;
  readonly #host: TakerHost;
  readonly #queue: RecordQueue<StreamRecord>;
  #from: ReadFrom;
  #to: ReadTo | undefined;
  /** Of the last record taken or lost, and what has been taken since the broker was told. */
  #takenOffset = 0;
  #takenRecords = 0;
  #takenBytes = 0;
  #leaving: Promise<void> | undefined;
  #offAbort = () => {};

  /** @internal */
  constructor(number: number, terms: ReadTerms, host: TakerHost) {
    this.number = number;
    this.stream = terms.stream;
    this.#terms = terms;
    this.#host = host;
    this.#from = terms.from;
    this.#to = terms.to;
    this.#queue = new RecordQueue(host.awaiting);
  }

  /** Records that wait to be taken. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Where it goes on behind what was taken. */
  get nextOffset(): number {
    if (this.#takenOffset > 0) return this.#takenOffset + 1;
    return typeof this.#from === 'object' && 'offset' in this.#from ? this.#from.offset : 1;
  }

  /** The last offset that it reads; undefined when it goes on and on. */
  get lastOffset(): number | undefined {
    return typeof this.#to === 'object' && 'offset' in this.#to ? this.#to.offset : undefined;
  }

  /** Rejects once with what went wrong in its place; the next call goes on behind it. */
  async next(): Promise<IteratorResult<StreamRecord, undefined>> {
    do {
      const record = this.#queue.shift();
      if (record !== undefined) {
        this.#taken(record, 1, record.frame.byteLength);
        return { done: false, value: record };
      }
    } while (await this.#queue.filled());
    return { done: true, value: undefined };
  }

  /** Ends it. */
  async return(): Promise<IteratorResult<StreamRecord, undefined>> {
    await this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The same records, all at a time that are there: the least work for those who want many. */
  async *batches(): AsyncGenerator<StreamRecord[], void, undefined> {
    let threw = false;
    try {
      do {
        const records = this.#queue.shiftAll();
        const last = records.at(-1);
        if (last === undefined) continue;
        let bytes = 0;
        for (const { frame } of records) bytes += frame.byteLength;
        this.#taken(last, records.length, bytes);
        yield records;
      } while (await this.#queue.filled());
    } catch (thrown) {
      threw = true;
      throw thrown;
    } finally {
      if (!threw) await this.close();
    }
  }

  /** Ends it: nothing more comes, what waits is dropped. */
  close(): Promise<void> {
    return this.#close(undefined);
  }

  /** The same, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Closes it when the signal fires. @internal */
  drainOn(signal: AbortSignal | undefined): void {
    this.#offAbort = onAbort(signal, (error) => {
      this.#close(error).catch(this.#host.failed);
    });
  }

  /** Whether somebody waits for records that are sure to come, or for the end. @internal */
  get awaited(): boolean {
    return this.#to !== undefined && this.#queue.awaited;
  }

  /** @internal */
  get request(): ControlOf<'consume'> {
    const { stream, filter, capacity, windowBytes } = this.#terms;
    const options = JSON.stringify({ from: this.#from, to: this.#to, filter });
    return { type: 'consume', consumer: this.number, stream, name: '', options, capacity, windowBytes };
  }

  /** @internal */
  takenUp(about: string): void {
    this.accepted = true;
    const { from, to } = JSON.parse(about) as { readonly from: number; readonly to?: number };
    // `new` and `end` mean the time of the first connection, also after the next one.
    this.#from = { offset: from };
    if (to !== undefined) this.#to = { offset: to };
  }

  /** @internal */
  record(frame: FrameView, offset: number): void {
    this.#queue.push({ frame: frame.retain(), offset });
  }

  /** @internal */
  lost(range: LostRange): void {
    const { onLost } = this.#terms;
    const act = () => {
      this.#takenOffset = range.last;
      if (onLost === undefined) throw lostError(range);
      onLost(range);
    };
    this.#queue.push(new InTurn(act));
  }

  /** @internal */
  disconnected(): void {
    this.#takenRecords = 0;
    this.#takenBytes = 0;
    if (this.#queue.ended) return;
    // What waits comes again: who does not take it would gather a window more with each connection.
    this.#queue.clear();
    if (this.#takenOffset > 0) this.#from = { offset: this.#takenOffset + 1 };
  }

  /** @internal */
  end(error: ModwireError | undefined): void {
    this.#leaving ??= Promise.resolve();
    this.#offAbort();
    this.#queue.end(error);
  }

  /** @internal */
  drain(): Promise<void> {
    return this.close();
  }

  /** @internal */
  async idle(): Promise<void> {}

  #close(error: ModwireError | undefined): Promise<void> {
    this.#queue.clear();
    this.#queue.end(error);
    this.#leaving ??= this.#host.leave(this).finally(() => this.end(undefined));
    return this.#leaving;
  }

  #taken({ offset }: StreamRecord, records: number, bytes: number): void {
    const { capacity, windowBytes } = this.#terms;
    this.#takenOffset = offset;
    this.#takenRecords += records;
    this.#takenBytes += bytes;
    if (this.#queue.ended) return;
    const used = Math.max(this.#takenRecords / capacity, this.#takenBytes / windowBytes);
    if (used * SETTLED_PARTS < 1) return;
    this.#takenRecords = 0;
    this.#takenBytes = 0;
    const offsets = [{ first: offset, last: offset }];
    const settled = { verdict: Verdict.ack, offsets, delayMs: 0, reason: '' };
    this.#host.send({ type: 'settle', consumer: this.number, ...settled });
  }
}
