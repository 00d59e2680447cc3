import type { ErrorCode } from '../../errors.js';

/** What is known of a rollout's two versions when it is judged. */
export interface Measurements {
  /** In the window of the plan's gates, or any where it has none. */
  readonly stable: VersionFigures;
  readonly candidate: VersionFigures;
  /** Of the candidate, since counting began. It may begin anew, with the process. */
  readonly totals: Tally;
  readonly workers: { readonly stable: WorkerCount; readonly candidate: WorkerCount };
}

/** How calls of one version have ended within a window. */
export interface VersionFigures {
  /** All but those that their callers gave up. */
  readonly requests: number;
  /** Of these, how many failed by the version's fault. */
  readonly failed: number;
  /** Of these, how many ended with an error of the caller's making. */
  readonly callerErrors: number;
  /** Errors of both kinds by their code. */
  readonly codes: Readonly<Partial<Record<ErrorCode, number>>>;
  /** Latencies of those that were answered without error; absent when none was. Milliseconds. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

export interface Tally {
  readonly requests: number;
  readonly failed: number;
}

/** Workers of one version. */
export interface WorkerCount {
  /** All that have not left, ready or not. */
  readonly workers: number;
  /** Requests that those take at once which are ready. */
  readonly concurrency: number;
}

/** Calls that were answered without error: those that have a latency. */
export function answeredOf({ requests, failed, callerErrors }: VersionFigures): number {
  return requests - failed - callerErrors;
}
