import type { Contract } from '../../contracts/contract.js';
import type { TableObject } from '../../contracts/table-class.js';
import { ModwireError } from '../../errors.js';
import type { CallExplanation } from '../../routing/calls/call-explanation.js';
import type { HedgeRule } from '../../routing/calls/hedging.js';
import { RETRY_DELAYS, type RetryDelays } from '../../routing/calls/retry-delay.js';
import type { PublishOptions } from '../publish-options.js';

export type {
  CallExplanation,
  CandidateVerdict,
  ExplainedAttempt,
  ExplainedCandidate,
  ExplainedContract,
  ExplainedExperiment,
  ExplainedWorker,
} from '../../routing/calls/call-explanation.js';

/** Longest time that a request may take. Milliseconds. */
const MAX_TIMEOUT_MS = 86_400_000;

const MAX_RANGE_CHARACTERS = 256;

/** How a request is tried again. */
export interface RetryOptions {
  /** Attempts in all, the first among them: 1 to 5; 5 by default. */
  readonly attempts?: number;
  /** Before the second attempt, within 20 %; doubled each time. 50 by default. Milliseconds. */
  readonly firstMs?: number;
  /** Where the delay stops doubling. 2,000 by default. Milliseconds. */
  readonly maxMs?: number;
  /** Whether to try again where nobody serves the subject; otherwise that is told at once. */
  readonly noResponders?: boolean;
}

/** When a request that is still unanswered is made a second time: after a delay, or when so many per cent would be answered. */
export type HedgeOptions = HedgeRule;

/** What a request may carry beside its subject and payload. */
export interface RequestOptions extends Omit<PublishOptions, 'timeout' | 'assignmentKey'> {
  /** Time until it has ended, whatever comes; the client's `requestMs` by default. At most a day. Milliseconds. */
  readonly timeoutMs?: number;
  /** Gives up when it fires. */
  readonly signal?: AbortSignal;
  /** Decides who gets it where workers are chosen by consistent hash, and to which variant of an experiment it goes. */
  readonly key?: string;
  /**
   * Only a worker with a version in this range may get it, as npm writes ranges: `^1.2`, `~1.2.3`, `>=1 <2`. Workers without
   * a version are in none. 1 to 256 characters.
   */
  readonly version?: string;
  /** Made on account of a request that is a copy (`context.mirrored`): its worker is told, and it is not mirrored. */
  readonly mirrored?: boolean;
  /**
   * It is one that was recorded, made again: its worker is told (`context.replayed`), no experiment decides where it goes, and no stream
   * records it.
   */
  readonly replayed?: boolean;
  /** It may be processed more than once: it is tried again also when it may have been started. */
  readonly idempotent?: boolean;
  /** As the client's `retry` by default. */
  readonly retry?: RetryOptions | false;
  /** Of an idempotent request; as the client's `hedge` by default. */
  readonly hedge?: HedgeOptions | false;
  /**
   * Has the broker say why the request goes where it goes: the reply has it (`explanation`), and a function is told of each
   * attempt of this client that ended, also where it ended with an error.
   */
  readonly explain?: boolean | ((explanation: CallExplanation) => void);
}

/** The same of a request for a stream, which is made once at a time. */
export type StreamRequestOptions = Omit<RequestOptions, 'hedge'>;

/** The same for a value of a contract, which says the rest. */
export type ContractRequestOptions = Omit<RequestOptions, 'contentType' | 'schemaId'>;
export type ContractStreamRequestOptions = Omit<StreamRequestOptions, 'contentType' | 'schemaId'>;

/** The contract that replies keep: they come with their values. */
export interface ReplyContract<Value extends TableObject> {
  readonly reply: Contract<Value>;
}

/** Retries as they are carried out. */
export interface RetryRule {
  readonly delays: RetryDelays;
  readonly noResponders: boolean;
}

/** What a client does for its requests unless they say otherwise. */
export interface CallDefaults {
  readonly requestMs: number;
  readonly retry: RetryRule | undefined;
  readonly hedge: HedgeRule | undefined;
}

