import { HUNDREDTHS } from '../experiments/experiment.js';
import type { Measurements } from './measurements.js';
import type { RollingPlan } from './rollout-plan.js';
import type { RolloutState, Transition } from './rollout-state.js';
import { advanced, figuresOf, moved, unchanged } from './transitions.js';

/**
 * The weight rises to the share of workers that run the candidate, once it has lasted, and never falls: a key that has been
 * to the new version does not go back to the old one because a worker is busy reconnecting. It ends when no worker of the
 * old version has been there for as long.
 */
export function followWorkers(
  state: RolloutState,
  plan: RollingPlan,
  measurements: Measurements,
  nowMs: number,
): Transition {
  return reachable(followed(state, plan, measurements, nowMs), measurements);
}

function followed(
  state: RolloutState,
  { settleMs }: RollingPlan,
  measurements: Measurements,
  nowMs: number,
): Transition {
  const asked = askedShare(state, measurements);
  if (asked === 0) return unchanged({ ...state, heldMs: 0, risingTo: 0 });
  const isNew = state.risingTo === 0;
  const risingTo = isNew ? asked : Math.min(asked, state.risingTo);
  const heldMs = isNew ? 0 : state.heldMs;
  const held: RolloutState = { ...state, heldMs, risingTo };
  if (state.status === 'paused' || heldMs < settleMs) return unchanged(held);
  const figures = figuresOf(held, measurements);
  if (state.weight === 100) {
    return advanced(held, { by: 'schedule', reason: 'no worker of the old version is left', figures }, nowMs);
  }
  const reason = `the new version has ${risingTo} % of the concurrency`;
  const risen = { weight: risingTo, heldMs: 0, risingTo: 0 };
  return moved(held, risen, { by: 'schedule', reason, figures }, nowMs);
}

/** The weight that workers ask for: above the present one, or at the end 100; 0 when they ask for nothing. Percent. */
function askedShare({ weight }: RolloutState, { workers }: Measurements): number {
  const { stable, candidate } = workers;
  if (candidate.concurrency === 0) return 0;
  if (weight === 100) return stable.workers === 0 ? 100 : 0;
  const all = stable.concurrency + candidate.concurrency;
  // Rounded down: all of it is only what is all of it.
  const share = Math.floor((candidate.concurrency * HUNDREDTHS) / all) / 100;
  return share > weight ? share : 0;
}

/** Requests go where workers are, whatever the weight is, while only one version has any that are ready. */
function reachable(transition: Transition, { workers }: Measurements): Transition {
  const { stable, candidate } = workers;
  if (stable.concurrency > 0 === candidate.concurrency > 0) return transition;
  const weights = stable.concurrency > 0 ? { stable: 100, candidate: 0 } : { stable: 0, candidate: 100 };
  return { ...transition, weights };
}
