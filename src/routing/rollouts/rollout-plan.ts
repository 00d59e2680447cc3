/**
 * What moves a service from one version to another, as plain data: `readRolloutPlan` makes one, and refuses what is none.
 */
export type RolloutPlan = CanaryPlan | BlueGreenPlan | RollingPlan;

interface Move {
  /** Of the rollout, and of the experiment that it drives. One token of a subject. */
  readonly name: string;
  /** Whose requests are moved: a filter, not of reserved subjects. */
  readonly subject: string;
  /** Range of versions that requests come from. */
  readonly stable: string;
  /** Range of versions that they go to; no version is in both. */
  readonly candidate: string;
}

/** By steps: each is held for its time, and until enough was seen to judge it. */
export interface CanaryPlan extends Move {
  readonly strategy: 'canary';
  /** Weights of the candidate: rising, the last 100. Percent, at most two decimals. */
  readonly steps: readonly number[];
  /** Least time for each step. Milliseconds. */
  readonly holdMs: number;
  /** Least number of the candidate's requests in each step, and what a gate needs to judge. */
  readonly minRequests: number;
  readonly gates: Gates;
}

/** At once; the old version stays ready for a while. */
export interface BlueGreenPlan extends Move {
  readonly strategy: 'blueGreen';
  /** How long the old version is kept ready after the switch. Milliseconds. */
  readonly keepMs: number;
  /** What a gate needs to judge: requests of the candidate. */
  readonly minRequests: number;
  readonly gates?: Gates;
}

/** As workers are replaced: the weight follows the share of them that run the candidate. */
export interface RollingPlan extends Move {
  readonly strategy: 'rolling';
  /** How long a share has to last before the weight follows it. Milliseconds. */
  readonly settleMs: number;
}

/** What sends everything back to the stable version when the candidate exceeds it. At least one of the three bounds is there. */
export interface Gates {
  /** Share of requests that may fail by the candidate's fault: from 0 to below 1. */
  readonly maxErrorRate?: number;
  /** 99th percentile of its latencies. Milliseconds. */
  readonly maxP99Ms?: number;
  /** The same as a multiple of the stable version's in the same window. */
  readonly maxP99Ratio?: number;
  /** What is judged: the last so many milliseconds. */
  readonly windowMs: number;
}
