import { checkFilter, isReserved } from '../../codec/subject.js';
import { type ErrorDetail, ModwireError } from '../../errors.js';
import { hundredthsOf } from '../experiments/experiment.js';
import { EXPERIMENT_LIMITS } from '../experiments/experiment-limits.js';
import { elementsOf, membersOf, numberOf, type Place, shown, textOf } from '../json-members.js';
import { VersionRange } from '../version-range.js';
import { ROLLOUT_DEFAULTS, ROLLOUT_LIMITS } from './rollout-limits.js';
import type { BlueGreenPlan, CanaryPlan, Gates, RollingPlan, RolloutPlan } from './rollout-plan.js';
import { type RolloutRuleId, rolloutFault } from './rollout-rules.js';
import { versionsOverlap } from './version-overlap.js';

const NAME = new RegExp(`^[A-Za-z0-9_-]{1,${EXPERIMENT_LIMITS.maxNameCharacters}}$`);

const MOVE = ['name', 'subject', 'stable', 'candidate', 'strategy'] as const;

/**
 * The plan that a value of JSON describes, with the defaults of what it leaves out. Throws INVALID_ARGUMENT that names the
 * path in the JSON, below `where`, and one of ROLLOUT_RULES or a rule on the shape of JSON.
 */
export function readRolloutPlan(value: unknown, where = ''): RolloutPlan {
  const place = { value, where };
  const strategy = strategyOf(place);
  if (strategy === 'canary') return canaryOf(place);
  return strategy === 'blueGreen' ? blueGreenOf(place) : rollingOf(place);
}

/** Read before all others: it decides which there are. */
function strategyOf({ value, where }: Place): RolloutPlan['strategy'] {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const alone = isObject ? Object.fromEntries(Object.entries(value).filter(isStrategy)) : value;
  const { strategy } = membersOf({ value: alone, where }, ['strategy']);
  const name = textOf(strategy);
  if (name === 'canary' || name === 'blueGreen' || name === 'rolling') return name;
  throw rolloutFault('strategy-unknown', strategy.where, { got: shown(name) });
}

function isStrategy([name]: [string, unknown]): boolean {
  return name === 'strategy';
}

function canaryOf(place: Place): CanaryPlan {
  const members = membersOf(place, [...MOVE, 'steps', 'holdMs', 'gates'], ['minRequests']);
  const move = moveOf(members);
  const steps = stepsOf(members.steps);
  return {
    ...move,
    ...{ strategy: 'canary', steps, holdMs: timeOf(members.holdMs) },
    minRequests: minRequestsOf(members.minRequests),
    gates: gatesOf(members.gates, steps[0]! < 100),
  };
}

function blueGreenOf(place: Place): BlueGreenPlan {
  const members = membersOf(place, [...MOVE, 'keepMs'], ['minRequests', 'gates']);
  return {
    ...moveOf(members),
    ...{ strategy: 'blueGreen', keepMs: timeOf(members.keepMs) },
    minRequests: minRequestsOf(members.minRequests),
    ...(members.gates !== undefined && { gates: gatesOf(members.gates, false) }),
  };
}

function rollingOf(place: Place): RollingPlan {
  const members = membersOf(place, MOVE, ['settleMs']);
  const settleMs = members.settleMs === undefined ? ROLLOUT_DEFAULTS.settleMs : timeOf(members.settleMs);
  return { ...moveOf(members), strategy: 'rolling', settleMs };
}

function moveOf(members: Readonly<Record<(typeof MOVE)[number], Place>>) {
  const name = textOf(members.name);
  if (!NAME.test(name)) throw rolloutFault('name-form', members.name.where, { got: shown(name) });
  const subject = subjectOf(members.subject);
  const stable = rangeOf(members.stable);
  const candidate = rangeOf(members.candidate);
  if (!versionsOverlap(stable, candidate)) return { name, subject, stable, candidate };
  throw rolloutFault('versions-overlap', members.candidate.where, {
    got: `${shown(candidate)} beside ${shown(stable)}`,
  });
}

function subjectOf(place: Place): string {
  const subject = textOf(place);
  if (isReserved(subject)) throw rolloutFault('subject-form', place.where, { got: shown(subject) });
  translated('subject-form', place.where, () => checkFilter(subject));
  return subject;
}

