import type { ControlMessage, ControlOf } from '../codec/control-message.js';
import { FrameWriter } from '../codec/frame-writer.js';
import { FrameFlags } from '../codec/generated/modwire/frame-flags.js';
import { toHex } from '../codec/message-id.js';
import { checkFilter } from '../codec/subject.js';
import { ERRORS, errorCodeOf, ModwireError, toModwireError } from '../errors.js';
import { onAbort, throwIfAborted } from './abort.js';
import { ClientEmitter, type ClientEvents } from './client-events.js';
import { atEndOfTurn, Connection, type ConnectionHandlers } from './connection.js';
import { FrameFactory } from './frame-factory.js';
import { Inbox } from './inbox.js';
import type { ResolvedConnectOptions } from './options.js';
import { Outbox } from './outbox.js';
import { PendingAnswers } from './pending-answers.js';
import type { AckedPublishOptions, Payload, PublishAck, PublishOptions } from './publish-options.js';
import { reconnectDelay, sleep } from './reconnect.js';
import { type FrameListener, Subscription, type SubscriptionHost } from './subscription.js';

/** A client of one broker: `connect` makes one. */
export class Client {
  readonly #options: ResolvedConnectOptions;
  readonly #events = new ClientEmitter();
  readonly #factory = new FrameFactory();
  readonly #outbox: Outbox;
  readonly #inbox: Inbox;
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #acks: PendingAnswers<string, { epoch: number; sequence: number }>;
  readonly #answers: PendingAnswers<number, ControlOf<'subscribed'> | ControlOf<'unsubscribed'>>;
  readonly #pongs: PendingAnswers<number, undefined>;
  readonly #full = new Set<Subscription>();
  readonly #subscriptionHost: SubscriptionHost;
  readonly #closing = new AbortController();
  #connection: Connection | undefined;
  #maxFrameBytes = 0;
  #nextSubscription = 1;
  #nextNonce = 2 ** 32;

