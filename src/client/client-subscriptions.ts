import type { ControlOf } from '../codec/control-message.js';
import { type ModwireError, toModwireError } from '../errors.js';
import type { ClientEmitter } from './client-events.js';
import type { Inbox } from './inbox.js';
import type { Link } from './link.js';
import { notConnected } from './not-connected.js';
import { PendingAnswers } from './pending-answers.js';
import { type FrameListener, Subscription, type SubscriptionHost } from './subscription.js';

/** The subscriptions of a client, over all its connections. */
export class ClientSubscriptions {
  readonly #link: Link;
  readonly #inbox: Inbox;
  readonly #maxQueuedFrames: number;
  readonly #open = new Map<number, Subscription>();
  readonly #answers: PendingAnswers<number, void>;
  /** Those whose queue is full: nothing is read while there is one. */
  readonly #full = new Set<Subscription>();
  readonly #host: SubscriptionHost;
  #nextNumber = 1;

  constructor(link: Link, inbox: Inbox, events: ClientEmitter, maxQueuedFrames: number, answerMs: number) {
    this.#link = link;
    this.#inbox = inbox;
    this.#maxQueuedFrames = maxQueuedFrames;
    this.#answers = new PendingAnswers('answer to a subscription', answerMs);
    this.#host = {
      full: (subscription) => this.#stopReading(subscription),
      relieve: (subscription) => this.#readOn(subscription),
      dropped: (frame) => inbox.dropped(frame),
      failed: (thrown) => events.emit('error', toModwireError(thrown)),
      unsubscribe: (subscription) => this.#end(subscription),
    };
  }

  async start(
    filter: string,
    listener: FrameListener | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Subscription> {
    const number = this.#nextNumber++;
    const subscription = new Subscription(filter, number, listener, this.#maxQueuedFrames, this.#host);
    this.#open.set(number, subscription);
    try {
      await this.#subscribe(subscription, false, signal);
    } catch (thrown) {
      this.#open.delete(number);
      this.#inbox.remove(subscription);
      throw thrown;
    }
    return subscription;
  }

  /** Takes all subscriptions up on a new connection, saying what has been seen. */
  async resume(): Promise<void> {
    await Promise.all([...this.#open.values()].map((one) => this.#subscribe(one, true, undefined)));
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#open.values()].map((subscription) => subscription.unsubscribe()));
  }

  /** The connection is gone. */
  lost(error: ModwireError): void {
    this.#full.clear();
    this.#answers.rejectAll(error);
  }

  /** The client is closed. */
  close(error: ModwireError): void {
    this.#answers.rejectAll(error);
    for (const subscription of this.#open.values()) subscription.end();
    this.#open.clear();
  }

  /** At once, before the frames that follow in the same batch. */
  subscribed(message: ControlOf<'subscribed'>): void {
    const subscription = this.#open.get(message.subscription);
    if (subscription !== undefined) {
      this.#inbox.missed(message.missed, 'disconnected');
      this.#inbox.add(subscription, message.positions, message.complete);
    }
    this.#answers.resolve(message.subscription);
  }

  unsubscribed(message: ControlOf<'unsubscribed'>): void {
    this.#answers.resolve(message.subscription);
  }

  /** False when nobody waits for this subscription's answer. */
  refused(number: number, error: ModwireError): boolean {
    return this.#answers.reject(number, error);
  }

  async #subscribe(
    subscription: Subscription,
    resume: boolean,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { number, filter } = subscription;
    const answer = this.#answers.wait(number, signal);
    const sent = this.#link.send({
      type: 'subscribe',
      subscription: number,
      filter,
      resume,
      complete: resume && subscription.complete,
      positions: resume ? this.#inbox.positions(subscription) : [],
    });
    if (!sent) this.#answers.reject(number, notConnected());
    await answer;
  }

  async #end(subscription: Subscription): Promise<void> {
    const { number } = subscription;
    if (!this.#open.has(number)) return;
    try {
      const answer = this.#answers.wait(number);
      // Without a connection there is nothing to end but here.
      if (!this.#link.send({ type: 'unsubscribe', subscription: number })) this.#answers.resolve(number);
      await answer;
    } finally {
      this.#open.delete(number);
      this.#inbox.remove(subscription);
      subscription.end();
    }
  }

  #stopReading(subscription: Subscription): boolean {
    if (!this.#link.connection?.pause()) return false;
    this.#full.add(subscription);
    return true;
  }

  #readOn(subscription: Subscription): void {
    if (this.#full.delete(subscription) && this.#full.size === 0) this.#link.connection?.resume();
  }
}
