/// <reference lib="esnext.disposable" preserve="true" />
// For projects that have no Symbol.asyncDispose among their own declarations.
import type { ControlOf } from '../../codec/control-message.js';
import type { FrameView } from '../../codec/frame-view.js';
import { Verdict } from '../../codec/generated/modwire/control/verdict.js';
import { toHex } from '../../codec/message-id.js';
import { ModwireError, toModwireError } from '../../errors.js';
import { onAbort } from '../abort.js';
import type { Unreadable } from '../client-events.js';
import { ConditionWaiters } from '../condition-waiters.js';
import type { ConsumeTerms, MessageHandler } from './consume-options.js';
import type { LostRange } from './lost-range.js';
import { RecordQueue } from './record-queue.js';
import { type MessageHost, StreamMessage } from './stream-message.js';
import type { TakerHost } from './stream-taker.js';

/** What a consumer needs of its client. @internal */
export interface ConsumerHost extends TakerHost {
  readonly unreadable: (what: Unreadable) => void;
}

/**
 * A member of a durable consumer, over all connections of its client: records of its stream, to a handler or by iterating. It never
 * has more of them than its capacity. What it has when its connection is lost is delivered again, to it or another member.
 */
export class Consumer<Value = undefined> implements AsyncIterable<StreamMessage<Value>> {
  /** @internal */ readonly number: number;
  /** @internal */ accepted = false;
  readonly #terms: ConsumeTerms<Value>;
  readonly #host: ConsumerHost;
  readonly #messageHost: MessageHost = { settle: (...all) => this.#settle(...all) };
  /** Messages that wait to be iterated, or for a handler. */
  readonly #queue = new RecordQueue<StreamMessage<Value>>();
  readonly #handled = new ConditionWaiters(() => undefined);
  #running = 0;
  #era = 0;
  #leaving: Promise<void> | undefined;
  /** Nobody takes messages any more. */
  #over = false;
  #offAbort = () => {};

  /** @internal */
  constructor(number: number, terms: ConsumeTerms<Value>, host: ConsumerHost) {
    this.number = number;
    this.#terms = terms;
    this.#host = host;
  }

  /** Of the stream. */
  get stream(): string {
    return this.#terms.stream;
  }

  /** Of the durable consumer. */
  get name(): string {
    return this.#terms.name;
  }

  /** Messages that wait here: to be iterated, or for one of the handlers that run to end. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Handlers that run. */
  get running(): number {
    return this.#running;
  }

  /**
   * Takes no more records: iteration ends after what is queued, which may be settled still. Resolves when the handlers of what it
   * has have ended.
   */
  async drain(): Promise<void> {
    await this.#leave();
    await this.idle();
  }

  /** The same, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.drain();
  }

  /** Messages in their order. Leaving the loop ends the consumer, and gives back what is queued. */
  async *[Symbol.asyncIterator](): AsyncGenerator<StreamMessage<Value>, void, undefined> {
    try {
      while (await this.#queue.filled()) {
        const message = this.#queue.shift();
        if (message !== undefined) yield message;
      }
    } finally {
      this.#over = true;
      for (const one of this.#queue.clear()) if (one instanceof StreamMessage) giveBack(one);
      await this.#leave();
    }
  }

  /** Drains it when the signal fires. @internal */
  drainOn(signal: AbortSignal | undefined): void {
    this.#offAbort = onAbort(signal, () => {
      this.drain().catch(this.#host.failed);
    });
  }

  /** @internal */
  get request(): ControlOf<'consume'> {
    const { stream, name, capacity, windowBytes } = this.#terms;
    return { type: 'consume', consumer: this.number, stream, name, options: '', capacity, windowBytes };
  }

  /** @internal */
  takenUp(): void {
    this.accepted = true;
  }

  /** @internal */
  record(frame: FrameView, offset: number, attempt: number): void {
    const { reading } = this.#terms;
    const place = [offset, attempt, this.#era] as const;
    const message = new StreamMessage(frame.retain(), place, this.#messageHost, reading.read);
    const reason = reading.refusal?.(frame);
    if (reason !== undefined) this.#refuse(message, reason);
    else if (this.#over) giveBack(message);
    else {
      this.#queue.push(message);
      this.#fill();
    }
  }

  /** @internal */
  lost(range: LostRange): void {
    this.#terms.onLost(range);
  }

  /** @internal */
  disconnected(): void {
    this.#era++;
    this.#queue.clear();
    this.#handled.check();
  }

  /** @internal */
  end(error: ModwireError | undefined): void {
    this.#leaving ??= Promise.resolve();
    this.#offAbort();
    this.#queue.end(this.#terms.handler === undefined ? error : undefined);
    if (error !== undefined && this.#terms.handler !== undefined) this.#host.failed(error);
  }

  /** @internal */
  async idle(): Promise<void> {
    if (this.#terms.handler === undefined) return;
    const isMet = () => this.#running === 0 && this.#queue.length === 0;
    await this.#handled.wait({ what: 'without records', isMet, progress: () => 0 }, {});
    this.#host.settlements.flush();
  }

  #leave(): Promise<void> {
    this.#leaving ??= this.#host.leave(this).finally(() => this.end(undefined));
    return this.#leaving;
  }

  /** Calls the handler for what waits, as far as its capacity goes: of a lost connection some may still run. */
  #fill(): void {
    const { handler, capacity } = this.#terms;
    if (handler === undefined) return;
    while (this.#running < capacity) {
      const message = this.#queue.shift();
      if (message === undefined) break;
      this.#running++;
      void this.#handle(message, handler);
    }
    this.#handled.check();
  }

  async #handle(message: StreamMessage<Value>, handler: MessageHandler<Value>): Promise<void> {
    try {
      await handler(message);
      message.ack();
    } catch (thrown) {
      const error = toModwireError(thrown);
      message.nak({ reason: error.message });
      // Of the table is what the handler means to say; anything else may be a fault of it.
      if (!(thrown instanceof ModwireError)) this.#host.failed(error);
    }
    this.#running--;
    this.#fill();
  }

  #refuse(message: StreamMessage<Value>, reason: string): void {
    const { subject, schemaId } = message.frame;
    const filter = `${this.stream}/${this.name}`;
    this.#host.unreadable({ subject, schemaId: schemaId && toHex(schemaId), filter, reason });
    message.term(reason);
  }

  #settle(message: StreamMessage<unknown>, verdict: Verdict, delayMs?: number, reason?: string): boolean {
    if (message.settled || message.era !== this.#era) return false;
    const { settlements } = this.#host;
    if (verdict === Verdict.ack) settlements.ack(this.number, message.offset);
    else settlements.add(this.number, verdict, message.offset, delayMs, reason);
    message.settled = verdict !== Verdict.working;
    return true;
  }
}

/** At once: nobody has looked at it. */
function giveBack(message: StreamMessage<unknown>): void {
  message.nak({ delayMs: 0, reason: 'the consumer ended before its turn' });
}