/** Everything that is known of a request before it is made. */
export interface CallTerms {
  readonly subject: string;
  readonly contract: Contract | undefined;
  /** The contract's value, if there is one. */
  readonly payload: unknown;
  readonly options: RequestOptions | undefined;
  readonly reply: Contract | undefined;
  readonly timeoutMs: number;
  readonly idempotent: boolean;
  readonly retry: RetryRule | undefined;
  readonly hedge: HedgeRule | undefined;
}

/** Throws INVALID_ARGUMENT for what is not valid. */
export function callTerms(
  subject: string,
  contract: Contract | undefined,
  payload: unknown,
  options: (RequestOptions & Partial<ReplyContract<TableObject>>) | undefined,
  defaults: CallDefaults,
): CallTerms {
  const { requestMs: timeoutMs, retry, hedge } = defaults;
  if (options === undefined) {
    const reply = undefined;
    const idempotent = false;
    return { subject, contract, payload, options, reply, timeoutMs, idempotent, retry, hedge: undefined };
  }
  const idempotent = options.idempotent ?? false;
  if (options.version !== undefined) checkRange(options.version);
  return {
    subject,
    contract,
    payload,
    options,
    reply: options.reply,
    timeoutMs: options.timeoutMs === undefined ? timeoutMs : checkTimeout(options.timeoutMs),
    idempotent,
    retry: options.retry === undefined ? retry : resolveRetry(options.retry),
    hedge: hedgeOf(options.hedge, hedge, idempotent),
  };
}

/** `undefined` takes the defaults. Throws INVALID_ARGUMENT for what is not valid. */
export function resolveRetry(retry: RetryOptions | false | undefined): RetryRule | undefined {
  if (retry === false) return undefined;
  const { attempts = RETRY_DELAYS.maxAttempts, firstMs = RETRY_DELAYS.firstMs } = retry ?? {};
  const { maxMs = RETRY_DELAYS.maxMs, noResponders = false } = retry ?? {};
  if (!Number.isInteger(attempts) || attempts < 1 || attempts > RETRY_DELAYS.maxAttempts) {
    throw invalid('retry.attempts', `a whole number from 1 to ${RETRY_DELAYS.maxAttempts}`, attempts);
  }
  if (!isPositive(firstMs)) throw invalid('retry.firstMs', 'milliseconds above 0', firstMs);
  if (!isPositive(maxMs)) throw invalid('retry.maxMs', 'milliseconds above 0', maxMs);
  return { delays: { maxAttempts: attempts, firstMs, maxMs }, noResponders };
}

/** Throws INVALID_ARGUMENT for what is not valid. */
export function resolveHedge(hedge: HedgeOptions | false | undefined): HedgeRule | undefined {
  if (hedge === undefined || hedge === false) return undefined;
  if ('delayMs' in hedge) {
    if (isPositive(hedge.delayMs)) return hedge;
    throw invalid('hedge.delayMs', 'milliseconds above 0', hedge.delayMs);
  }
  if (isPositive(hedge.percentile) && hedge.percentile < 100) return hedge;
  throw invalid('hedge.percentile', 'a number above 0 and below 100', hedge.percentile);
}

function hedgeOf(
  asked: HedgeOptions | false | undefined,
  ofClient: HedgeRule | undefined,
  idempotent: boolean,
): HedgeRule | undefined {
  if (asked === undefined) return idempotent ? ofClient : undefined;
  const hedge = resolveHedge(asked);
  if (hedge === undefined || idempotent) return hedge;
  throw invalid(
    'hedge',
    'one with idempotent: true, since two workers may process the request',
    'one without',
  );
}

/** Whether it is a range at all the broker says: whoever reads ranges is not part of what browsers load. */
function checkRange(version: unknown): void {
  if (typeof version === 'string' && version !== '' && version.length <= MAX_RANGE_CHARACTERS) return;
  throw invalid('version', `a range of versions of 1 to ${MAX_RANGE_CHARACTERS} characters`, version);
}

function checkTimeout(timeoutMs: number): number {
  if (isPositive(timeoutMs) && timeoutMs <= MAX_TIMEOUT_MS) return timeoutMs;
  throw invalid('timeoutMs', `milliseconds above 0, at most ${MAX_TIMEOUT_MS}`, timeoutMs);
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function invalid(name: string, expected: string, got: unknown): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', { what: `${name} is not valid`, expected, got: String(got) });
}
