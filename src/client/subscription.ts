import type { FrameView } from '../codec/frame-view.js';
import { toHex } from '../codec/message-id.js';
import { onAbort } from './abort.js';
import type { Unreadable } from './client-events.js';
import { FrameQueue } from './frame-queue.js';
import type { FrameReading } from './frame-reading.js';
import { SchemaBarrier } from './schema-barrier.js';
import type { SubscribeOptions } from './subscribe-options.js';

/** A subscription, whatever it makes of its frames. @internal */
export type AnySubscription = Subscription<unknown>;

/** What a subscription needs of its client. @internal */
export interface SubscriptionHost {
  /** The queue is full. True when no more will come until `relieve`; false when that cannot be had. */
  readonly full: (subscription: AnySubscription) => boolean;
  readonly relieve: (subscription: AnySubscription) => void;
  /** A frame was dropped because the queue was full. */
  readonly dropped: (frame: FrameView) => void;
  /** Frames came, or were kept back, that it cannot read. */
  readonly unreadable: (what: Unreadable) => void;
  /** A listener threw, or ending it failed and nobody waits for that. */
  readonly failed: (thrown: unknown) => void;
  readonly unsubscribe: (subscription: AnySubscription) => Promise<void>;
}

/**
 * A subscription: frames of every subject that its filter selects, to a listener or by iterating; with a contract, also
 * their values. An iterator has a bounded queue; when it is full the client stops reading, and the broker treats it as the slow consumer it is. While
 * an answer of the broker is awaited the client has to read on: what does not fit then is dropped and told as a gap.
 */
export class Subscription<Item = FrameView> implements AsyncIterable<Item> {
  readonly filter: string;
  /** The group with whose other members it shares what the filter selects; undefined when it gets everything. */
  readonly group: string | undefined;
  /** Whether it does without what a stream has of what it missed. */
  readonly skipHistory: boolean;
  /** @internal */ readonly number: number;
  /** Whether the broker has ever accepted it. @internal */ accepted = false;
  /** Whether the client knows the positions of all subjects of the filter. @internal */ complete = false;
  /** @internal */ readonly reading: FrameReading<Item>;
  readonly #host: SubscriptionHost;
  readonly #queue = new FrameQueue();
  readonly #maxQueued: number;
  #offAbort = () => {};
  #ending: Promise<void> | undefined;
  /** Nobody takes frames any more. */
  #over = false;
  #unreadable = 0;
  /** Undefined when the broker hands over nothing but what it reads. */
  #barrier: SchemaBarrier | undefined;

  /** @internal */
  constructor(
    filter: string,
    number: number,
    reading: FrameReading<Item>,
    maxQueued: number,
    host: SubscriptionHost,
    { group, skipHistory = false }: Pick<SubscribeOptions, 'group' | 'skipHistory'> = {},
  ) {
    this.filter = filter;
    this.group = group;
    this.skipHistory = skipHistory;
    this.number = number;
    this.reading = reading;
    this.#maxQueued = maxQueued;
    this.#host = host;
  }

  /** Frames waiting to be iterated. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Frames of the filter's subjects that its contract cannot read, and that it did not get for that. */
  get unreadable(): number {
    return this.#unreadable;
  }

  /** Ends it: frames that the broker sent before still come. Iteration ends after what is queued. */
  unsubscribe(): Promise<void> {
    this.#ending ??= this.#host.unsubscribe(this);
    return this.#ending;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    try {
      for (;;) {
        const frame = await this.#queue.take();
        if (frame === undefined) return;
        if (this.#queue.length * 2 <= this.#maxQueued) this.#host.relieve(this);
        yield this.reading.item(frame);
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
    const barrier = this.#barrier;
    if (barrier?.stops(frame)) {
      this.#tellUnreadable(frame.subject, frame.schemaId, 1, barrier.reason);
      return;
    }
    const { reading } = this;
    if (reading.refusal !== undefined) {
      const reason = reading.refusal(frame);
      if (reason !== undefined) {
        this.#tellUnreadable(frame.subject, frame.schemaId, 1, reason);
        return;
      }
    }
    if (reading.listener !== undefined) {
      try {
        reading.listener(frame);
      } catch (thrown) {
        this.#host.failed(thrown);
      }
    } else if (this.#queue.length < this.#maxQueued || this.#ending !== undefined || this.#host.full(this)) {
      // Beyond the bound comes only what was read already, or sent before the end.
      this.#queue.push(frame.retain());
    } else this.#host.dropped(frame);
  }

  /** The broker keeps frames back that no subscription of this client, or nobody of its group, reads. @internal */
  withheld(subject: string, schemaId: Uint8Array, count: number): void {
    if (this.reading.reads.length === 0) return;
    const id = schemaId.some((byte) => byte !== 0) ? schemaId : undefined;
    this.#tellUnreadable(subject, id, count, 'the broker keeps them back: nobody here reads their schema');
  }

  /** The broker hands frames of a schema over for other subscriptions of this client, and not for this one. @internal */
  cannotRead(schemaId: Uint8Array): void {
    this.#barrier ??= SchemaBarrier.named();
    this.#barrier.add(schemaId);
  }

  /** The broker takes back what it said of schemas. @internal */
  canReadAgain(): void {
    if (!this.#barrier?.waits) this.#barrier = undefined;
  }

  /** The broker has it: from here on it says what it cannot read. @internal */
  takenUp(): void {
    this.accepted = true;
    this.#barrier = undefined;
  }

  /** The connection is gone; on the next one others of this client may be taken up before it. @internal */
  lost(): void {
    const { reads } = this.reading;
    if (reads.length > 0) this.#barrier = SchemaBarrier.waiting(reads);
  }

  /** No more frames come. @internal */
  end(): void {
    this.#over = true;
    this.#offAbort();
    this.#host.relieve(this);
    this.#queue.end();
  }

  #tellUnreadable(subject: string, schemaId: Uint8Array | undefined, count: number, reason: string): void {
    this.#unreadable += count;
    const { filter } = this;
    this.#host.unreadable({ subject, schemaId: schemaId && toHex(schemaId), filter, reason });
  }
}
