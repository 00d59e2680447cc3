import type { Tally, VersionFigures } from './measurements.js';
import type { RolloutPlan } from './rollout-plan.js';

/** Of the states that are kept. One that a later version wrote may have another. */
export const STATE_FORMAT = 1;

export const ROLLOUT_STATUSES = ['running', 'paused', 'completed', 'rolled-back'] as const;

/** `completed`: the candidate is the stable version from now on, the other one may be drained. The last two are final. */
export type RolloutStatus = (typeof ROLLOUT_STATUSES)[number];

/** A rollout as plain data: JSON.stringify keeps all of it, `readRolloutState` takes it up again. Never altered. */
export interface RolloutState {
  readonly format: typeof STATE_FORMAT;
  readonly plan: RolloutPlan;
  readonly status: RolloutStatus;
  /** Which step of a canary it is in, or was when it ended; 0 with other strategies. From 0. */
  readonly step: number;
  /** Of the candidate. Percent. */
  readonly weight: number;
  /**
   * For how long the present step is held, without pauses; with `rolling`, for how long the workers have asked for the
   * next weight, or for the end. Milliseconds.
   */
  readonly heldMs: number;
  /** What came of the candidate's requests in the present step. */
  readonly judged: Tally;
  /** `Measurements.totals` as they were last. */
  readonly totals: Tally;
  /** With `rolling`: the least share that the candidate's workers had during `heldMs`; 0 when they ask for nothing. Percent. */
  readonly risingTo: number;
  /** On the caller's clock. Milliseconds. */
  readonly tickedAtMs: number;
  /** What has happened, oldest first: at least one event, at most ROLLOUT_LIMITS.maxHistory. */
  readonly history: readonly RolloutEvent[];
  /** Events before those. */
  readonly forgotten: number;
}

/** Where in its plan a rollout is: `step-1` is the first of a canary. */
export type RolloutStage = `step-${number}` | 'switched' | 'following';

export type RolloutPlace = 'new' | RolloutStage | `${RolloutStage} paused` | 'completed' | 'rolled-back';

export const EVENT_CAUSES = ['start', 'schedule', 'gate', 'operator'] as const;

export type EventCause = (typeof EVENT_CAUSES)[number];

/** One transition. */
export interface RolloutEvent {
  /** On the caller's clock, but always later than the event before. Milliseconds. */
  readonly atMs: number;
  /** Name of the rollout. */
  readonly rollout: string;
  readonly from: RolloutPlace;
  readonly to: RolloutPlace;
  /** Of the candidate, from now on. Percent. */
  readonly weight: number;
  readonly reason: string;
  readonly by: EventCause;
  /** What was known, where that decided. */
  readonly figures?: EventFigures;
}

export interface EventFigures {
  /** In the window. */
  readonly stable: VersionFigures;
  readonly candidate: VersionFigures;
  /** Of the candidate, in the step that ends. */
  readonly step: Tally;
}

/** Shares of requests. Percent; they sum to 100. */
export interface RolloutWeights {
  readonly stable: number;
  readonly candidate: number;
}

/** What comes of a rollout's state. */
export interface Transition {
  readonly state: RolloutState;
  /** What has happened just now, oldest first; in the state's history too. */
  readonly events: readonly RolloutEvent[];
  /** What is to be in force from now on. */
  readonly weights: RolloutWeights;
}

export function stageOf({ plan, step }: Pick<RolloutState, 'plan' | 'step'>): RolloutStage {
  if (plan.strategy === 'canary') return `step-${step + 1}`;
  return plan.strategy === 'blueGreen' ? 'switched' : 'following';
}

export function isFinished({ status }: RolloutState): boolean {
  return status === 'completed' || status === 'rolled-back';
}
