import type { Measurements } from './measurements.js';
import { ROLLOUT_LIMITS } from './rollout-limits.js';
import type { RolloutPlan } from './rollout-plan.js';
import {
  type EventFigures,
  type RolloutEvent,
  type RolloutPlace,
  type RolloutState,
  type RolloutWeights,
  STATE_FORMAT,
  stageOf,
  type Transition,
} from './rollout-state.js';

export const NOTHING_JUDGED = { requests: 0, failed: 0 } as const;

/** What an event says besides where from and where to. */
export interface Cause extends Pick<RolloutEvent, 'by' | 'reason'> {
  readonly figures?: EventFigures | undefined;
}

/** Begins a rollout: a canary with its first step, blue/green with the switch, rolling with the share that there will be. */
export function startRollout(plan: RolloutPlan, nowMs: number): Transition {
  const state: RolloutState = {
    ...{ format: STATE_FORMAT, plan, status: 'running', step: 0 },
    weight: firstWeight(plan),
    ...{ heldMs: 0, judged: NOTHING_JUDGED, totals: NOTHING_JUDGED, risingTo: 0, tickedAtMs: nowMs },
    ...{ history: [], forgotten: 0 },
  };
  return transition('new', state, { by: 'start', reason: 'started' }, nowMs);
}

/** Nothing has happened. */
export function unchanged(state: RolloutState): Transition {
  return { state, events: [], weights: weightsOf(state) };
}

/** From one state to another, with the event that says so. */
export function moved(
  state: RolloutState,
  change: Partial<RolloutState>,
  cause: Cause,
  nowMs: number,
): Transition {
  return transition(placeOf(state), { ...state, ...change }, cause, nowMs);
}

/** To the next step, with nothing judged yet, or to the end. */
export function advanced(state: RolloutState, cause: Cause, nowMs: number): Transition {
  const { plan, step } = state;
  if (plan.strategy !== 'canary' || step + 1 === plan.steps.length) {
    return moved(state, { status: 'completed', weight: 100 }, cause, nowMs);
  }
  const weight = plan.steps[step + 1]!;
  const fresh = { heldMs: 0, judged: NOTHING_JUDGED, tickedAtMs: nowMs };
  return moved(state, { step: step + 1, weight, ...fresh }, cause, nowMs);
}

/** Everything back to the stable version, for good. */
export function rolledBack(state: RolloutState, cause: Cause, nowMs: number): Transition {
  return moved(state, { status: 'rolled-back', weight: 0 }, cause, nowMs);
}

export function figuresOf({ judged }: RolloutState, { stable, candidate }: Measurements): EventFigures {
  return { stable, candidate, step: judged };
}

export function weightsOf({ weight }: Pick<RolloutState, 'weight'>): RolloutWeights {
  // In hundredths: 100 - 8.04 is not 91.96.
  return { stable: Math.round((100 - weight) * 100) / 100, candidate: weight };
}

/** The weight of a plan before anything was measured. Percent. */
function firstWeight(plan: RolloutPlan): number {
  if (plan.strategy === 'canary') return plan.steps[0]!;
  return plan.strategy === 'blueGreen' ? 100 : 0;
}

function placeOf(state: RolloutState): RolloutPlace {
  if (state.status === 'running') return stageOf(state);
  return state.status === 'paused' ? `${stageOf(state)} paused` : state.status;
}

function transition(from: RolloutPlace, state: RolloutState, cause: Cause, nowMs: number): Transition {
  const { by, reason, figures } = cause;
  const before = state.history.at(-1);
  const event: RolloutEvent = {
    // A clock that was set back must not change the order.
    atMs: before === undefined ? nowMs : Math.max(nowMs, before.atMs + 1),
    ...{ rollout: state.plan.name, from, to: placeOf(state), weight: state.weight, reason, by },
    ...(figures !== undefined && { figures }),
  };
  const excess = Math.max(0, state.history.length + 1 - ROLLOUT_LIMITS.maxHistory);
  const history = [...state.history.slice(excess), event];
  const next = { ...state, history, forgotten: state.forgotten + excess };
  return { state: next, events: [event], weights: weightsOf(next) };
}
