import type { DescribedStream, Purge, StreamConfig } from '../../codec/stream-description.js';
import type { ConsumerConfig, ConsumerStart } from '../../routing/consumers/consumer-config.js';
import type {
  ConsumerInfo,
  DescribedConsumer,
  MemberInfo,
} from '../../routing/consumers/consumer-decisions.js';
import type { SignalOptions } from '../abort.js';

export type { ConsumerConfig, ConsumerInfo, ConsumerStart, DescribedConsumer, MemberInfo };

/** Asks the broker to do something, with JSON there and back. @internal */
export type MakeCall = (operation: string, argument: unknown, options: SignalOptions) => Promise<unknown>;

/** A stream to be made; what is left out has the broker's defaults. */
export type NewStream = Pick<StreamConfig, 'name' | 'filters'> &
  Partial<Omit<StreamConfig, 'retention'>> & { readonly retention?: Partial<StreamConfig['retention']> };

/** What may change of a stream; what is left out stays as it is. */
export type StreamChange = Pick<Partial<NewStream>, 'retention' | 'dedupMs'>;

/** A durable consumer to be made, or changed; what is left out has the broker's defaults. */
export type NewConsumer = Pick<ConsumerConfig, 'name'> & Partial<Omit<ConsumerConfig, 'stream'>>;

export interface PauseOptions extends SignalOptions {
  /** Unix time at which it goes on by itself; unless given it does not. Milliseconds. */
  readonly until?: number;
}

/**
 * The streams of a broker. All of it rejects with what the broker says when it refuses: INVALID_ARGUMENT for what is not valid,
 * NOT_FOUND, ALREADY_EXISTS; and UNAVAILABLE without a connection.
 */
export class StreamManagement {
  readonly consumers: ConsumerManagement;
  readonly #make: MakeCall;

  /** @internal */
  constructor(make: MakeCall) {
    this.#make = make;
    this.consumers = new ConsumerManagement(make);
  }

  /** Makes a stream: from now on it keeps what its filters select. */
  create(config: NewStream, options: SignalOptions = {}): Promise<DescribedStream> {
    return this.#make('streams.create', config, options) as Promise<DescribedStream>;
  }

  info(name: string, options: SignalOptions = {}): Promise<DescribedStream> {
    return this.#make('streams.info', { name }, options) as Promise<DescribedStream>;
  }

  /** All of them, by name. */
  async list(options: SignalOptions = {}): Promise<readonly DescribedStream[]> {
    const answer = await this.#make('streams.list', {}, options);
    return (answer as { readonly streams: readonly DescribedStream[] }).streams;
  }

  /** Gives a stream other bounds, or another window for message ids. */
  update(name: string, change: StreamChange, options: SignalOptions = {}): Promise<DescribedStream> {
    return this.#make('streams.update', { name, ...change }, options) as Promise<DescribedStream>;
  }

  /** Removes the records that all of `purge` selects; all there are with `{}`. Resolves to how many. */
  async purge(name: string, purge: Purge, options: SignalOptions = {}): Promise<number> {
    const answer = await this.#make('streams.purge', { name, ...purge }, options);
    return (answer as { readonly removed: number }).removed;
  }

  /** Removes a stream with its records and consumers. Resolves to what it was. */
  remove(name: string, options: SignalOptions = {}): Promise<DescribedStream> {
    return this.#make('streams.remove', { name }, options) as Promise<DescribedStream>;
  }
}

/** The durable consumers of streams; it rejects as StreamManagement does. */
export class ConsumerManagement {
  readonly #make: MakeCall;

  /** @internal */
  constructor(make: MakeCall) {
    this.#make = make;
  }

  /** Makes a consumer. It is there until it is removed, whether anybody consumes or not. */
  create(stream: string, config: NewConsumer, options: SignalOptions = {}): Promise<DescribedConsumer> {
    return this.#consumer('create', { ...config, stream }, options);
  }

  info(stream: string, name: string, options: SignalOptions = {}): Promise<DescribedConsumer> {
    return this.#consumer('info', { stream, name }, options);
  }

  /** Those of a stream, by name. */
  async list(stream: string, options: SignalOptions = {}): Promise<readonly DescribedConsumer[]> {
    const answer = await this.#make('consumers.list', { stream }, options);
    return (answer as { readonly consumers: readonly DescribedConsumer[] }).consumers;
  }

  /** Changes a consumer to what `config` says, all but its filter and where it began. */
  update(stream: string, config: NewConsumer, options: SignalOptions = {}): Promise<DescribedConsumer> {
    return this.#consumer('update', { ...config, stream }, options);
  }

  /** Delivers nothing more until `resume`, or a time. What has been delivered may be settled. */
  pause(stream: string, name: string, options: PauseOptions = {}): Promise<DescribedConsumer> {
    const { until, ...others } = options;
    return this.#consumer('pause', { stream, name, until }, others);
  }

  resume(stream: string, name: string, options: SignalOptions = {}): Promise<DescribedConsumer> {
    return this.#consumer('resume', { stream, name }, options);
  }

  /** Removes a consumer: its members get nothing more. Resolves to what it was. */
  remove(stream: string, name: string, options: SignalOptions = {}): Promise<DescribedConsumer> {
    return this.#consumer('remove', { stream, name }, options);
  }

  #consumer(operation: string, argument: unknown, options: SignalOptions): Promise<DescribedConsumer> {
    return this.#make(`consumers.${operation}`, argument, options) as Promise<DescribedConsumer>;
  }
}
