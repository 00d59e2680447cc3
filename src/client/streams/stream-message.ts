import type { FrameView } from '../../codec/frame-view.js';
import { Verdict } from '../../codec/generated/modwire/control/verdict.js';
import { CONSUMER_LIMITS } from '../../routing/consumers/consumer-limits.js';
import { checkWhole } from './check-options.js';

/** How a record goes back that could not be handled. */
export interface NakOptions {
  /** Before it is delivered again, at most a day; left out: as the consumer's `backoffMs` says. Milliseconds. */
  readonly delayMs?: number;
  /** For people: it is told with the dead letter. At most 256 characters, the rest is cut off. */
  readonly reason?: string;
}

/** What a message needs of its consumer. @internal */
export interface MessageHost {
  /** False when the record is no longer this consumer's. */
  readonly settle: (
    message: StreamMessage<unknown>,
    verdict: Verdict,
    delayMs?: number,
    reason?: string,
  ) => boolean;
}

/**
 * A record of a stream, delivered to a member of a durable consumer, who says what has become of it: once, and in time. What
 * is not settled is delivered again. All four ways return false, and do nothing, when the message is settled already or the
 * connection over which it came is lost: then it is delivered again to somebody.
 */
export class StreamMessage<Value = undefined> {
  /** Its bytes stay as they are. */
  readonly frame: FrameView;
  /** Its place in the stream. */
  readonly offset: number;
  /** How often it has been delivered, this time included. */
  readonly attempt: number;
  /** The connection over which it came, counted. @internal */ readonly era: number;
  /** @internal */ settled = false;
  readonly #host: MessageHost;
  readonly #read: (frame: FrameView) => Value;
  #value: { readonly value: Value } | undefined;

  /** @internal */
  constructor(
    frame: FrameView,
    [offset, attempt, era]: readonly [offset: number, attempt: number, era: number],
    host: MessageHost,
    read: (frame: FrameView) => Value,
  ) {
    this.frame = frame;
    this.offset = offset;
    this.attempt = attempt;
    this.era = era;
    this.#host = host;
    this.#read = read;
  }

  /** The payload as the consumer's contract reads it; undefined without a contract. */
  get value(): Value {
    this.#value ??= { value: this.#read(this.frame) };
    return this.#value.value;
  }

  /** It is done. */
  ack(): boolean {
    return this.#host.settle(this, Verdict.ack);
  }

  /** Again, please: to this or another member. It counts as an attempt. Throws INVALID_ARGUMENT for a delay that is none. */
  nak({ delayMs, reason }: NakOptions = {}): boolean {
    if (delayMs !== undefined) checkWhole('delayMs', delayMs, 0, CONSUMER_LIMITS.maxDelayMs);
    // On the wire none means that the configuration counts.
    return this.#host.settle(this, Verdict.nak, delayMs === 0 ? 1 : delayMs, reason);
  }

  /** Never again: it becomes a dead letter with the reason. */
  term(reason?: string): boolean {
    return this.#host.settle(this, Verdict.term, undefined, reason);
  }

  /** It is being worked on: its ack wait begins anew. */
  working(): boolean {
    return this.#host.settle(this, Verdict.working);
  }
}
