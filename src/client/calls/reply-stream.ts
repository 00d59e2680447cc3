import type { FrameView } from '../../codec/frame-view.js';
import { ModwireError } from '../../errors.js';
import type { CallTerms } from './call-options.js';
import { type Attempt, PendingCall } from './pending-call.js';
import type { Reply } from './received.js';

/** Replies that a worker may send before any are granted, and that wait here at most. */
export const STREAM_WINDOW = 64;

interface Taker {
  readonly resolve: (result: IteratorResult<Reply<unknown>, undefined>) => void;
  readonly reject: (error: ModwireError) => void;
}

/** What a stream needs of its client. */
export interface StreamHost {
  readonly expired: (call: PendingCall) => void;
  /** This many replies are wanted in all. */
  readonly grant: (call: StreamCall, replies: number) => void;
  /** Nobody wants the rest. */
  readonly stop: (call: StreamCall) => void;
}

/** A request with any number of replies, of which its worker sends as many as are taken. */
export class StreamCall extends PendingCall {
  readonly #host: StreamHost;
  /** Replies that wait to be taken. */
  #queue: Reply<unknown>[] = [];
  #head = 0;
  #takers: Taker[] = [];
  #taken = 0;
  #granted = STREAM_WINDOW;
  #error: ModwireError | undefined;
  #ended = false;

  constructor(terms: CallTerms, host: StreamHost) {
    super(terms, host.expired);
    this.#host = host;
  }

  override get repeatable(): boolean {
    return this.#taken + this.queued === 0;
  }

  get queued(): number {
    return this.#queue.length - this.#head;
  }

  override take(attempt: Attempt, frame: FrameView, more: boolean, nowMs: number): ModwireError | undefined {
    if (more || frame.payloadLength > 0) {
      const reply = this.reply(attempt, frame, nowMs);
      if (reply instanceof ModwireError) return reply;
      this.#push(reply);
    }
    if (!more) this.#end();
    return undefined;
  }

  override fail(error: ModwireError): void {
    this.#error = error;
    this.#end();
  }

  next(): Promise<IteratorResult<Reply<unknown>, undefined>> {
    if (this.queued > 0) return Promise.resolve({ done: false, value: this.#shift() });
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }));
  }

  /** What waits is for nobody, and nothing more is wanted. */
  stop(): void {
    this.#queue = [];
    this.#head = 0;
    this.#error = undefined;
    this.#end();
    this.#host.stop(this);
  }

  #push(reply: Reply<unknown>): void {
    const taker = this.#takers.shift();
    if (taker === undefined) {
      this.#queue.push(reply);
      return;
    }
    this.#count();
    taker.resolve({ done: false, value: reply });
  }

  #shift(): Reply<unknown> {
    const reply = this.#queue[this.#head]!;
    this.#head++;
    if (this.#head === this.#queue.length || this.#head >= STREAM_WINDOW) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    this.#count();
    return reply;
  }

  /** One was taken. When half of the window is used up, more are granted. */
  #count(): void {
    this.#taken++;
    if (this.#ended || this.#granted - this.#taken > STREAM_WINDOW / 2) return;
    this.#granted = this.#taken + STREAM_WINDOW;
    this.#host.grant(this, this.#granted);
  }

  #end(): void {
    this.#ended = true;
    const takers = this.#takers;
    this.#takers = [];
    for (const { resolve, reject } of takers) {
      const error = this.#error;
      this.#error = undefined;
      if (error === undefined) resolve({ done: true, value: undefined });
      else reject(error);
    }
  }
}

/**
 * The replies to a request, to be iterated over once. Its worker is held back while nobody takes them. An error comes
 * after the replies before it; leaving the loop cancels the request.
 */
export class ReplyStream<Item = Reply> implements AsyncIterableIterator<Item, undefined> {
  readonly #call: StreamCall;

  /** @internal */
  constructor(call: StreamCall) {
    this.#call = call;
  }

  /** Replies that wait to be taken; at most 64. */
  get queued(): number {
    return this.#call.queued;
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    return this.#call.next() as Promise<IteratorResult<Item, undefined>>;
  }

  /** Cancels the request, unless it has ended. */
  return(): Promise<IteratorResult<Item, undefined>> {
    this.#call.stop();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
