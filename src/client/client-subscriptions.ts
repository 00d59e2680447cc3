import type { ControlOf } from '../codec/control-message.js';
import { type ModwireError, toModwireError } from '../errors.js';
import { cancelled } from './abort.js';
import type { ClientEmitter } from './client-events.js';
import type { FrameReading } from './frame-reading.js';
import type { Inbox } from './inbox.js';
import type { Link } from './link.js';
import { notConnected } from './not-connected.js';
import { PendingAnswers } from './pending-answers.js';
import { ReadingGate } from './reading-gate.js';
import type { SubscribeOptions } from './subscribe-options.js';
import { type AnySubscription, Subscription, type SubscriptionHost } from './subscription.js';
import { UnreadableNotices } from './unreadable-notices.js';

export interface ClientSubscriptionsParts {
  readonly link: Link;
  readonly inbox: Inbox;
  readonly events: ClientEmitter;
  readonly maxQueuedFrames: number;
  /** Milliseconds. */
  readonly answerMs: number;
  /** Whether somebody waits for another answer of the broker, for which the client has to read. */
  readonly awaiting: () => boolean;
}

/** The subscriptions of a client, over all its connections. */
export class ClientSubscriptions {
  readonly #parts: ClientSubscriptionsParts;
  readonly #gate: ReadingGate;
  readonly #open = new Map<number, AnySubscription>();
  readonly #starting: PendingAnswers<number, void>;
  readonly #ending: PendingAnswers<number, void>;
  readonly #host: SubscriptionHost;
  #nextNumber = 1;

