import type { FrameView } from '../codec/frame-view.js';
import { onAbort } from './abort.js';
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
  /** A listener threw, or ending it failed and nobody waits for that. */
  readonly failed: (thrown: unknown) => void;
  readonly unsubscribe: (subscription: Subscription) => Promise<void>;
}

/**
 * A subscription: frames of every subject that its filter selects, to a listener or by iterating. An iterator has a
 * bounded queue; when it is full the client stops reading, and the broker treats it as the slow consumer it is. While
 * an answer of the broker is awaited the client has to read on: what does not fit then is dropped and told as a gap.
 */
export class Subscription implements AsyncIterable<FrameView> {
  readonly filter: string;
  /** @internal */ readonly number: number;
  /** Whether the broker has ever accepted it. @internal */ accepted = false;
  /** Whether the client knows the positions of all subjects of the filter. @internal */ complete = false;
  readonly #host: SubscriptionHost;
  readonly #listener: FrameListener | undefined;
  readonly #queue = new FrameQueue();
  readonly #maxQueued: number;
  #offAbort = () => {};
  #ending: Promise<void> | undefined;
  /** Nobody takes frames any more. */
  #over = false;

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
    this.#ending ??= this.#host.unsubscribe(this);
    return this.#ending;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FrameView, void, undefined> {
    try {
      for (;;) {
        const frame = await this.#queue.take();
        if (frame === undefined) return;
        if (this.#queue.length * 2 <= this.#maxQueued) this.#host.relieve(this);
        yield frame;
      }
    } finally {
      this.#over = true;
      this.#queue.clear();
      await this.unsubscribe();
    }
  }

  /** Ends it when the signal fires. @internal */
  endOn(signal: AbortSignal | undefined): void {
    this.#offAbort = onAbort(signal, () => {
      this.unsubscribe().catch(this.#host.failed);
    });
  }

  /** @internal */
  deliver(frame: FrameView): void {
    if (this.#over) return;
    if (this.#listener !== undefined) {
      try {
        this.#listener(frame);
      } catch (thrown) {
        this.#host.failed(thrown);
      }
    } else if (this.#queue.length < this.#maxQueued || this.#ending !== undefined || this.#host.full(this)) {
      // Beyond the bound comes only what was read already, or sent before the end.
      this.#queue.push(frame.retain());
    } else this.#host.dropped(frame);
  }

  /** No more frames come. @internal */
  end(): void {
    this.#over = true;
    this.#offAbort();
    this.#host.relieve(this);
    this.#queue.end();
  }
}
