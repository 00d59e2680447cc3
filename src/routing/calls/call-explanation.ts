/** Why a request went where it went, as the broker tells whoever asks. Plain data: docs/explain.md. */
export interface CallExplanation {
  /** Id of the request, as a UUID. */
  readonly request: string;
  readonly subject: string;
  /** What its subject is bound to for requests; null without a binding. */
  readonly contract: ExplainedContract | null;
  /** Whom it may go to: a range of versions, as caller and variant ask for it; null for any. */
  readonly versions: string | null;
  /** Only workers of the group of this name; null for any. */
  readonly group: string | null;
  /** Null without one. */
  readonly experiment: ExplainedExperiment | null;
  /** Workers that it was handed to, one after the other, and the last time that there was none. */
  readonly attempts: readonly ExplainedAttempt[];
  /** How it ended: `reply`, or the code of an error. */
  readonly outcome: string;
  /** From its admission to its end. */
  readonly tookMs: number;
}

export interface ExplainedContract {
  readonly name: string;
  /** The version that the request says it is of; null when that is none of the contract's. */
  readonly version: number | null;
  /**
   * Who verified the payload: the event loop of the broker, or its worker pool. `refused`: it does not keep the contract.
   */
  readonly verified: 'broker' | 'pool' | 'refused';
}

export interface ExplainedExperiment {
  readonly name: string;
  /** Where the key is taken from, as in the experiment: `key`, `trace`, `header:NAME` or `payload:FIELD.PATH`. */
  readonly key: string;
  /** 0 to 9,999; null without a key. */
  readonly bucket: number | null;
  readonly variant: string;
  /**
   * Why this variant: by the bucket of its key, or it has no key, or it said so itself, or nobody serves the variant that would be
   * its own.
   */
  readonly reason: 'bucket' | 'default' | 'kept' | 'fallback';
}

export interface ExplainedAttempt {
  /** Null when no worker got it. */
  readonly worker: ExplainedWorker | null;
  /** How its group chooses; null when nobody serves the subject. */
  readonly policy: string | null;
  /** From when it first looked for a worker until one had it, or it ended. */
  readonly waitedMs: number;
  /** Requests that were before it when it began to wait; null when it did not have to. */
  readonly ahead: number | null;
  /** From being handed over to the end of the attempt; null when no worker got it. */
  readonly ranMs: number | null;
  /** `reply`, the code of an error, or `lost`: the connection of the worker ended. */
  readonly outcome: string;
  /** Who might have had it, as they were when it first looked; at most 64 are named over all attempts. */
  readonly candidates: readonly ExplainedCandidate[];
  /** Others. */
  readonly unnamed: number;
}

export interface ExplainedWorker {
  readonly name: string;
  /** SemVer; empty when it says none. */
  readonly version: string;
  /** Empty for the group without a name. */
  readonly group: string;
}

export interface ExplainedCandidate extends ExplainedWorker {
  readonly why: CandidateVerdict;
}

/** Why a worker did not get the request, or `chosen`. The first of these that holds. */
export type CandidateVerdict =
  | 'chosen'
  /** Of a group that comes later, and the first one has workers that take requests. */
  | 'other group'
  | 'draining'
  | 'not in range'
  | 'cannot read the schema'
  | 'has rejected it'
  | 'ejected'
  | 'not ready'
  | 'full'
  /** It could have had it: another one had less to do, its turn, or the key. */
  | 'not preferred';

/** Candidates that one explanation names; the others are counted. */
export const MAX_NAMED_CANDIDATES = 64;