function rangeOf(place: Place): string {
  const range = textOf(place);
  translated('not-a-range', place.where, () => new VersionRange(range));
  if (versionsOverlap(range, range)) return range;
  throw rolloutFault('range-empty', place.where, { got: shown(range) });
}

function stepsOf(place: Place): number[] {
  const places = elementsOf(place);
  if (places.length < 1 || places.length > ROLLOUT_LIMITS.maxSteps) {
    throw rolloutFault('steps-count', place.where, { got: String(places.length) });
  }
  const steps = places.map((step) => {
    const weight = numberOf(step);
    if (weight > 0 && weight <= 100 && hundredthsOf(weight) / 100 === weight) return weight;
    throw rolloutFault('step-range', step.where, { got: shown(weight) });
  });
  const fall = steps.findIndex((weight, index) => index > 0 && weight <= steps[index - 1]!);
  if (fall > 0) {
    const got = `${steps[fall]} after ${steps[fall - 1]}`;
    throw rolloutFault('steps-rise', places[fall]!.where, { got });
  }
  if (steps.at(-1) === 100) return steps;
  throw rolloutFault('steps-end', places.at(-1)!.where, {
    got: String(steps.at(-1)),
    advice: 'so that all requests are judged while the old version is still there',
  });
}

/** `compares`: whether the stable version will have requests at the same time. */
function gatesOf(place: Place, compares: boolean): Gates {
  const members = membersOf(place, [], ['maxErrorRate', 'maxP99Ms', 'maxP99Ratio', 'windowMs']);
  const { maxErrorRate, maxP99Ms, maxP99Ratio, windowMs } = members;
  if (!maxErrorRate && !maxP99Ms && !maxP99Ratio) {
    throw rolloutFault('gate-missing', place.where, { got: 'none of them' });
  }
  const { minWindowMs, maxWindowMs, maxLatencyMs, maxRatio } = ROLLOUT_LIMITS;
  const gates = {
    ...(maxErrorRate && { maxErrorRate: boundOf(maxErrorRate, (rate) => rate >= 0 && rate < 1) }),
    ...(maxP99Ms && { maxP99Ms: boundOf(maxP99Ms, (ms) => ms > 0 && ms <= maxLatencyMs) }),
    ...(maxP99Ratio && { maxP99Ratio: boundOf(maxP99Ratio, (ratio) => ratio >= 1 && ratio <= maxRatio) }),
    windowMs:
      windowMs === undefined
        ? ROLLOUT_DEFAULTS.windowMs
        : wholeOf('window-range', windowMs, minWindowMs, maxWindowMs),
  };
  if (maxP99Ratio !== undefined && !compares) {
    throw rolloutFault('gate-blind', maxP99Ratio.where, { advice: 'use maxP99Ms' });
  }
  return gates;
}

function boundOf(place: Place, allows: (bound: number) => boolean): number {
  const bound = numberOf(place);
  if (allows(bound)) return Math.abs(bound);
  throw rolloutFault('gate-range', place.where, { got: shown(bound) });
}

function timeOf(place: Place): number {
  return wholeOf('time-range', place, 0, ROLLOUT_LIMITS.maxHoldMs);
}

function minRequestsOf(place: Place | undefined): number {
  if (place === undefined) return ROLLOUT_DEFAULTS.minRequests;
  return wholeOf('requests-range', place, 1, ROLLOUT_LIMITS.maxMinRequests);
}

function wholeOf(rule: RolloutRuleId, place: Place, min: number, max: number): number {
  const number = numberOf(place);
  // What JSON calls -0 is none.
  if (Number.isInteger(number) && number >= min && number <= max) return Math.abs(number);
  throw rolloutFault(rule, place.where, { got: shown(number) });
}

/** What another check says, by this rule and at this place. */
function translated(rule: RolloutRuleId, where: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof ModwireError)) throw error;
    const { expected, got }: Partial<ErrorDetail> = error.detail;
    throw rolloutFault(rule, where, {
      ...(expected !== undefined && { expected }),
      ...(got !== undefined && { got }),
    });
  }
}
