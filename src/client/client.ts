import { FrameWriter } from '../codec/frame-writer.js';
import { checkFilter } from '../codec/subject.js';
import type { Contract } from '../contracts/contract.js';
import type { TableObject } from '../contracts/table-class.js';
import { ModwireError } from '../errors.js';
import { throwIfAborted } from './abort.js';
import { ClientContracts, type ContractRegistration, type ResolvedSchema } from './client-contracts.js';
import { ClientEmitter, type ClientEvents } from './client-events.js';
import { ClientSubscriptions } from './client-subscriptions.js';
import { atEndOfTurn } from './connection.js';
import { ControlReader } from './control-reader.js';
import {
  type ContractFrame,
  type ContractListener,
  contractReading,
  type FrameListener,
  plainReading,
} from './frame-reading.js';
import { Inbox } from './inbox.js';
import { isContract } from './is-contract.js';
import { Link } from './link.js';
import type { ResolvedConnectOptions } from './options.js';
import { Outbox } from './outbox.js';
import type {
  AckedContractPublishOptions,
  AckedPublishOptions,
  ContractPublishOptions,
  Payload,
  PublishAck,
  PublishOptions,
} from './publish-options.js';
import { Publisher } from './publisher.js';
import { RoundTrips } from './round-trips.js';
import type { AnySubscription, Subscription } from './subscription.js';

/** Ends what it is given to when it fires. */
export interface SignalOptions {
  readonly signal?: AbortSignal;
}

/** A client of one broker: `connect` makes one. */
export class Client {
  readonly #events = new ClientEmitter();
  readonly #outbox: Outbox;
  readonly #inbox: Inbox;
  readonly #link: Link;
  readonly #subscriptions: ClientSubscriptions;
  readonly #contracts: ClientContracts;
  readonly #publisher: Publisher;
  readonly #roundTrips: RoundTrips;
  readonly #controls: ControlReader;
  readonly #options: ResolvedConnectOptions;

