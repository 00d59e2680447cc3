import { ModwireError } from '../../errors.js';
import { ROLLOUT_LIMITS } from './rollout-limits.js';
import {
  isFinished,
  type RolloutStage,
  type RolloutState,
  stageOf,
  type Transition,
} from './rollout-state.js';
import { advanced, moved, rolledBack, unchanged } from './transitions.js';

/**
 * An operator wants the next step now, whatever the present one still waits for; after the last step, with `blueGreen` and
 * with `rolling`, the end. A paused rollout stays paused. With `from` nothing is done unless that is the present stage: a
 * command that is sent twice takes one step. Throws FAILED_PRECONDITION when the rollout has ended.
 */
export function promoteRollout(state: RolloutState, nowMs: number, from?: RolloutStage): Transition {
  refuseFinished(state, 'promoted');
  if (from !== undefined && from !== stageOf(state)) return unchanged(state);
  return advanced(state, { by: 'operator', reason: 'promoted' }, nowMs);
}

/** No further step until it is resumed; gates that fail still send it back. Throws FAILED_PRECONDITION when it has ended. */
export function pauseRollout(state: RolloutState, nowMs: number): Transition {
  refuseFinished(state, 'paused');
  if (state.status === 'paused') return unchanged(state);
  return moved(state, { status: 'paused' }, { by: 'operator', reason: 'paused' }, nowMs);
}

/** The present step goes on, with the time that it was held before. Throws FAILED_PRECONDITION when it has ended. */
export function resumeRollout(state: RolloutState, nowMs: number): Transition {
  refuseFinished(state, 'resumed');
  if (state.status === 'running') return unchanged(state);
  const change = { status: 'running', tickedAtMs: nowMs } as const;
  return moved(state, change, { by: 'operator', reason: 'resumed' }, nowMs);
}

/**
 * Everything back to the stable version, for good. Throws INVALID_ARGUMENT for a reason that is none or too long,
 * FAILED_PRECONDITION when the rollout has ended.
 */
export function rollbackRollout(state: RolloutState, reason: string, nowMs: number): Transition {
  const { maxReasonCharacters } = ROLLOUT_LIMITS;
  if (reason.trim() === '' || reason.length > maxReasonCharacters) {
    throw new ModwireError('INVALID_ARGUMENT', {
      what: 'not a reason',
      expected: `1 to ${maxReasonCharacters} characters`,
      got: reason.trim() === '' ? 'nothing' : `${reason.length} characters`,
      where: state.plan.name,
    });
  }
  refuseFinished(state, 'rolled back');
  return rolledBack(state, { by: 'operator', reason }, nowMs);
}

function refuseFinished(state: RolloutState, wanted: string): void {
  if (!isFinished(state)) return;
  const last = state.history.at(-1)!;
  throw new ModwireError('FAILED_PRECONDITION', {
    what: `a rollout that has ended cannot be ${wanted}`,
    expected: 'one that is running or paused',
    got: `${state.status} (${last.reason})`,
    where: state.plan.name,
    advice: 'start another one',
  });
}
