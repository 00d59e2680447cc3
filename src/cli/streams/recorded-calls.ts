import { errorOfFrame } from '../../client/calls/call-errors.js';
import type { FrameView } from '../../codec/frame-view.js';
import { FrameFlags } from '../../codec/generated/modwire/frame-flags.js';
import { Kind } from '../../codec/generated/modwire/kind.js';
import { toHex } from '../../codec/message-id.js';
import type { ErrorCode } from '../../errors.js';

/** A recorded request with all that it was answered. */
export interface RecordedCall {
  readonly request: FrameView;
  /** Of the request. */
  readonly offset: number;
  /** In order; the one that only ended a stream is none. */
  readonly replies: readonly FrameView[];
  /** What it ended with, unless that was the last reply. */
  readonly error: ErrorCode | undefined;
  /** From when the broker had the request until it had the end of its answer. Milliseconds. */
  readonly tookMs: number;
}

export interface RecordedCallsBounds {
  /** Requests whose end is not there yet. */
  readonly maxCalls: number;
  /** Of those and what they are answered with. Bytes. */
  readonly maxBytes: number;
}

interface OpenCall {
  readonly request: FrameView;
  readonly offset: number;
  readonly replies: FrameView[];
  bytes: number;
}

const BOUNDS: RecordedCallsBounds = { maxCalls: 65_536, maxBytes: 256 * 1024 * 1024 };

/** Requests that are no caller's own: copies, those made on account of one, and those made again. */
const NOT_ITS_OWN = FrameFlags.mirrored | FrameFlags.replayed;

/**
 * Finds the answers of recorded requests among the records of a stream, in the order of their ends. A request whose end does not come
 * within its deadline, or not before too many others are there, has none; of a request without a recorded deadline the end may come late.
 */
export class RecordedCalls {
  readonly #bounds: RecordedCallsBounds;
  /** By id of the request, the oldest first. */
  readonly #open = new Map<string, OpenCall>();
  #bytes = 0;
  #unanswered = 0;
  #copies = 0;

  constructor(bounds: Partial<RecordedCallsBounds> = {}) {
    this.#bounds = { ...BOUNDS, ...bounds };
  }

  /** Requests without an end among the records. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Requests that are left out, since they were copies, or made again. */
  get copies(): number {
    return this.#copies;
  }

  /** Offset of the oldest request that waits for its end. */
  get oldestOffset(): number | undefined {
    const [oldest] = this.#open.values();
    return oldest?.offset;
  }

  /** Takes a record, of which it keeps a copy. Returns the call that ends with it. */
  add(frame: FrameView, offset: number): RecordedCall | undefined {
    switch (frame.kind) {
      case Kind.request:
        this.#begin(frame, offset);
        return undefined;
      case Kind.reply:
      case Kind.error:
        return this.#answer(frame);
      default:
        return undefined;
    }
  }

  /** No more records come. */
  end(): void {
    for (const key of [...this.#open.keys()]) this.#drop(key);
  }

  #begin(frame: FrameView, offset: number): void {
    if ((frame.flags & NOT_ITS_OWN) !== 0) {
      this.#copies++;
      return;
    }
    const key = toHex(frame.id);
    // Somebody has imported or made up another one with its id.
    if (this.#open.has(key)) this.#drop(key);
    this.#open.set(key, { request: frame.copy(), offset, replies: [], bytes: 0 });
    this.#grow(this.#open.get(key)!, frame.byteLength);
    this.#dropOverdue(frame.brokerTime);
  }

  #answer(frame: FrameView): RecordedCall | undefined {
    const { correlationId } = frame;
    const key = correlationId && toHex(correlationId);
    const call = key === undefined ? undefined : this.#open.get(key);
    if (key === undefined || call === undefined) return undefined;
    const isLast = frame.kind === Kind.error || (frame.flags & FrameFlags.more) === 0;
    const isReply =
      frame.kind === Kind.reply && !(isLast && frame.payloadLength === 0 && call.replies.length > 0);
    if (isReply) call.replies.push(frame.copy());
    if (!isLast) {
      this.#grow(call, frame.byteLength);
      return undefined;
    }
    this.#forget(key, call);
    const { request, offset, replies } = call;
    const error = frame.kind === Kind.error ? errorOfFrame(frame).code : undefined;
    const tookMs = Math.max(0, frame.brokerTime - request.brokerTime) / 1000;
    return { request, offset, replies, error, tookMs };
  }

  #grow(call: OpenCall, bytes: number): void {
    call.bytes += bytes;
    this.#bytes += bytes;
    const { maxCalls, maxBytes } = this.#bounds;
    for (const key of this.#open.keys()) {
      if (this.#open.size <= maxCalls && this.#bytes <= maxBytes) break;
      this.#drop(key);
    }
  }

  /** The broker has ended them without an answer: that is not recorded. */
  #dropOverdue(nowMicros: number): void {
    for (const [key, { request }] of this.#open) {
      const { brokerTime, timeout } = request;
      if (timeout === 0 || brokerTime + timeout >= nowMicros) break;
      this.#drop(key);
    }
  }

  #drop(key: string): void {
    this.#unanswered++;
    this.#forget(key, this.#open.get(key)!);
  }

  #forget(key: string, call: OpenCall): void {
    this.#open.delete(key);
    this.#bytes -= call.bytes;
  }
}
