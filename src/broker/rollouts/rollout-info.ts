import type { VersionFigures } from '../../routing/rollouts/measurements.js';
import type { RolloutPlan } from '../../routing/rollouts/rollout-plan.js';
import {
  isFinished,
  type RolloutEvent,
  type RolloutStage,
  type RolloutState,
  type RolloutStatus,
  type RolloutWeights,
  stageOf,
} from '../../routing/rollouts/rollout-state.js';
import { whatIsMissing } from '../../routing/rollouts/step-conditions.js';
import type { RolloutMeasurements } from './rollout-meter.js';
import type { BusyWorkers } from './rollout-workers.js';

/** A rollout at this moment. */
export interface RolloutInfo {
  readonly name: string;
  readonly status: RolloutStatus;
  /** Where it is, or was when it ended. */
  readonly stage: RolloutStage;
  readonly plan: RolloutPlan;
  /** Shares of requests that are in force. Percent. */
  readonly weights: RolloutWeights;
  /** Whether they are in force still: of rollouts with the same subjects only the last one's are. */
  readonly inForce: boolean;
  /** How long the present step is held. Milliseconds. */
  readonly heldMs: number;
  /** What came of the candidate's requests in the present step. */
  readonly judged: RolloutState['judged'];
  /** What the next step waits for, as a text; null when none will come. */
  readonly missing: string | null;
  readonly stable: VersionInfo;
  readonly candidate: VersionInfo;
  /** Which of them gets no more requests, so that its workers may be stopped; null while the rollout goes on. */
  readonly mayStop: 'stable' | 'candidate' | null;
  /** Why it is not on disk as it is here; null when it is. */
  readonly unsaved: string | null;
  /** The last thing that happened. */
  readonly lastEvent: RolloutEvent;
}

export interface VersionInfo {
  readonly range: string;
  readonly workers: BusyWorkers;
  /** Of the window now; null once the rollout has ended. */
  readonly figures: VersionFigures | null;
}

/** With all that is remembered. */
export interface RolloutDetails extends RolloutInfo {
  /** What has happened, oldest first, and how much before it is forgotten. */
  readonly history: readonly RolloutEvent[];
  readonly forgotten: number;
}

export interface RolloutSight {
  readonly state: RolloutState;
  readonly inForce: boolean;
  readonly weights: RolloutWeights;
  readonly measurements: RolloutMeasurements;
  readonly unsaved: string | undefined;
}

export function infoOf({ state, inForce, weights, measurements, unsaved }: RolloutSight): RolloutInfo {
  const { plan, status, heldMs, judged } = state;
  const hasEnded = isFinished(state);
  const version = (side: 'stable' | 'candidate'): VersionInfo => ({
    range: plan[side],
    workers: measurements.workers[side],
    figures: hasEnded ? null : measurements[side],
  });
  return {
    ...{ name: plan.name, status, stage: stageOf(state), plan, weights, inForce, heldMs, judged },
    missing: whatIsMissing(state, measurements) ?? null,
    ...{ stable: version('stable'), candidate: version('candidate') },
    mayStop: hasEnded ? (status === 'completed' ? 'stable' : 'candidate') : null,
    unsaved: unsaved ?? null,
    lastEvent: state.history.at(-1)!,
  };
}

export function detailsOf(sight: RolloutSight): RolloutDetails {
  const { history, forgotten } = sight.state;
  return { ...infoOf(sight), history, forgotten };
}
