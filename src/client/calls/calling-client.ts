import type { Contract } from '../../contracts/contract.js';
import type { TableObject } from '../../contracts/table-class.js';
import type { ClientCore } from '../client-core.js';
import { isContract } from '../is-contract.js';
import type { Payload } from '../publish-options.js';
import {
  type CallTerms,
  type ContractRequestOptions,
  type ContractStreamRequestOptions,
  callTerms,
  type ReplyContract,
  type RequestOptions,
  type StreamRequestOptions,
} from './call-options.js';
import type { Reply } from './received.js';
import { ReplyStream } from './reply-stream.js';
import {
  type PlainHandler,
  type RequestContract,
  type RequestHandler,
  type ServeOptions,
  serveTerms,
} from './serve-options.js';
import type { Service } from './service.js';

/** What there is of a client's calls, and has been. */
export interface CallCounts {
  /** Requests of this client without an outcome. */
  readonly requests: number;
  /** Requests that it is answering. */
  readonly serving: number;
  /** Deadlines and delays that it keeps. */
  readonly alarms: number;
  /** Since the start: replies that came when their request had its outcome, and were dropped. */
  readonly late: number;
  /** Since the start: attempts after one that failed, and beside one that was slow. */
  readonly retries: number;
  readonly hedges: number;
}

/** The calls of a client: requests, and services that answer them. */
export class CallingClient {
  readonly #core: ClientCore;

  /** @internal */
  constructor(core: ClientCore) {
    this.#core = core;
  }

  get calls(): CallCounts {
    const { caller, worker, alarms } = this.#core;
    const { size: requests, late, retries, hedges } = caller;
    return { requests, serving: worker.size, alarms: alarms.size, late, retries, hedges };
  }

  /**
   * Makes a request and waits for its reply. It has exactly one outcome, by its deadline: what comes later is dropped.
   *
   * What surely was not processed is tried again within the deadline, and with `idempotent` also what may have been: the
   * payload must stay as it is until then. With `hedge` a slow one is made a second time, and the first answer counts.
   * Without a connection it waits for the next one.
   *
   * With a contract of this client the payload is its value, encoded; with `reply` the reply has the value of that
   * contract.
   *
   * Rejects with what the worker says; NO_RESPONDERS when nobody serves the subject, DEADLINE_EXCEEDED, CANCELLED when
   * the signal fires, UNAVAILABLE when the worker or the connection is lost and it may have been started,
   * CONTRACT_VIOLATION for a reply that does not keep its contract, FAILED_PRECONDITION for one that is a stream; and
   * with what `publish` throws.
   */
  request<Value extends TableObject, Out extends TableObject>(
    subject: string,
    contract: Contract<Value>,
    value: NoInfer<Value>,
    options: ContractRequestOptions & ReplyContract<Out>,
  ): Promise<Reply<Out>>;
  request<Value extends TableObject>(
    subject: string,
    contract: Contract<Value>,
    value: NoInfer<Value>,
    options?: ContractRequestOptions,
  ): Promise<Reply>;
  request<Out extends TableObject>(
    subject: string,
    payload: Payload,
    options: RequestOptions & ReplyContract<Out>,
  ): Promise<Reply<Out>>;
  request(subject: string, payload: Payload, options?: RequestOptions): Promise<Reply>;
  request(subject: string, first: unknown, second?: unknown, third?: unknown): Promise<Reply<never>> {
    try {
      const terms = this.#terms(subject, first, second, third);
      return this.#core.caller.request(terms) as Promise<Reply<never>>;
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  /**
   * Makes a request for a stream of replies, at once, and returns them to be iterated over. The deadline is that of the
   * whole stream. At most 64 replies are under way or wait here: a slow reader slows its worker. The loop throws, after
   * the replies before it, what `request` rejects with; leaving it cancels the request. It is tried again only while
   * nothing of it has come. Throws at once what is wrong with the arguments.
   */
  requestStream<Value extends TableObject, Out extends TableObject>(
    subject: string,
    contract: Contract<Value>,
    value: NoInfer<Value>,
    options: ContractStreamRequestOptions & ReplyContract<Out>,
  ): ReplyStream<Reply<Out>>;
  requestStream<Value extends TableObject>(
    subject: string,
    contract: Contract<Value>,
    value: NoInfer<Value>,
    options?: ContractStreamRequestOptions,
  ): ReplyStream;
  requestStream<Out extends TableObject>(
    subject: string,
    payload: Payload,
    options: StreamRequestOptions & ReplyContract<Out>,
  ): ReplyStream<Reply<Out>>;
  requestStream(subject: string, payload: Payload, options?: StreamRequestOptions): ReplyStream;
  requestStream(subject: string, first: unknown, second?: unknown, third?: unknown): ReplyStream<never> {
    const terms = this.#terms(subject, first, second, third);
    return new ReplyStream(this.#core.caller.stream({ ...terms, hedge: undefined }));
  }

  /**
   * Answers requests to a subject, or to all that a filter selects, with what the handler returns: a payload, nothing,
   * or an async iterable, whose values are streamed as fast as the caller takes them. With `context.reply` a reply says
   * more than its payload. Resolves when the broker has accepted it; it is served again after each reconnect.
   *
   * A ModwireError that the handler throws reaches the caller with its code and message, REJECTED (`context.reject`)
   * another worker first; anything else becomes INTERNAL with its message, and an `error` event here.
   *
   * With the contract `request` requests come with their values; with `reply` the handler returns values of that
   * contract. This client then uses them.
   *
   * Rejects with INVALID_ARGUMENT for what is not valid, ALREADY_EXISTS when this client serves the same filter, and
   * with what the broker says when it refuses.
   */
  serve<In extends TableObject, Out extends TableObject>(
    subject: string,
    options: ServeOptions & RequestContract<In> & ReplyContract<Out>,
    handler: RequestHandler<In, Out>,
  ): Promise<Service>;
  serve<In extends TableObject>(
    subject: string,
    options: ServeOptions & RequestContract<In>,
    handler: RequestHandler<In, Payload>,
  ): Promise<Service>;
  serve<Out extends TableObject>(
    subject: string,
    options: ServeOptions & ReplyContract<Out>,
    handler: RequestHandler<undefined, Out>,
  ): Promise<Service>;
  serve(subject: string, options: ServeOptions, handler: PlainHandler): Promise<Service>;
  serve(subject: string, handler: PlainHandler): Promise<Service>;
  async serve(subject: string, first: ServeOptions | PlainHandler, second?: unknown): Promise<Service> {
    const options = typeof first === 'function' ? {} : first;
    const { contracts, services } = this.#core;
    this.#core.throwIfClosed();
    const terms = serveTerms(subject, options, typeof first === 'function' ? first : second);
    const { signal } = options;
    const used = [terms.request, terms.reply].filter((contract) => contract !== undefined);
    await contracts.useAll(used, signal);
    return services.start(terms, signal);
  }

  #terms(subject: string, first: unknown, second: unknown, third: unknown): CallTerms {
    const { contracts, options: defaults } = this.#core;
    this.#core.throwIfClosed();
    if (!isContract(first)) {
      return callTerms(subject, undefined, first, second as RequestOptions | undefined, defaults);
    }
    contracts.check(first);
    return callTerms(subject, first, second, third as RequestOptions | undefined, defaults);
  }
}
