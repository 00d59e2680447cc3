import type { ControlMessage, ControlOf } from '../codec/control-message.js';
import { errorCodeOf, ModwireError, toModwireError } from '../errors.js';
import type { Caller } from './calls/caller.js';
import type { ClientServices } from './calls/client-services.js';
import type { Worker } from './calls/worker.js';
import type { ClientContracts } from './client-contracts.js';
import type { ClientEmitter } from './client-events.js';
import type { ClientSubscriptions } from './client-subscriptions.js';
import type { Inbox } from './inbox.js';
import type { Link } from './link.js';
import type { Outbox } from './outbox.js';
import type { Publisher } from './publisher.js';
import type { RoundTrips } from './round-trips.js';
import type { ClientStreams } from './streams/client-streams.js';
import type { ManageCalls } from './streams/manage-calls.js';

export interface ControlReaderParts {
  readonly events: ClientEmitter;
  readonly link: Link;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly publisher: Publisher;
  readonly subscriptions: ClientSubscriptions;
  readonly contracts: ClientContracts;
  readonly roundTrips: RoundTrips;
  readonly caller: Caller;
  readonly services: ClientServices;
  readonly worker: Worker;
  readonly streams: ClientStreams;
  readonly manageCalls: ManageCalls;
}

/** Hands what the broker says to whom it concerns. */
export class ControlReader {
  readonly #parts: ControlReaderParts;
  /** Whether the broker has let frames pass this connection by. */
  #slow = false;

  constructor(parts: ControlReaderParts) {
    this.#parts = parts;
  }

  take(message: ControlMessage): void {
    const { events, link, outbox, inbox, publisher, subscriptions } = this.#parts;
    const { contracts, roundTrips, services, worker, streams, manageCalls } = this.#parts;
    switch (message.type) {
      case 'credit':
        outbox.credit(message.bytes);
        break;
      case 'ack':
        publisher.acknowledged(message.entries);
        break;
      case 'subscribed':
        subscriptions.subscribed(message);
        break;
      case 'unsubscribed':
        subscriptions.unsubscribed(message);
        break;
      case 'pong':
        roundTrips.answered(message.nonce);
        break;
      case 'ping':
        link.send({ type: 'pong', nonce: message.nonce });
        break;
      case 'failure':
        this.#failure(message);
        break;
      case 'slow':
        this.#slow = true;
        events.emit('slow', { bufferedBytes: message.bufferedBytes, limitBytes: message.limitBytes });
        break;
      case 'gap':
        inbox.gap(message.missed, this.#slow ? 'slow' : 'disconnected');
        break;
      case 'withheld':
        inbox.withheld(message);
        break;
      case 'share':
        subscriptions.share(message.subscription);
        break;
      case 'unreadable':
        subscriptions.unreadable(message);
        break;
      case 'registered':
      case 'resolved':
        contracts.answered(message);
        break;
      case 'serving':
        services.serving(message);
        break;
      case 'unserved':
        services.unserved(message);
        break;
      case 'explanation':
        this.#explanation(message);
        break;
      case 'grant':
        worker.granted(message.request, message.replies);
        break;
      case 'handout':
        streams.handout(message);
        break;
      case 'lost':
        streams.lost(message);
        break;
      case 'consuming':
        streams.consuming(message);
        break;
      case 'unconsumed':
        streams.unconsumed(message);
        break;
      case 'finished':
        streams.finished(message);
        break;
      case 'managed':
        manageCalls.answered(message);
        break;
      case 'goodbye':
        this.#goodbye(message);
        break;
      default:
        events.emit('error', new ModwireError('PROTOCOL_VIOLATION', `the broker sent ${message.type}`));
    }
  }

  /** The connection is gone. */
  lost(): void {
    this.#slow = false;
  }

  #failure(message: ControlOf<'failure'>): void {
    const { events, publisher, subscriptions, caller } = this.#parts;
    const error = new ModwireError(errorCodeOf(message.code), message.message);
    const { reference, subscription, call } = message;
    if (call !== undefined && this.#refused(call, error)) return;
    if (subscription !== undefined && subscriptions.refused(subscription, error)) return;
    if (reference !== undefined && caller.refused(reference, error)) return;
    if (reference !== undefined && publisher.refused(reference, error)) return;
    events.emit('error', error);
  }

  /** Numbers of calls are one space: at most one of these has asked. */
  #refused(call: number, error: ModwireError): boolean {
    const { contracts, services, streams, manageCalls } = this.#parts;
    return [contracts, services, streams, manageCalls].some((asker) => asker.refused(call, error));
  }

  #explanation({ request, json }: ControlOf<'explanation'>): void {
    try {
      this.#parts.caller.explained(request, json);
    } catch (thrown) {
      // Of whoever is told: the request goes on.
      this.#parts.events.emit('error', toModwireError(thrown));
    }
  }

  /**
   * Ends the calls and publishes what is under way, then says that there is no more; frames still come until the broker
   * closes.
   */
  #goodbye(message: ControlOf<'goodbye'>): void {
    const { events, link, worker } = this.#parts;
    events.emit('goodbye', { message: message.message, graceMs: message.graceMs });
    const { connection } = link;
    const depart = () => {
      if (connection !== link.connection) return;
      // What handlers still do over this connection is for nobody.
      worker.lost(new ModwireError('UNAVAILABLE', 'the broker is about to stop'));
      link.depart();
    };
    // Rejects when the client is closed meanwhile, or the connection is lost.
    this.#finish().then(depart, () => undefined);
  }

  async #finish(): Promise<void> {
    const { outbox, caller, services, streams } = this.#parts;
    await Promise.all([caller.depart(), services.depart(), streams.depart()]);
    outbox.flush();
    await outbox.untilHanded({});
  }
}
