import type { Contract } from '../../contracts/contract.js';
import type { TableObject } from '../../contracts/table-class.js';
import { throwIfAborted } from '../abort.js';
import { CallingClient } from '../calls/calling-client.js';
import type { ClientCore } from '../client-core.js';
import {
  type ConsumeOptions,
  consumeTerms,
  type MessageHandler,
  type RecordContract,
} from './consume-options.js';
import type { Consumer } from './consumer.js';
import { lostError } from './lost-range.js';
import { type ReadOptions, readTerms } from './read-options.js';
import { Replay } from './replay.js';
import { type ReplayCounts, type ReplayOptions, replayTerms } from './replay-options.js';
import { StreamManagement } from './stream-management.js';
import type { StreamReader } from './stream-reader.js';

/** The streams of a client: it manages, consumes and reads them. */
export class StreamingClient extends CallingClient {
  /** Makes, describes and removes the broker's streams and their durable consumers. */
  readonly streams: StreamManagement;
  readonly #core: ClientCore;

  /** @internal */
  constructor(core: ClientCore) {
    super(core);
    this.#core = core;
    this.streams = new StreamManagement(async (operation, argument, { signal }) => {
      core.throwIfClosed();
      return core.manageCalls.make(operation, argument, signal);
    });
  }

  /**
   * Joins a durable consumer of a stream, whose members share its records: they come to a handler, or by iterating over the
   * consumer. A message is done when the handler is, or `message.ack()` says so; when the handler throws it comes again. At least
   * once: what a lost connection leaves open comes again, too. It is joined again after each reconnect.
   *
   * With a `contract` messages have values; this client then uses it.
   *
   * Rejects with NOT_FOUND when there is no such consumer, INVALID_ARGUMENT for what is not valid, and with what the broker says
   * when it refuses. An iterator throws, and `error` tells beside a handler, when the consumer is removed.
   */
  consume<Value extends TableObject>(
    stream: string,
    name: string,
    options: ConsumeOptions & RecordContract<Value>,
    handler?: MessageHandler<Value>,
  ): Promise<Consumer<Value>>;
  consume(
    stream: string,
    name: string,
    options?: ConsumeOptions,
    handler?: MessageHandler,
  ): Promise<Consumer>;
  consume(stream: string, name: string, handler: MessageHandler): Promise<Consumer>;
  async consume(
    stream: string,
    name: string,
    first: (ConsumeOptions & { readonly contract?: Contract }) | MessageHandler = {},
    second?: unknown,
  ): Promise<unknown> {
    const { contracts, events, streams } = this.#core;
    const [options, handler] = typeof first === 'function' ? [{}, first] : [first, second];
    const { signal, contract } = options as ConsumeOptions & { readonly contract?: Contract };
    this.#core.throwIfClosed();
    throwIfAborted(signal);
    const tellLost = (range: Parameters<typeof lostError>[0]) => events.emit('error', lostError(range));
    const terms = consumeTerms([stream, name], options, handler, tellLost);
    if (contract !== undefined) await contracts.use(contract, signal);
    return streams.consume(terms, signal);
  }

  /**
   * Reads the records of a stream in their order, from a place to another or on and on, without a word to any consumer: to be
   * iterated over, one by one or in batches. It goes on where it is after each reconnect.
   *
   * Rejects with NOT_FOUND when there is no such stream, INVALID_ARGUMENT for what is not valid, and with what the broker says
   * when it refuses. The iterator throws where records are lost or damaged, and goes on behind them when it is used again.
   */
  async readStream(stream: string, options: ReadOptions = {}): Promise<StreamReader> {
    const { signal } = options;
    this.#core.throwIfClosed();
    throwIfAborted(signal);
    return this.#core.streams.read(readTerms(stream, options), signal);
  }

  /**
   * Publishes the messages of a stream again, in their order: each with the id, trace, experiment, headers, payload and time that it had,
   * and marked as replayed. Resolves when the broker has taken all of them.
   *
   * Rejects with INVALID_ARGUMENT for what is not valid and with what `readStream` rejects with; with ReplayStopped, which says where
   * to go on, when its signal fires, the connection is lost with messages under way, a record is lost or a message refused.
   */
  async replay(stream: string, options: ReplayOptions): Promise<ReplayCounts> {
    const { publisher, outbox } = this.#core;
    this.#core.throwIfClosed();
    throwIfAborted(options.signal);
    const read = (wanted: ReadOptions) => this.readStream(stream, wanted);
    return new Replay({ publisher, outbox, read }, replayTerms(stream, options)).run();
  }
}
