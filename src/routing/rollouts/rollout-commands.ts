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
 * command that is sent twice takes one step. Throws INVALID_ARGUMENT for a reason that is none or too long,
 * FAILED_PRECONDITION when the rollout has ended; all commands do.
 */
export function promoteRollout(
  state: RolloutState,
  nowMs: number,
  from?: RolloutStage,
  reason = 'promoted',
): Transition {
  checkReason(state, reason);
  refuseFinished(state, 'promoted');
  if (from !== undefined && from !== stageOf(state)) return unchanged(state);
  return advanced(state, { by: 'operator', reason }, nowMs);
}

/** No further step until it is resumed; gates that fail still send it back. */
export function pauseRollout(state: RolloutState, nowMs: number, reason = 'paused'): Transition {
  checkReason(state, reason);
  refuseFinished(state, 'paused');
  if (state.status === 'paused') return unchanged(state);
  return moved(state, { status: 'paused' }, { by: 'operator', reason }, nowMs);
}

/** The present step goes on, with the time that it was held before. */
export function resumeRollout(state: RolloutState, nowMs: number, reason = 'resumed'): Transition {
  checkReason(state, reason);
  refuseFinished(state, 'resumed');
  if (state.status === 'running') return unchanged(state);
  const change = { status: 'running', tickedAtMs: nowMs } as const;
  return moved(state, change, { by: 'operator', reason }, nowMs);
}

/** Everything back to the stable version, for good. */
export function rollbackRollout(state: RolloutState, reason: string, nowMs: number): Transition {
  checkReason(state, reason);
  refuseFinished(state, 'rolled back');
  return rolledBack(state, { by: 'operator', reason }, nowMs);
}

function checkReason({ plan }: RolloutState, reason: string): void {
  const { maxReasonCharacters } = ROLLOUT_LIMITS;
  if (reason.trim() !== '' && reason.length <= maxReasonCharacters) return;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'not a reason',
    expected: `1 to ${maxReasonCharacters} characters`,
    got: reason.trim() === '' ? 'nothing' : `${reason.length} characters`,
    where: plan.name,
  });
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
