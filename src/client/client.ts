import type { ControlMessage, ControlOf } from '../codec/control-message.js';
import { FrameWriter } from '../codec/frame-writer.js';
import { FrameFlags } from '../codec/generated/modwire/frame-flags.js';
import { toHex } from '../codec/message-id.js';
import { checkFilter } from '../codec/subject.js';
import { errorCodeOf, ModwireError } from '../errors.js';
import { throwIfAborted } from './abort.js';
import { ClientEmitter, type ClientEvents } from './client-events.js';
import { ClientSubscriptions } from './client-subscriptions.js';
import { atEndOfTurn } from './connection.js';
import { FrameFactory } from './frame-factory.js';
import { Inbox } from './inbox.js';
import { Link } from './link.js';
import { notConnected } from './not-connected.js';
import type { ResolvedConnectOptions } from './options.js';
import { Outbox } from './outbox.js';
import { PendingAnswers } from './pending-answers.js';
import type { AckedPublishOptions, Payload, PublishAck, PublishOptions } from './publish-options.js';
import type { FrameListener, Subscription } from './subscription.js';

/** Nonces below this are the heartbeat's. */
const FIRST_NONCE = 2 ** 32;

/** A client of one broker: `connect` makes one. */
export class Client {
  readonly #events = new ClientEmitter();
  readonly #factory = new FrameFactory();
  readonly #outbox: Outbox;
  readonly #inbox: Inbox;
  readonly #link: Link;
  readonly #subscriptions: ClientSubscriptions;
  readonly #acks: PendingAnswers<string, { epoch: number; sequence: number }>;
  readonly #pongs: PendingAnswers<number, void>;
  readonly #answerMs: number;
  #nextNonce = FIRST_NONCE;
  /** Whether the broker has let frames pass this connection by. */
  #slow = false;

