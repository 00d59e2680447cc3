import type { FrameView } from '../codec/frame-view.js';
import { FrameQueue } from './frame-queue.js';

/** Takes a frame that is only valid until it returns: `frame.retain()` or `frame.copy()` keep it longer. */
export type FrameListener = (frame: FrameView) => void;

/** What a subscription needs of its client. @internal */
export interface SubscriptionHost {
  /** The queue is full. True when no more will come until `relieve`; false when that cannot be had. */
  readonly full: (subscription: Subscription) => boolean;
  readonly relieve: (subscription: Subscription) => void;
  /** A frame was dropped because the queue was full. */
  readonly dropped: (frame: FrameView) => void;
  /** A listener threw. */
  readonly failed: (thrown: unknown) => void;
  readonly unsubscribe: (subscription: Subscription) => Promise<void>;
}

/**
 * A subscription: frames of every subject that its filter selects, to a listener or by iterating. An iterator has a
 * bounded queue; when it is full the client stops reading, and the broker treats it as the slow consumer it is.
 */
export class Subscription implements AsyncIterable<FrameView> {
  readonly filter: string;
  /** @internal */ readonly number: number;
  /** Whether the client knows the positions of all subjects of the filter. @internal */ complete = false;
  readonly #host: SubscriptionHost;
  readonly #listener: FrameListener | undefined;
  readonly #queue = new FrameQueue();
  readonly #maxQueued: number;
  #full = false;
  #ended = false;

  /** @internal */
  constructor(
    filter: string,
    number: number,
    listener: FrameListener | undefined,
    maxQueued: number,
    host: SubscriptionHost,
  ) {
    this.filter = filter;
    this.number = number;
    this.#listener = listener;
    this.#maxQueued = maxQueued;
    this.#host = host;
  }

  /** Frames waiting to be iterated. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Ends it: frames that the broker sent before still come. Iteration ends after what is queued. */
  unsubscribe(): Promise<void> {
    return this.#ended ? Promise.resolve() : this.#host.unsubscribe(this);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FrameView, void, undefined> {
    try {
      for (;;) {
        const frame = await this.#queue.take();
        if (frame === undefined) return;
        if (this.#full && this.#queue.length * 2 <= this.#maxQueued) {
          this.#full = false;
          this.#host.relieve(this);
        }
        yield frame;
      }
    } finally {
      await this.unsubscribe();
    }
  }

  /** @internal */
  deliver(frame: FrameView): void {
    if (this.#listener !== undefined) {
      try {
        this.#listener(frame);
      } catch (thrown) {
        this.#host.failed(thrown);
      }
      return;
    }
    if (this.#queue.length >= this.#maxQueued && !this.#full) this.#full = this.#host.full(this);
    // While the client has stopped reading, what it had read already still fits on top.
    if (this.#queue.length >= this.#maxQueued && !this.#full) this.#host.dropped(frame);
    else this.#queue.push(frame.retain());
  }

  /** @internal */
  end(): void {
    if (this.#full) this.#host.relieve(this);
    this.#full = false;
    this.#ended = true;
    this.#queue.end();
  }
}
