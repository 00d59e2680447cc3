import type { TraceContext } from '../../codec/frame-fields.js';
import type { FrameView } from '../../codec/frame-view.js';
import { FrameFlags } from '../../codec/generated/modwire/frame-flags.js';
import type { Contract } from '../../contracts/contract.js';
import { ModwireError } from '../../errors.js';
import type { FrameOptions } from '../frame-factory.js';
import type { Payload, PublishOptions } from '../publish-options.js';
import { answerTo, traceOf } from './call-frames.js';
import type { RequestOptions } from './call-options.js';
import { DescribedReply, type ReplyOptions } from './described-reply.js';
import type { IncomingRequest } from './received.js';
import { STREAM_WINDOW } from './reply-stream.js';

/** The service that a request is for, and what it has to do. @internal */
export interface Served {
  readonly terms: {
    readonly request: Contract | undefined;
    readonly reply: Contract | undefined;
    readonly handler: (request: IncomingRequest<never>, context: CallContext) => unknown;
  };
  readonly concurrency: number;
  /** Handlers that run, also those whose answer is for nobody. */
  running: number;
  /** Requests that wait here for one to end. */
  readonly waiting: CallContext[];
  /** Whether those that wait are being begun. */
  filling: boolean;
}

/** What a context needs of its client. @internal */
export interface CallContextHost {
  readonly expired: (context: CallContext) => void;
}

/** A request that a handler is answering: how long it has, and whether anybody still waits. */
export class CallContext {
  /** When the caller's time is over, on the clock of `performance.now`. Milliseconds. */
  readonly deadlineMs: number;
  /** @internal */ wheelIndex = -1;
  /** @internal */ readonly service: Served;
  /** @internal */ readonly frame: FrameView;
  /** Id of the request: 16 bytes. */
  readonly id: Uint8Array;
  /** Why nobody waits for the answer any more; undefined while somebody does. @internal */
  over: ModwireError | undefined;
  /** Its connection is gone: nobody can be answered. @internal */
  lost = false;
  /** Its handler runs. @internal */
  begun = false;
  /** Replies sent so far. @internal */
  sent = 0;
  readonly #host: CallContextHost;
  #granted = STREAM_WINDOW;
  #answered: FrameOptions | undefined;
  #abort: AbortController | undefined;
  #wake: (() => void) | undefined;

  /** `frame` is kept, and came at `heardMs`. @internal */
  constructor(service: Served, frame: FrameView, heardMs: number, host: CallContextHost) {
    this.service = service;
    this.frame = frame;
    this.id = frame.id;
    // The broker says how much time is left at the moment it hands the request over. Microseconds.
    this.deadlineMs = heardMs + frame.epoch / 1_000;
    this.#host = host;
  }

  /** Fires when the caller has given up, its time is over, or the connection is lost: the answer is for nobody. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.over !== undefined) this.#abort.abort(this.over);
    }
    return this.#abort.signal;
  }

  /** Never negative. Milliseconds. */
  get remainingMs(): number {
    return Math.max(0, this.deadlineMs - performance.now());
  }

  /** Which worker in turn this is that the request is handed to: from 1. */
  get attempt(): number {
    return this.frame.sequence;
  }

  get subject(): string {
    return this.frame.subject;
  }

  get priority(): number {
    return this.frame.priority;
  }

  get trace(): TraceContext {
    return traceOf(this.frame);
  }

  /** The experiment that decided where the request went; undefined when none did. */
  get experiment(): string | undefined {
    return this.frame.experiment;
  }

  /** Which variant of that experiment it went to. */
  get variant(): string | undefined {
    return this.frame.variant;
  }

  /** This is a copy of a request that somebody else answers: nobody gets the reply, and nothing is to be done twice. */
  get mirrored(): boolean {
    return (this.frame.flags & FrameFlags.mirrored) !== 0;
  }

  /** This is a request that was recorded and is made again. */
  get replayed(): boolean {
    return (this.frame.flags & FrameFlags.replayed) !== 0;
  }

  get headers(): ReadonlyArray<readonly [name: string, value: string]> {
    return this.frame.headers;
  }

  /** Ends the handler: the request is surely not processed, and may be tried with another worker at once. */
  reject(reason: string): never {
    throw new ModwireError('REJECTED', { what: reason, where: `subject ${this.subject}` });
  }

  /**
   * For a handler to return or yield where a reply says more than its payload: of which content type bytes are, their schema,
   * headers, a variant. Not for a service with a contract for its replies, which says what they are.
   */
  reply(payload: Payload, options: ReplyOptions): DescribedReply {
    return new DescribedReply(payload, options);
  }

  /** What each of its answers says of it. @internal */
  get answered(): FrameOptions {
    this.#answered ??= answerTo(this.frame, this.id);
    return this.#answered;
  }

  /** For what is published on account of the request: its cause, trace, correlation and experiment. */
  publishOptions(): PublishOptions {
    const { tracestate, baggage, experiment, variant, assignmentKey } = this.frame;
    return {
      causationId: this.id,
      correlationId: this.frame.correlationId ?? this.id,
      trace: this.trace,
      ...(tracestate !== undefined && { tracestate }),
      ...(baggage !== undefined && { baggage }),
      ...(experiment !== undefined && { experiment }),
      ...(variant !== undefined && { variant }),
      ...(assignmentKey !== undefined && { assignmentKey }),
    };
  }

  /** For requests made on account of the request: the same, within the time that it has, given up when it is. */
  requestOptions(): RequestOptions {
    const { assignmentKey: key, ...options } = this.publishOptions();
    // A request needs some time, even to be told that there is none left.
    const timeoutMs = Math.max(1, this.remainingMs);
    const { mirrored, signal } = this;
    return {
      ...options,
      ...(key !== undefined && { key }),
      ...(mirrored && { mirrored }),
      timeoutMs,
      signal,
    };
  }

  /** @internal */
  due(): void {
    this.#host.expired(this);
  }

  /** Nobody waits for the answer any more. @internal */
  end(reason: ModwireError): void {
    if (this.over !== undefined) return;
    this.over = reason;
    this.#abort?.abort(reason);
    this.#goOn();
  }

  /** The caller takes so many replies in all. @internal */
  grant(replies: number): void {
    if (replies <= this.#granted) return;
    this.#granted = replies;
    this.#goOn();
  }

  /** Resolves when another reply may be sent; false when nobody waits for it any more. @internal */
  async untilGranted(): Promise<boolean> {
    while (this.over === undefined && this.sent >= this.#granted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.over === undefined;
  }

  #goOn(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
