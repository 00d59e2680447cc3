import { formatUuid } from '../../codec/message-id.js';
import {
  type CallExplanation,
  type CandidateVerdict,
  type ExplainedContract,
  type ExplainedExperiment,
  type ExplainedWorker,
  MAX_NAMED_CANDIDATES,
} from '../../routing/calls/call-explanation.js';
import { policyName } from '../../routing/calls/policy-names.js';
import { NO_BUCKET } from '../../routing/experiments/compiled-experiment.js';
import { exactMs } from '../clock.js';
import type { CallAssignment } from '../experiments/call-assignment.js';
import { type Eligibility, isEligible } from './eligibility.js';

/** What is looked at of a worker, its group, and a call. */
export interface AnyWorker {
  readonly name: string;
  readonly version: string;
  readonly group: AnyGroup;
  readonly able: boolean;
  readonly outstanding: number;
  readonly concurrency: number;
  readonly session: { readonly deaf: boolean };
  readonly standing: { readonly isEjected: boolean };
}

export interface AnyGroup {
  readonly name: string;
  readonly policyNumber: number;
}

interface ServedGroup extends AnyGroup {
  readonly workers: Iterable<AnyWorker>;
  canRead(worker: AnyWorker, call: AnyCall): boolean;
}

interface AnyCall {
  readonly id: Uint8Array;
  readonly subject: string;
  readonly begunAt: number;
  readonly eligibility: Eligibility | undefined;
  readonly rejectedBy: unknown;
  readonly assignment: CallAssignment | undefined;
}

/** One that may have been asked why. */
interface AskedCall extends AnyCall {
  readonly explanation: Explanation | undefined;
  readonly caller: { explain?(request: Uint8Array, json: string): void };
}

interface Candidate extends ExplainedWorker {
  readonly of: AnyWorker;
  why: CandidateVerdict;
}

/** One look for a worker, until the request is there and back, or has its end. */
interface Attempt {
  readonly lookedAt: number;
  policy: string | null;
  candidates: Candidate[];
  unnamed: number;
  ahead: number | null;
  worker: ExplainedWorker | undefined;
  handedAt: number;
  endedAt: number;
  outcome: string;
}

/** Writes down why a request goes where it goes: made for requests that ask, and for no others. */
export class Explanation {
  #contract: ExplainedContract | null;
  readonly #attempts: Attempt[] = [];
  #current: Attempt | undefined;
  #named = 0;

  /** `contract`: what the request has to keep; null for nothing. */
  constructor(contract: Omit<ExplainedContract, 'verified'> | null) {
    this.#contract = contract && { ...contract, verified: 'refused' };
  }

  /** The request keeps its contract, if it has one. */
  verified(where: 'broker' | 'pool'): void {
    this.#contract &&= { ...this.#contract, verified: where };
  }

  /** It looks for a worker among those of `groups`, and does so in `group`; undefined when nobody serves its subject. */
  looks(call: AnyCall, groups: readonly ServedGroup[], group: AnyGroup | undefined): void {
    const attempt = this.#begun();
    attempt.policy = group === undefined ? null : (policyName(group.policyNumber) ?? null);
    this.#named -= attempt.candidates.length;
    attempt.candidates = [];
    attempt.unnamed = 0;
    for (const one of groups) {
      for (const worker of one.workers) {
        if (this.#named < MAX_NAMED_CANDIDATES) {
          this.#named++;
          const canRead = one.canRead(worker, call);
          attempt.candidates.push({
            ...{ ...named(worker), of: worker, why: verdict(worker, call, group, canRead) },
          });
        } else attempt.unnamed++;
      }
    }
  }

  /** Nobody has room: so many others are before it. */
  waits(ahead: number): void {
    this.#begun().ahead = ahead;
  }

  handed(worker: AnyWorker): void {
    const attempt = this.#begun();
    attempt.worker = named(worker);
    attempt.handedAt = exactMs();
    for (const candidate of attempt.candidates) if (candidate.of === worker) candidate.why = 'chosen';
  }

  /** Its worker has answered or is lost; `outcome` as ExplainedAttempt has it. */
  attemptEnded(outcome: string): void {
    const attempt = this.#begun();
    attempt.endedAt = exactMs();
    attempt.outcome = outcome;
    this.#current = undefined;
  }

  /** All of it, at the end of the request; `outcome` as CallExplanation has it. */
  finish(call: AnyCall, outcome: string): CallExplanation {
    const { id, subject, eligibility, begunAt } = call;
    if (this.#current !== undefined) this.attemptEnded(outcome);
    return {
      ...{ request: formatUuid(id), subject, contract: this.#contract },
      ...{ versions: eligibility?.range?.text ?? null, group: eligibility?.group ?? null },
      ...{ experiment: experimentOf(call), attempts: this.#attempts.map(attemptOf), outcome },
      tookMs: rounded(exactMs() - begunAt),
    };
  }

  #begun(): Attempt {
    if (this.#current === undefined) {
      this.#current = {
        ...{ lookedAt: exactMs(), policy: null, candidates: [], unnamed: 0, ahead: null },
        ...{ worker: undefined, handedAt: 0, endedAt: 0, outcome: '' },
      };
      this.#attempts.push(this.#current);
    }
    return this.#current;
  }
}

/** Tells the caller of a call that asks, before its end; `outcome` as CallExplanation has it. */
export function tellWhy(call: AskedCall, outcome: string): void {
  if (call.explanation === undefined) return;
  call.caller.explain?.(call.id, JSON.stringify(call.explanation.finish(call, outcome)));
}

function named({ name, version, group }: AnyWorker): ExplainedWorker {
  return { name, version, group: group.name };
}

/** What it is before anyone is chosen: the first reason against it. */
function verdict(
  worker: AnyWorker,
  call: AnyCall,
  group: AnyGroup | undefined,
  canRead: boolean,
): CandidateVerdict {
  const { eligibility } = call;
  if (worker.session.deaf) return 'draining';
  if (eligibility !== undefined && !isEligible(worker, eligibility)) return 'not in range';
  if (!canRead) return 'cannot read the schema';
  if (worker.group !== group) return 'other group';
  if (worker === call.rejectedBy) return 'has rejected it';
  if (worker.standing.isEjected) return 'ejected';
  if (!worker.able) return 'not ready';
  return worker.outstanding >= worker.concurrency ? 'full' : 'not preferred';
}

function experimentOf({ assignment }: AnyCall): ExplainedExperiment | null {
  if (assignment === undefined) return null;
  const { experiment, variant, bucket, reason } = assignment;
  return {
    ...{ name: experiment.name, key: experiment.compiled.experiment.assign.key },
    bucket: bucket === NO_BUCKET ? null : bucket,
    ...{ variant: experiment.variants[variant]!.name, reason },
  };
}

function attemptOf({ candidates, worker, ...attempt }: Attempt): CallExplanation['attempts'][number] {
  const { lookedAt, handedAt, endedAt } = attempt;
  return {
    ...{ worker: worker ?? null, policy: attempt.policy },
    waitedMs: rounded((worker === undefined ? endedAt : handedAt) - lookedAt),
    ahead: attempt.ahead,
    ranMs: worker === undefined ? null : rounded(endedAt - handedAt),
    outcome: attempt.outcome,
    candidates: candidates.map(({ of: _, ...candidate }) => candidate),
    unnamed: attempt.unnamed,
  };
}

/** To microseconds. */
function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