  constructor(parts: ClientSubscriptionsParts) {
    const { link, inbox, events, answerMs, awaiting } = parts;
    this.#parts = parts;
    this.#gate = new ReadingGate(
      () => link.connection,
      () => this.#starting.size > 0 || this.#ending.size > 0 || awaiting(),
    );
    this.#starting = new PendingAnswers('answer to a subscription', answerMs, () => this.#gate.update());
    this.#ending = new PendingAnswers('answer to an unsubscription', answerMs, () => this.#gate.update());
    const notices = new UnreadableNotices((what) => events.emit('unreadable', what));
    this.#host = {
      full: (subscription) => this.#gate.full(subscription),
      relieve: (subscription) => this.#gate.relieve(subscription),
      dropped: (frame) => inbox.dropped(frame),
      unreadable: (what) => notices.tell(what),
      failed: (thrown) => events.emit('error', toModwireError(thrown)),
      unsubscribe: (subscription) => this.#end(subscription),
    };
  }

  async start<Item>(
    filter: string,
    reading: FrameReading<Item>,
    options: SubscribeOptions,
  ): Promise<Subscription<Item>> {
    const number = this.#nextNumber++;
    const { maxQueuedFrames } = this.#parts;
    const { signal } = options;
    const subscription = new Subscription(filter, number, reading, maxQueuedFrames, this.#host, options);
    this.#open.set(number, subscription);
    try {
      const answer = this.#starting.wait(number, signal);
      this.#send([subscription], false);
      await answer;
    } catch (thrown) {
      this.#forget(subscription);
      throw thrown;
    }
    if (signal?.aborted) {
      await subscription.unsubscribe();
      throw cancelled(signal);
    }
    subscription.endOn(signal);
    return subscription;
  }

  /** Takes all subscriptions up on a new connection, saying what has been seen. What is refused ends, and is told. */
  async resume(): Promise<void> {
    const { link, events } = this.#parts;
    const { connection } = link;
    const resumed = async (subscription: AnySubscription, answer: Promise<void>) => {
      try {
        await answer;
      } catch (thrown) {
        // Without this connection the next one takes it up.
        if (connection !== link.connection) return;
        const error = toModwireError(thrown);
        // A late answer still counts.
        if (error.code !== 'DEADLINE_EXCEEDED') this.#forget(subscription);
        events.emit('error', error);
      }
    };
    const resuming = [...this.#open.values()].filter(({ accepted }) => accepted);
    const answers = resuming.map((one) => resumed(one, this.#starting.wait(one.number)));
    // In one batch, so that the broker has all before it hands over anything to some of them.
    this.#send(resuming, true);
    await Promise.all(answers);
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#open.values()].map((subscription) => subscription.unsubscribe()));
  }

  /** What somebody awaits has changed. */
  awaitingChanged(): void {
    this.#gate.update();
  }

  /** The connection is gone. */
  lost(error: ModwireError): void {
    this.#gate.lost();
    this.#starting.rejectAll(error);
    this.#ending.rejectAll(error);
    for (const subscription of this.#open.values()) subscription.lost();
  }

  /** The client is closed. */
  close(): void {
    for (const subscription of [...this.#open.values()]) this.#forget(subscription);
  }

  /** At once, before the frames that follow in the same batch. */
  subscribed(message: ControlOf<'subscribed'>): void {
    const { inbox, link } = this.#parts;
    const subscription = this.#open.get(message.subscription);
    if (subscription === undefined) {
      // Nobody waited for it any longer.
      link.send({ type: 'unsubscribe', subscription: message.subscription });
      return;
    }
    subscription.takenUp();
    this.#starting.resolve(message.subscription);
    if (subscription.group !== undefined) return;
    inbox.missed(message.missed, 'disconnected');
    // Who knew all subjects, and is told what was missed of any, knows them still, even if too many to be listed.
    inbox.add(subscription, message.positions, message.complete || subscription.complete);
  }

  /** At once: frames that follow in the same batch may have other subscriptions, but not this one. */
  unsubscribed(message: ControlOf<'unsubscribed'>): void {
    const subscription = this.#open.get(message.subscription);
    if (subscription !== undefined) this.#forget(subscription);
    this.#ending.resolve(message.subscription);
  }

  /** At once: what follows in the same batch is for this one alone. */
  share(number: number): void {
    this.#parts.inbox.share(this.#open.get(number));
  }

  /** At once: frames that follow are not for these. */
  unreadable({ anew, schemaId, subscriptions }: ControlOf<'unreadable'>): void {
    if (anew) for (const subscription of this.#open.values()) subscription.canReadAgain();
    for (const number of subscriptions) this.#open.get(number)?.cannotRead(schemaId);
  }

  /** False when nobody waits for this subscription's answer. */
  refused(number: number, error: ModwireError): boolean {
    return this.#starting.reject(number, error) || this.#ending.reject(number, error);
  }

  /** Asks for subscriptions that somebody waits for. */
  #send(subscriptions: readonly AnySubscription[], again: boolean): void {
    const { link, inbox } = this.#parts;
    const maxBytes = link.connection?.welcome.maxBatchBytes ?? 0;
    const requests = subscriptions.map((subscription): ControlOf<'subscribe'> => {
      const { number, filter, reading, group = '', skipHistory } = subscription;
      // What a member of a group has seen says nothing of what the group has.
      const resume = again && group === '';
      const positions = resume ? inbox.positions(subscription, maxBytes) : [];
      // What does not fit makes it incomplete.
      const complete = resume && subscription.complete;
      const { reads } = reading;
      return {
        ...({ type: 'subscribe', subscription: number } as const),
        ...{ filter, resume, complete, positions, reads, group, skipHistory },
      };
    });
    if (link.sendAll(requests)) return;
    for (const { number } of subscriptions) this.#starting.reject(number, notConnected());
  }

  async #end(subscription: AnySubscription): Promise<void> {
    const { number } = subscription;
    const { link } = this.#parts;
    if (!this.#open.has(number)) return;
    const { connection } = link;
    this.#gate.relieve(subscription);
    try {
      const answer = this.#ending.wait(number);
      // Without a connection there is nothing to end but here.
      if (!link.send({ type: 'unsubscribe', subscription: number })) this.#ending.resolve(number);
      await answer;
    } catch (thrown) {
      // With its connection the subscription is gone too.
      if (connection === link.connection) throw thrown;
    } finally {
      this.#forget(subscription);
    }
  }

  #forget(subscription: AnySubscription): void {
    if (!this.#open.delete(subscription.number)) return;
    this.#parts.inbox.remove(subscription);
    subscription.end();
  }
}
