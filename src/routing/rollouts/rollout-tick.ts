import type { Measurements, Tally } from './measurements.js';
import { followWorkers } from './rolling.js';
import { failedGate } from './rollout-gates.js';
import { ROLLOUT_LIMITS } from './rollout-limits.js';
import { isFinished, type RolloutState, type Transition } from './rollout-state.js';
import { secondsText, whatIsMissing } from './step-conditions.js';
import { advanced, figuresOf, rolledBack, unchanged } from './transitions.js';

/** How often `tickRollout` is to be called. Milliseconds. */
export const TICK_MS = 1_000;

/**
 * Time has passed, and this was measured: judges the candidate and takes the next step when its turn has come, at most
 * one. A paused rollout takes none, but a gate that fails sends it back all the same.
 *
 * `nowMs` is on the wall clock, which may be set: of the time since the last tick at most ROLLOUT_LIMITS.maxTickMs counts,
 * and none when it went back.
 */
export function tickRollout(before: RolloutState, measurements: Measurements, nowMs: number): Transition {
  if (isFinished(before)) return unchanged(before);
  const state = measured(before, measurements, nowMs);
  const { plan } = state;
  if (plan.strategy === 'rolling') return followWorkers(state, plan, measurements, nowMs);
  const figures = figuresOf(state, measurements);
  const failure = failedGate(plan, measurements, state.judged);
  if (failure !== undefined) return rolledBack(state, { by: 'gate', reason: failure, figures }, nowMs);
  if (whatIsMissing(state, measurements) !== undefined) return unchanged(state);
  const reason = `held for ${secondsText(state.heldMs)}, ${state.judged.requests} requests judged`;
  return advanced(state, { by: 'schedule', reason, figures }, nowMs);
}

function measured(state: RolloutState, { totals }: Measurements, nowMs: number): RolloutState {
  const passed = Math.min(Math.max(0, nowMs - state.tickedAtMs), ROLLOUT_LIMITS.maxTickMs);
  return {
    ...state,
    heldMs: state.heldMs + (state.status === 'running' ? passed : 0),
    judged: sum(state.judged, since(state.totals, totals)),
    totals,
    tickedAtMs: nowMs,
  };
}

/** What came after `before`. Totals that have fallen have begun anew: all that they hold is new. */
function since(before: Tally, now: Tally): Tally {
  if (now.requests < before.requests || now.failed < before.failed) return now;
  return { requests: now.requests - before.requests, failed: now.failed - before.failed };
}

function sum(a: Tally, b: Tally): Tally {
  return { requests: a.requests + b.requests, failed: a.failed + b.failed };
}