  /** @internal */
  constructor(options: ResolvedConnectOptions) {
    this.#options = options;
    this.#outbox = new Outbox(new FrameWriter(), options.batchBytes, options.maxPendingBytes, atEndOfTurn);
    this.#inbox = new Inbox(options.maxTrackedSubjects, {
      gap: (gap) => this.#events.emit('gap', gap),
      failed: (error) => this.#events.emit('error', error),
    });
    this.#acks = new PendingAnswers('acknowledgement', options.answerMs);
    this.#answers = new PendingAnswers('answer to a subscription', options.answerMs);
    this.#pongs = new PendingAnswers('pong', options.answerMs);
    this.#subscriptionHost = {
      full: (subscription) => this.#stopReading(subscription),
      relieve: (subscription) => this.#readOn(subscription),
      dropped: (frame) => this.#inbox.dropped(frame),
      failed: (thrown) => this.#events.emit('error', toModwireError(thrown)),
      unsubscribe: (subscription) => this.#unsubscribe(subscription),
    };
  }

  /** Whether there is a connection at this moment. */
  get connected(): boolean {
    return this.#connection !== undefined;
  }

  get closed(): boolean {
    return this.#closing.signal.aborted;
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
    const fields = this.#factory.make(subject, payload, options, 0);
    this.#checkSize(fields.payload!.length);
    return this.#outbox.add(fields);
  }

  /** Resolves when `publish` would return true. */
  ready(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return this.#whenReady(false, options.signal);
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
    const subscription = new Subscription(
      filter,
      this.#nextSubscription++,
      listener,
      this.#options.maxQueuedFrames,
      this.#subscriptionHost,
    );
    await this.#openSubscription(subscription, signal);
    const offAbort = onAbort(signal, () => {
      subscription.unsubscribe().catch((error) => this.#events.emit('error', toModwireError(error)));
    });
    this.#closing.signal.addEventListener('abort', offAbort, { once: true });
    return subscription;
  }

  /** Resolves when the broker has taken everything published so far. */
  async flush(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    this.#throwIfClosed();
    this.#outbox.flush();
    await this.#whenReady(true, options.signal);
    await this.#ping(options.signal);
  }

  /** Closes gracefully: ends all subscriptions, sees everything published to the broker, then closes. */
  async drain(): Promise<void> {
    await Promise.all([...this.#subscriptions.values()].map((subscription) => subscription.unsubscribe()));
    await this.flush();
    await this.close();
  }

  /** Closes at once. What was published and not sent is lost; pending promises reject with CANCELLED. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.#closing.abort(new ModwireError('CANCELLED', 'the client was closed'));
    this.#connection?.close();
    this.#connection = undefined;
    this.#outbox.detach();
    this.#rejectPending(new ModwireError('CANCELLED', 'the client was closed'));
    for (const subscription of this.#subscriptions.values()) subscription.end();
    this.#subscriptions.clear();
    this.#events.emit('close', undefined);
  }

  /** Opens the first connection. @internal */
  async open(): Promise<void> {
    await this.#connect(this.#options);
  }

  async #connect(options: ResolvedConnectOptions): Promise<void> {
    let connection: Connection | undefined;
    const handlers: ConnectionHandlers = {
      frame: (memory, start, end) => this.#inbox.frame(memory, start, end),
      control: (message) => this.#control(message),
      failed: (error) => this.#events.emit('error', error),
      closed: (code, detail) => {
        if (connection !== undefined && connection === this.#connection) this.#disconnected(code, detail);
      },
    };
    connection = await Connection.open(options, handlers);
    if (this.closed) {
      connection.close();
      return;
    }
    this.#connection = connection;
    connection.pinged = (byteLength) => this.#outbox.countSent(byteLength);
    this.#maxFrameBytes = connection.welcome.maxFrameBytes;
    this.#outbox.attach(connection.socket, connection.welcome.publishWindowBytes, connection.sentBytes);
  }

  #disconnected(code: number, detail: string): void {
    this.#connection = undefined;
    this.#outbox.detach();
    this.#full.clear();
    this.#rejectPending(
      new ModwireError('UNAVAILABLE', {
        what: 'the connection was lost',
        got: detail || `close code ${code}`,
      }),
    );
    const willReconnect = this.#options.reconnect;
    this.#events.emit('disconnect', { code, detail, willReconnect });
    if (willReconnect) void this.#reconnect();
    else void this.close();
  }

  async #reconnect(): Promise<void> {
    const { signal } = this.#closing;
    for (let attempts = 1; !this.closed; attempts++) {
      try {
        await sleep(reconnectDelay(attempts, this.#options), signal);
        await this.#connect({ ...this.#options, signal });
        const connection = this.#connection;
        await Promise.all([...this.#subscriptions.values()].map((one) => this.#resume(one)));
        if (connection === this.#connection) this.#events.emit('reconnect', { attempts });
        return;
      } catch (thrown) {
        if (this.closed) return;
        // Connected, but not with all subscriptions: what is missing was reported, and a loss begins this anew.
        if (this.#connection !== undefined) {
          this.#events.emit('error', toModwireError(thrown));
          return;
        }
      }
    }
  }

  async #resume(subscription: Subscription): Promise<void> {
    await this.#request(subscription.number, {
      type: 'subscribe',
      subscription: subscription.number,
      filter: subscription.filter,
      resume: true,
      complete: subscription.complete,
      positions: this.#inbox.positions(subscription),
    });
  }

  async #openSubscription(subscription: Subscription, signal: AbortSignal | undefined): Promise<void> {
    this.#subscriptions.set(subscription.number, subscription);
    try {
      await this.#request(
        subscription.number,
        {
          type: 'subscribe',
          subscription: subscription.number,
          filter: subscription.filter,
          resume: false,
          complete: false,
          positions: [],
        },
        signal,
      );
    } catch (thrown) {
      this.#subscriptions.delete(subscription.number);
      this.#inbox.remove(subscription);
      throw thrown;
    }
  }

  async #unsubscribe(subscription: Subscription): Promise<void> {
    if (!this.#subscriptions.has(subscription.number)) return;
    try {
      if (this.connected) {
        const { number } = subscription;
        await this.#request(number, { type: 'unsubscribe', subscription: number });
      }
    } finally {
      this.#subscriptions.delete(subscription.number);
      this.#inbox.remove(subscription);
      subscription.end();
    }
  }

  #request(
    subscription: number,
    message: ControlMessage,
    signal?: AbortSignal,
  ): Promise<ControlOf<'subscribed'> | ControlOf<'unsubscribed'>> {
    const answer = this.#answers.wait(subscription, signal);
    this.#send(message, () => this.#answers.reject(subscription, notConnected()));
    return answer;
  }

  async #ping(signal: AbortSignal | undefined): Promise<void> {
    const nonce = this.#nextNonce++;
    const pong = this.#pongs.wait(nonce, signal);
    this.#send({ type: 'ping', nonce }, () => this.#pongs.reject(nonce, notConnected()));
    await pong;
  }

  #send(message: ControlMessage, otherwise: () => void): void {
    if (this.#connection === undefined) otherwise();
    else this.#outbox.countSent(this.#connection.send(message));
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
        this.#subscribed(message);
        break;
      case 'unsubscribed':
        this.#answers.resolve(message.subscription, message);
        break;
      case 'pong':
        this.#pongs.resolve(message.nonce, undefined);
        break;
      case 'ping':
        this.#send({ type: 'pong', nonce: message.nonce }, () => undefined);
        break;
      case 'failure':
        this.#failure(message);
        break;
      case 'slow':
        this.#events.emit('slow', { bufferedBytes: message.bufferedBytes, limitBytes: message.limitBytes });
        break;
      case 'gap':
        this.#inbox.missed(message.missed, 'slow');
        break;
      case 'goodbye':
        this.#goodbye(message);
        break;
      default:
        this.#events.emit('error', new ModwireError('PROTOCOL_VIOLATION', `the broker sent ${message.type}`));
    }
  }

  /** At once, before the frames that follow in the same batch. */
  #subscribed(message: ControlOf<'subscribed'>): void {
    const subscription = this.#subscriptions.get(message.subscription);
    if (subscription !== undefined) {
      this.#inbox.missed(message.missed, 'disconnected');
      this.#inbox.add(subscription, message.positions, message.complete);
    }
    this.#answers.resolve(message.subscription, message);
  }

  #failure(message: ControlOf<'failure'>): void {
    const error = new ModwireError(errorCodeOf(message.code), message.message);
    const { reference, subscription } = message;
    if (subscription !== undefined && this.#answers.reject(subscription, error)) return;
    if (reference !== undefined && this.#acks.reject(toHex(reference), error)) return;
    this.#events.emit('error', error);
  }

  /** Publishes what is under way, then says that there is no more; frames still come until the broker closes. */
  #goodbye(message: ControlOf<'goodbye'>): void {
    this.#events.emit('goodbye', { message: message.message, graceMs: message.graceMs });
    const connection = this.#connection;
    this.#outbox.flush();
    this.#outbox.whenReady(true, () => {
      if (connection === undefined || connection !== this.#connection) return;
      this.#outbox.detach();
      connection.send({ type: 'goodbye', code: ERRORS.UNAVAILABLE.number, message: 'done', graceMs: 0 });
    });
  }

  async #publishAcked(subject: string, payload: Payload, options: AckedPublishOptions): Promise<PublishAck> {
    this.#throwIfClosed();
    throwIfAborted(options.signal);
    const fields = this.#factory.make(subject, payload, options, FrameFlags.ack);
    this.#checkSize(fields.payload!.length);
    const id = fields.id.slice();
    this.#outbox.add(fields);
    const { epoch, sequence } = await this.#acks.wait(toHex(id), options.signal);
    return { subject, id, epoch, sequence };
  }

  #whenReady(empty: boolean, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      try {
        this.#throwIfClosed();
        throwIfAborted(signal);
      } catch (thrown) {
        reject(thrown);
        return;
      }
      let done = false;
      let giveUp = () => {};
      const settle = () => {
        done = true;
        offAbort();
        offClose();
      };
      const fail = (error: ModwireError) => {
        settle();
        giveUp();
        reject(error);
      };
      const offAbort = onAbort(signal, fail);
      const offClose = onAbort(this.#closing.signal, fail);
      giveUp = this.#outbox.whenReady(empty, () => {
        if (done) return;
        settle();
        resolve();
      });
    });
  }

  #stopReading(subscription: Subscription): boolean {
    if (this.#connection === undefined || !this.#connection.pause()) return false;
    this.#full.add(subscription);
    return true;
  }

  #readOn(subscription: Subscription): void {
    if (this.#full.delete(subscription) && this.#full.size === 0) this.#connection?.resume();
  }

  #rejectPending(error: ModwireError): void {
    this.#acks.rejectAll(error);
    this.#answers.rejectAll(error);
    this.#pongs.rejectAll(error);
  }

  /** The frame's other parts take far less than the room that is left to them. */
  #checkSize(payloadBytes: number): void {
    if (this.#maxFrameBytes === 0 || payloadBytes <= this.#maxFrameBytes) return;
    throw new ModwireError('RESOURCE_EXHAUSTED', {
      what: 'payload too large',
      expected: `at most the broker's maxFrameBytes = ${this.#maxFrameBytes}`,
      got: `${payloadBytes} bytes`,
    });
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

function notConnected(): ModwireError {
  return new ModwireError('UNAVAILABLE', {
    what: 'not connected at this moment',
    advice: "wait for the event 'reconnect'",
  });
}
