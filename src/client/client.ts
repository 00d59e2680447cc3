import { checkFilter } from '../codec/subject.js';
import type { Contract } from '../contracts/contract.js';
import type { TableObject } from '../contracts/table-class.js';
import { type SignalOptions, throwIfAborted } from './abort.js';
import type { ContractRegistration, ResolvedSchema } from './client-contracts.js';
import type { ClientCore } from './client-core.js';
import type { ClientEvents } from './client-events.js';
import {
  type ContractFrame,
  type ContractListener,
  contractReading,
  type FrameListener,
  plainReading,
} from './frame-reading.js';
import { isContract } from './is-contract.js';
import type {
  AckedContractPublishOptions,
  AckedPublishOptions,
  ContractPublishOptions,
  Payload,
  PublishAck,
  PublishOptions,
} from './publish-options.js';
import { StreamingClient } from './streams/streaming-client.js';
import { type SubscribeOptions, subscribeArguments } from './subscribe-options.js';
import type { AnySubscription, Subscription } from './subscription.js';

/** A client of one broker: `connect` makes one. */
export class Client extends StreamingClient {
  readonly #core: ClientCore;

  /** @internal */
  constructor(core: ClientCore) {
    super(core);
    this.#core = core;
  }

  /** Whether there is a connection at this moment. */
  get connected(): boolean {
    return this.#core.link.connection !== undefined;
  }

  get closed(): boolean {
    return this.#core.closed;
  }

  /** Listens until the returned function is called. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void {
    return this.#core.events.on(name, listener);
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
    this.#core.throwIfClosed();
    return this.#core.publisher.publish(subject, contract, payload, options);
  }

  /** Resolves when `publish` would return true. */
  async ready(options: SignalOptions = {}): Promise<void> {
    this.#core.throwIfClosed();
    await this.#core.outbox.untilOpen(options);
  }

  /**
   * Subscribes to every subject that `filter` selects (`*` one token, `>` one or more at the end), to a listener, or
   * to iterate over the subscription. Resolves when the broker has accepted it. The signal ends it again. Options may
   * stand before the listener, too. With a group it shares the messages with the group's other members.
   * With a contract, which this client then uses, it gets the values of frames that the contract can read, and no
   * others: see `unreadable`.
   */
  subscribe<Value extends TableObject>(
    filter: string,
    contract: Contract<Value>,
    options?: SubscribeOptions,
  ): Promise<Subscription<ContractFrame<Value>>>;
  subscribe<Value extends TableObject>(
    filter: string,
    contract: Contract<Value>,
    listener: ContractListener<Value>,
    options?: SubscribeOptions,
  ): Promise<Subscription<ContractFrame<Value>>>;
  subscribe<Value extends TableObject>(
    filter: string,
    contract: Contract<Value>,
    options: SubscribeOptions,
    listener: ContractListener<Value>,
  ): Promise<Subscription<ContractFrame<Value>>>;
  subscribe(filter: string, options?: SubscribeOptions): Promise<Subscription>;
  subscribe(filter: string, listener: FrameListener, options?: SubscribeOptions): Promise<Subscription>;
  subscribe(filter: string, options: SubscribeOptions, listener: FrameListener): Promise<Subscription>;
  async subscribe(filter: string, ...rest: readonly unknown[]): Promise<AnySubscription> {
    const contract = isContract(rest[0]) ? rest[0] : undefined;
    const { listener, options } = subscribeArguments(contract === undefined ? rest : rest.slice(1));
    const { signal } = options;
    this.#core.throwIfClosed();
    throwIfAborted(signal);
    checkFilter(filter);
    if (contract === undefined) {
      const reading = plainReading(listener as FrameListener | undefined);
      return this.#core.subscriptions.start(filter, reading, options);
    }
    await this.#core.contracts.use(contract, signal);
    const reading = contractReading(contract, listener as ContractListener<TableObject> | undefined);
    return this.#core.subscriptions.start(filter, reading, options);
  }

  /**
   * Registers a contract, or finds it registered, as `connect` does with those in its options; from then on also after
   * each reconnect. Rejects with what the broker says when it refuses it, NOT_FOUND with `register: false`, and
   * UNAVAILABLE without a connection.
   */
  async use(contract: Contract, options: SignalOptions = {}): Promise<ContractRegistration> {
    this.#core.throwIfClosed();
    return this.#core.contracts.use(contract, options.signal);
  }

  /** The contracts that this client uses, as the broker knows them. */
  get contracts(): readonly ContractRegistration[] {
    return this.#core.contracts.registrations;
  }

  /** The schema with this id (16 bytes, or as 32 hexadecimal digits). Rejects with NOT_FOUND when the broker has none. */
  async resolve(schemaId: Uint8Array | string, options: SignalOptions = {}): Promise<ResolvedSchema> {
    this.#core.throwIfClosed();
    return this.#core.contracts.resolve(schemaId, options.signal);
  }

  /**
   * Resolves when the broker has taken everything published so far. Rejects with UNAVAILABLE when the connection is
   * lost meanwhile, because nobody knows what of it has arrived, and with DEADLINE_EXCEEDED when nothing can be sent
   * for `answerMs` or the answer takes longer than that.
   */
  flush(options: SignalOptions = {}): Promise<void> {
    return this.#core.flush(options);
  }

  /**
   * Closes gracefully: drains all services, waits for the outcomes of requests, sees everything published to the broker,
   * ends all subscriptions when what was sent before has come, then closes. It closes in any case; it rejects as `flush`
   * does when it cannot see everything to the broker.
   */
  drain(): Promise<void> {
    return this.#core.drain();
  }

  /**
   * Closes at once. What was published and not sent is lost; pending promises reject with CANCELLED, and the signals of
   * handlers fire.
   */
  async close(): Promise<void> {
    this.#core.close();
  }

  async #publishAcked(
    subject: string,
    contract: Contract | undefined,
    payload: Payload,
    options: AckedPublishOptions,
  ): Promise<PublishAck> {
    this.#core.throwIfClosed();
    return this.#core.publisher.publishAcked(subject, contract, payload, options, options.signal);
  }
}