  /** @internal */
  constructor(options: ResolvedConnectOptions) {
    const { answerMs } = options;
    const awaiting = () => this.#subscriptions.awaitingChanged();
    this.#answerMs = answerMs;
    this.#acks = new PendingAnswers('acknowledgement', answerMs, awaiting);
    this.#pongs = new PendingAnswers('pong', answerMs, awaiting);
    const { batchBytes, maxPendingBytes } = options;
    this.#outbox = new Outbox(new FrameWriter(), batchBytes, maxPendingBytes, atEndOfTurn, awaiting);
    this.#inbox = new Inbox(options.maxTrackedSubjects, atEndOfTurn, {
      gap: (gap) => this.#events.emit('gap', gap),
      failed: (error) => this.#events.emit('error', error),
    });
    this.#link = new Link(options, {
      events: this.#events,
      outbox: this.#outbox,
      frame: (memory, start, end) => this.#inbox.frame(memory, start, end),
      control: (message) => this.#control(message),
      lost: (error) => this.#lost(error),
      resume: () => this.#subscriptions.resume(),
      over: () => void this.close(),
    });
    this.#subscriptions = new ClientSubscriptions({
      link: this.#link,
      inbox: this.#inbox,
      events: this.#events,
      maxQueuedFrames: options.maxQueuedFrames,
      answerMs,
      awaiting: () => this.#acks.size > 0 || this.#pongs.size > 0 || this.#outbox.awaited,
    });
  }

  /** Whether there is a connection at this moment. */
  get connected(): boolean {
    return this.#link.connection !== undefined;
  }

  get closed(): boolean {
    return this.#link.closed;
  }

  /** Listens until the returned function is called. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Publishes. It never waits: what is published in one turn of the event loop leaves together, at most once, and
   * waits here while there is no connection. The result is backpressure: false says that the broker's window is full;
   * the message is kept all the same, but `await client.ready()` before publishing more.
   * With `ack: true` the result is a promise of the broker's word, which rejects when the message is refused or the
   * connection is lost.
   *
   * Throws INVALID_ARGUMENT for a bad subject, payload or option, RESOURCE_EXHAUSTED for a frame that is too large or
   * when more than `maxPendingBytes` wait, FAILED_PRECONDITION on a closed client.
   */
  publish(subject: string, payload: Payload, options: AckedPublishOptions): Promise<PublishAck>;
  publish(subject: string, payload: Payload, options?: PublishOptions): boolean;
  publish(
    subject: string,
    payload: Payload,
    options?: PublishOptions | AckedPublishOptions,
  ): boolean | Promise<PublishAck> {
    if (options !== undefined && 'ack' in options && options.ack)
      return this.#publishAcked(subject, payload, options);
    this.#throwIfClosed();
    return this.#outbox.add(this.#factory.make(subject, payload, options, 0));
  }

  /** Resolves when `publish` would return true. */
  async ready(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    this.#throwIfClosed();
    await this.#outbox.untilOpen(options);
  }

  /**
   * Subscribes to every subject that `filter` selects (`*` one token, `>` one or more at the end), to a listener, or
   * to iterate over the subscription. Resolves when the broker has accepted it. The signal ends it again.
   */
  subscribe(filter: string, options?: { readonly signal?: AbortSignal }): Promise<Subscription>;
  subscribe(
    filter: string,
    listener: FrameListener,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Subscription>;
  async subscribe(
    filter: string,
    listenerOrOptions?: FrameListener | { readonly signal?: AbortSignal },
    options?: { readonly signal?: AbortSignal },
  ): Promise<Subscription> {
    const listener = typeof listenerOrOptions === 'function' ? listenerOrOptions : undefined;
    const signal = (typeof listenerOrOptions === 'function' ? options : listenerOrOptions)?.signal;
    this.#throwIfClosed();
    throwIfAborted(signal);
    checkFilter(filter);
    return this.#subscriptions.start(filter, listener, signal);
  }

  /**
   * Resolves when the broker has taken everything published so far. Rejects with UNAVAILABLE when the connection is
   * lost meanwhile, because nobody knows what of it has arrived, and with DEADLINE_EXCEEDED when nothing can be sent
   * for `answerMs` or the answer takes longer than that.
   */
  async flush(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    this.#throwIfClosed();
    const { losses } = this.#link;
    this.#outbox.flush();
    await this.#outbox.untilHanded({ ...options, timeoutMs: this.#answerMs });
    if (losses !== this.#link.losses) {
      throw new ModwireError('UNAVAILABLE', 'the connection was lost before the broker had taken everything');
    }
    await this.#ping(options.signal);
  }

  /**
   * Closes gracefully: sees everything published to the broker, ends all subscriptions when what was sent before has
   * come, then closes. It closes in any case; it rejects as `flush` does when it cannot see everything to the broker.
   */
  async drain(): Promise<void> {
    try {
      await this.flush();
      await this.#subscriptions.endAll();
      // Listeners may have published meanwhile.
      await this.flush();
    } finally {
      await this.close();
    }
  }

  /** Closes at once. What was published and not sent is lost; pending promises reject with CANCELLED. */
  async close(): Promise<void> {
    if (this.closed) return;
    const reason = new ModwireError('CANCELLED', 'the client was closed');
    this.#link.close(reason);
    this.#acks.rejectAll(reason);
    this.#lost(reason);
    this.#subscriptions.close();
    this.#events.emit('close', undefined);
  }

  /** Opens the first connection. @internal */
  open(): Promise<void> {
    return this.#link.open();
  }

  async #ping(signal: AbortSignal | undefined): Promise<void> {
    const nonce = this.#nextNonce++;
    const pong = this.#pongs.wait(nonce, signal);
    if (!this.#link.send({ type: 'ping', nonce })) this.#pongs.reject(nonce, notConnected());
    await pong;
  }

  #lost(error: ModwireError): void {
    this.#slow = false;
    this.#subscriptions.lost(error);
    // What is not sent yet will be, over the next connection.
    this.#acks.rejectAll(error, this.#outbox.handedBytes);
    this.#pongs.rejectAll(error);
  }

  #control(message: ControlMessage): void {
    switch (message.type) {
      case 'credit':
        this.#outbox.credit(message.bytes);
        break;
      case 'ack':
        for (const { id, epoch, sequence } of message.entries)
          this.#acks.resolve(toHex(id), { epoch, sequence });
        break;
      case 'subscribed':
        this.#subscriptions.subscribed(message);
        break;
      case 'unsubscribed':
        this.#subscriptions.unsubscribed(message);
        break;
      case 'pong':
        this.#pongs.resolve(message.nonce);
        break;
      case 'ping':
        this.#link.send({ type: 'pong', nonce: message.nonce });
        break;
      case 'failure':
        this.#failure(message);
        break;
      case 'slow':
        this.#slow = true;
        this.#events.emit('slow', { bufferedBytes: message.bufferedBytes, limitBytes: message.limitBytes });
        break;
      case 'gap':
        this.#inbox.missed(message.missed, this.#slow ? 'slow' : 'disconnected');
        break;
      case 'goodbye':
        this.#goodbye(message);
        break;
      default:
        this.#events.emit('error', new ModwireError('PROTOCOL_VIOLATION', `the broker sent ${message.type}`));
    }
  }

  #failure(message: ControlOf<'failure'>): void {
    const error = new ModwireError(errorCodeOf(message.code), message.message);
    const { reference, subscription } = message;
    if (subscription !== undefined && this.#subscriptions.refused(subscription, error)) return;
    if (reference !== undefined && this.#acks.reject(toHex(reference), error)) return;
    this.#events.emit('error', error);
  }

  /** Publishes what is under way, then says that there is no more; frames still come until the broker closes. */
  #goodbye(message: ControlOf<'goodbye'>): void {
    this.#events.emit('goodbye', { message: message.message, graceMs: message.graceMs });
    const { connection } = this.#link;
    this.#outbox.flush();
    const depart = () => {
      if (connection === this.#link.connection) this.#link.depart();
    };
    // Rejects when the client is closed meanwhile.
    this.#outbox.untilHanded({}).then(depart, () => undefined);
  }

  async #publishAcked(subject: string, payload: Payload, options: AckedPublishOptions): Promise<PublishAck> {
    this.#throwIfClosed();
    throwIfAborted(options.signal);
    const fields = this.#factory.make(subject, payload, options, FrameFlags.ack);
    const id = fields.id.slice();
    this.#outbox.add(fields);
    const { epoch, sequence } = await this.#acks.wait(toHex(id), options.signal, this.#outbox.writtenBytes);
    return { subject, id, epoch, sequence };
  }

  #throwIfClosed(): void {
    if (this.closed) {
      throw new ModwireError('FAILED_PRECONDITION', {
        what: 'the client is closed',
        advice: 'connect again',
      });
    }
  }
}