  /** @internal */
  constructor(options: ResolvedConnectOptions) {
    const { answerMs } = options;
    const awaiting = () => this.#subscriptions.awaitingChanged();
    this.#options = options;
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
      control: (message) => this.#controls.take(message),
      lost: (error) => this.#lost(error),
      resume: () => this.#resume(),
      over: () => void this.close(),
    });
    const events = this.#events;
    const link = this.#link;
    const outbox = this.#outbox;
    const inbox = this.#inbox;
    const { register, maxQueuedFrames } = options;
    const contracts = new ClientContracts({ link, events, answerMs, register, awaiting });
    const publisher = new Publisher({ outbox, contracts, answerMs, awaiting });
    const roundTrips = new RoundTrips(link, answerMs, awaiting);
    const subscriptions = new ClientSubscriptions({
      ...{ link, inbox, events, maxQueuedFrames, answerMs },
      awaiting: () => publisher.awaited || contracts.awaited || roundTrips.awaited || outbox.awaited,
    });
    this.#contracts = contracts;
    this.#publisher = publisher;
    this.#roundTrips = roundTrips;
    this.#subscriptions = subscriptions;
    const asked = { publisher, subscriptions, contracts, roundTrips };
    this.#controls = new ControlReader({ events, link, outbox, inbox, ...asked });
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
   * With a contract of this client the payload is its value, encoded.
   *
   * Throws INVALID_ARGUMENT for a bad subject, payload or option, RESOURCE_EXHAUSTED for a frame that is too large or
   * when more than `maxPendingBytes` wait, CONTRACT_VIOLATION for a value that its contract cannot encode,
   * FAILED_PRECONDITION on a closed client and for a contract that it does not use.
   */
  publish<Value extends TableObject>(
    subject: string,
    contract: Contract<Value>,
    value: NoInfer<Value>,
    options: AckedContractPublishOptions,
  ): Promise<PublishAck>;
  publish<Value extends TableObject>(
    subject: string,
    contract: Contract<Value>,
    value: NoInfer<Value>,
    options?: ContractPublishOptions,
  ): boolean;
  publish(subject: string, payload: Payload, options: AckedPublishOptions): Promise<PublishAck>;
  publish(subject: string, payload: Payload, options?: PublishOptions): boolean;
  publish(
    subject: string,
    first: Payload | Contract,
    second?: unknown,
    third?: PublishOptions | AckedPublishOptions,
  ): boolean | Promise<PublishAck> {
    const contract = isContract(first) ? first : undefined;
    const payload = (contract === undefined ? first : second) as Payload;
    const options = (contract === undefined ? second : third) as typeof third;
    if (options !== undefined && 'ack' in options && options.ack)
      return this.#publishAcked(subject, contract, payload, options);
    this.#throwIfClosed();
    return this.#publisher.publish(subject, contract, payload, options);
  }

  /** Resolves when `publish` would return true. */
  async ready(options: SignalOptions = {}): Promise<void> {
    this.#throwIfClosed();
    await this.#outbox.untilOpen(options);
  }

  /**
   * Subscribes to every subject that `filter` selects (`*` one token, `>` one or more at the end), to a listener, or
   * to iterate over the subscription. Resolves when the broker has accepted it. The signal ends it again.
   * With a contract, which this client then uses, it gets the values of frames that the contract can read, and no
   * others: see `unreadable`.
   */
  subscribe<Value extends TableObject>(
    filter: string,
    contract: Contract<Value>,
    options?: SignalOptions,
  ): Promise<Subscription<ContractFrame<Value>>>;
  subscribe<Value extends TableObject>(
    filter: string,
    contract: Contract<Value>,
    listener: ContractListener<Value>,
    options?: SignalOptions,
  ): Promise<Subscription<ContractFrame<Value>>>;
  subscribe(filter: string, options?: SignalOptions): Promise<Subscription>;
  subscribe(filter: string, listener: FrameListener, options?: SignalOptions): Promise<Subscription>;
  async subscribe(filter: string, ...rest: readonly unknown[]): Promise<AnySubscription> {
    const contract = isContract(rest[0]) ? rest[0] : undefined;
    const [first, second] = contract === undefined ? rest : rest.slice(1);
    const listener = typeof first === 'function' ? first : undefined;
    const signal = ((listener === undefined ? first : second) as SignalOptions | undefined)?.signal;
    this.#throwIfClosed();
    throwIfAborted(signal);
    checkFilter(filter);
    if (contract === undefined) {
      return this.#subscriptions.start(filter, plainReading(listener as FrameListener | undefined), signal);
    }
    await this.#contracts.use(contract, signal);
    const reading = contractReading(contract, listener as ContractListener<TableObject> | undefined);
    return this.#subscriptions.start(filter, reading, signal);
  }

  /**
   * Registers a contract, or finds it registered, as `connect` does with those in its options; from then on also after
   * each reconnect. Rejects with what the broker says when it refuses it, NOT_FOUND with `register: false`, and
   * UNAVAILABLE without a connection.
   */
  async use(contract: Contract, options: SignalOptions = {}): Promise<ContractRegistration> {
    this.#throwIfClosed();
    return this.#contracts.use(contract, options.signal);
  }

  /** The contracts that this client uses, as the broker knows them. */
  get contracts(): readonly ContractRegistration[] {
    return this.#contracts.registrations;
  }

  /** The schema with this id (16 bytes, or as 32 hexadecimal digits). Rejects with NOT_FOUND when the broker has none. */
  async resolve(schemaId: Uint8Array | string, options: SignalOptions = {}): Promise<ResolvedSchema> {
    this.#throwIfClosed();
    return this.#contracts.resolve(schemaId, options.signal);
  }

  /**
   * Resolves when the broker has taken everything published so far. Rejects with UNAVAILABLE when the connection is
   * lost meanwhile, because nobody knows what of it has arrived, and with DEADLINE_EXCEEDED when nothing can be sent
   * for `answerMs` or the answer takes longer than that.
   */
  async flush(options: SignalOptions = {}): Promise<void> {
    this.#throwIfClosed();
    const { losses } = this.#link;
    this.#outbox.flush();
    await this.#outbox.untilHanded({ ...options, timeoutMs: this.#options.answerMs });
    if (losses !== this.#link.losses) {
      throw new ModwireError('UNAVAILABLE', 'the connection was lost before the broker had taken everything');
    }
    await this.#roundTrips.make(options.signal);
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
    this.#publisher.close(reason);
    this.#lost(reason);
    this.#subscriptions.close();
    this.#events.emit('close', undefined);
  }

  /** Opens the first connection, and makes the contracts known. @internal */
  async open(): Promise<void> {
    await this.#link.open();
    try {
      await this.#contracts.useAll(this.#options.contracts, this.#options.signal);
    } catch (thrown) {
      await this.close();
      throw thrown;
    }
  }

  /** Contracts first: without them the broker would refuse what waits to be sent. */
  async #resume(): Promise<void> {
    await this.#contracts.renew();
    await this.#subscriptions.resume();
  }

  #lost(error: ModwireError): void {
    this.#controls.lost();
    this.#subscriptions.lost(error);
    this.#publisher.lost(error);
    this.#contracts.lost(error);
    this.#roundTrips.lost(error);
  }

  async #publishAcked(
    subject: string,
    contract: Contract | undefined,
    payload: Payload,
    options: AckedPublishOptions,
  ): Promise<PublishAck> {
    this.#throwIfClosed();
    return this.#publisher.publishAcked(subject, contract, payload, options, options.signal);
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
