import type { WorkerPolicy } from '../../codec/generated/modwire/control/worker-policy.js';
import { checkFilter } from '../../codec/subject.js';
import type { Contract } from '../../contracts/contract.js';
import type { TableObject } from '../../contracts/table-class.js';
import { ModwireError } from '../../errors.js';
import { POLICY_NAMES, POLICY_NUMBERS, type WorkerPolicyName } from '../../routing/calls/policy-names.js';
import type { Payload } from '../publish-options.js';
import type { CallContext } from './call-context.js';
import type { IncomingRequest } from './received.js';

export type { WorkerPolicyName };

/** How a client serves a subject. */
export interface ServeOptions {
  /** Workers of one subject and group share its requests; the group without a name by default. */
  readonly group?: string;
  /** SemVer of what serves: callers may ask for a range, and operators see it. Without one it is in no range. */
  readonly version?: string;
  /** Requests that it takes at once; 64 by default. Others wait at the broker. */
  readonly concurrency?: number;
  /** Of the group: all its workers say the same. `least-outstanding` by default. */
  readonly policy?: WorkerPolicyName;
  /** Drains the service when it fires. */
  readonly signal?: AbortSignal;
}

/**
 * The contract that requests keep: they come with their values, those that its version cannot read go to others, and what nobody
 * can read is answered with CONTRACT_VIOLATION.
 */
export interface RequestContract<Value extends TableObject> {
  readonly request: Contract<Value>;
}

/** What a handler may return: a reply, a stream of replies, or nothing, which is a reply without a payload. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is a handler
export type HandlerResult<Out> = Out | AsyncIterable<Out> | undefined | void;

/** Answers a request. What it throws is the answer too: see `client.serve`. */
export type RequestHandler<In, Out> = (
  request: IncomingRequest<In>,
  context: CallContext,
) => HandlerResult<Out> | Promise<HandlerResult<Out>>;

export type PlainHandler = RequestHandler<undefined, Payload>;
export type AnyHandler = RequestHandler<never, unknown>;

/** Everything that is known of a service before it is served. */
export interface ServeTerms {
  /** A subject or a filter. */
  readonly filter: string;
  readonly group: string;
  readonly version: string;
  readonly concurrency: number;
  readonly policy: WorkerPolicy;
  readonly request: Contract | undefined;
  readonly reply: Contract | undefined;
  readonly handler: AnyHandler;
}

const DEFAULT_CONCURRENCY = 64;
const MAX_GROUP_CHARACTERS = 256;
const SEMVER = /^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

/** Throws INVALID_ARGUMENT for what is not valid. */
export function serveTerms(
  filter: string,
  options: ServeOptions & { readonly request?: Contract; readonly reply?: Contract },
  handler: unknown,
): ServeTerms {
  const { group = '', version = '', concurrency = DEFAULT_CONCURRENCY } = options;
  const { policy = 'least-outstanding', request, reply } = options;
  checkFilter(filter);
  if (typeof handler !== 'function') throw invalid('handler', 'a function', typeof handler);
  if (typeof group !== 'string' || group.length > MAX_GROUP_CHARACTERS) {
    throw invalid('group', `a text of at most ${MAX_GROUP_CHARACTERS} characters`, group);
  }
  if (version !== '' && !SEMVER.test(version)) throw invalid('version', 'SemVer, such as 1.4.0', version);
  checkConcurrency(concurrency);
  if (!POLICY_NAMES.includes(policy)) throw invalid('policy', POLICY_NAMES.join(', '), policy);
  const terms = { filter, group, version, concurrency, policy: POLICY_NUMBERS[policy] };
  return { ...terms, request, reply, handler: handler as AnyHandler };
}

export function checkConcurrency(concurrency: number): void {
  if (Number.isInteger(concurrency) && concurrency >= 1) return;
  throw invalid('concurrency', 'a whole number from 1', concurrency);
}

function invalid(name: string, expected: string, got: unknown): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', { what: `${name} is not valid`, expected, got: String(got) });
}
