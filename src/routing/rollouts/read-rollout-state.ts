import { ModwireError } from '../../errors.js';
import { elementsOf, membersOf, numberOf, type Place, shown, textOf } from '../json-members.js';
import type { Tally } from './measurements.js';
import { readRolloutPlan } from './read-rollout-plan.js';
import { ROLLOUT_LIMITS } from './rollout-limits.js';
import type { RolloutPlan } from './rollout-plan.js';
import { rolloutFault } from './rollout-rules.js';
import {
  EVENT_CAUSES,
  type EventFigures,
  ROLLOUT_STATUSES,
  type RolloutEvent,
  type RolloutPlace,
  type RolloutState,
  type RolloutStatus,
  STATE_FORMAT,
} from './rollout-state.js';

/**
 * A state as it was before JSON.stringify. Throws UNIMPLEMENTED for a format of another version, INVALID_ARGUMENT that
 * names the path in the JSON for what cannot be one: nothing is decided on a file that was damaged or edited by mistake.
 */
export function readRolloutState(value: unknown): RolloutState {
  checkFormat(value);
  const members = membersOf({ value, where: '' }, [
    ...(['format', 'plan', 'status', 'step', 'weight', 'heldMs', 'judged', 'totals'] as const),
    ...(['risingTo', 'tickedAtMs', 'history', 'forgotten'] as const),
  ]);
  const plan = readRolloutPlan(members.plan.value, 'plan');
  const status = oneOf(ROLLOUT_STATUSES, members.status);
  const maxStep = plan.strategy === 'canary' ? plan.steps.length - 1 : 0;
  const step = countOf(members.step, maxStep);
  const weight = within(numberOf(members.weight), 0, 100, members.weight);
  const due = dueWeight(plan, status, step);
  if (due !== undefined && weight !== due) {
    throw rolloutFault('state-form', 'weight', { expected: String(due), got: String(weight) });
  }
  return {
    ...{ format: STATE_FORMAT, plan, status, step, weight },
    heldMs: within(numberOf(members.heldMs), 0, Number.MAX_VALUE, members.heldMs),
    judged: tallyOf(members.judged),
    totals: tallyOf(members.totals),
    risingTo: within(numberOf(members.risingTo), 0, 100, members.risingTo),
    tickedAtMs: numberOf(members.tickedAtMs),
    history: historyOf(members.history),
    forgotten: countOf(members.forgotten),
  };
}

function checkFormat(value: unknown): void {
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined;
  // Without one it is no state at all, which is said later.
  if (format === undefined || format === STATE_FORMAT) return;
  throw new ModwireError('UNIMPLEMENTED', {
    what: 'the state of a rollout in an unknown format',
    ...{ expected: String(STATE_FORMAT), got: shown(format), where: 'format' },
    advice: 'use the version of Modwire that wrote it, or a later one',
  });
}

/** The weight that follows from the rest; undefined where workers have decided on it. */
function dueWeight(plan: RolloutPlan, status: RolloutStatus, step: number): number | undefined {
  if (status === 'rolled-back') return 0;
  if (status === 'completed' || plan.strategy === 'blueGreen') return 100;
  return plan.strategy === 'canary' ? plan.steps[step] : undefined;
}

function historyOf(place: Place): RolloutEvent[] {
  const places = elementsOf(place);
  if (places.length < 1 || places.length > ROLLOUT_LIMITS.maxHistory) {
    throw rolloutFault('state-form', place.where, {
      ...{ expected: `1 to ${ROLLOUT_LIMITS.maxHistory} events`, got: String(places.length) },
    });
  }
  return places.map(eventOf);
}

function eventOf(place: Place): RolloutEvent {
  const required = ['atMs', 'rollout', 'from', 'to', 'weight', 'reason', 'by'] as const;
  const members = membersOf(place, required, ['figures']);
  return {
    atMs: numberOf(members.atMs),
    rollout: textOf(members.rollout),
    // They decide nothing, and are shown as they are.
    from: textOf(members.from) as RolloutPlace,
    to: textOf(members.to) as RolloutPlace,
    weight: numberOf(members.weight),
    reason: textOf(members.reason),
    by: oneOf(EVENT_CAUSES, members.by),
    ...(members.figures !== undefined && { figures: figuresOf(members.figures) }),
  };
}

function figuresOf(place: Place): EventFigures {
  membersOf(place, ['stable', 'candidate', 'step']);
  return place.value as EventFigures;
}

function tallyOf(place: Place): Tally {
  const members = membersOf(place, ['requests', 'failed']);
  return { requests: countOf(members.requests), failed: countOf(members.failed) };
}

function countOf(place: Place, max = Number.MAX_SAFE_INTEGER): number {
  const count = numberOf(place);
  if (!Number.isInteger(count)) throw rolloutFault('state-form', place.where, { got: shown(count) });
  return within(count, 0, max, place);
}

function within(number: number, min: number, max: number, { where }: Place): number {
  if (number >= min && number <= max) return number;
  throw rolloutFault('state-form', where, { expected: `${min} to ${max}`, got: shown(number) });
}

function oneOf<Text extends string>(all: readonly Text[], place: Place): Text {
  const text = textOf(place);
  const found = all.find((one) => one === text);
  if (found !== undefined) return found;
  throw rolloutFault('state-form', place.where, { expected: `one of ${all.join(', ')}`, got: shown(text) });
}
