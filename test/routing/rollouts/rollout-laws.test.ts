import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRolloutState } from '../../../src/routing/rollouts/read-rollout-state.js';
import { pauseRollout, resumeRollout } from '../../../src/routing/rollouts/rollout-commands.js';
import { ROLLOUT_LIMITS } from '../../../src/routing/rollouts/rollout-limits.js';
import type { RolloutPlan } from '../../../src/routing/rollouts/rollout-plan.js';
import {
  isFinished,
  type RolloutState,
  type Transition,
} from '../../../src/routing/rollouts/rollout-state.js';
import { startRollout } from '../../../src/routing/rollouts/transitions.js';
import {
  anyCommand,
  anyHappening,
  anyPlan,
  anyTick,
  type Happening,
  happen,
} from '../../support/rollout-course.js';
import { CANARY } from '../../support/rollouts.js';

/** The rollout, and its clock. */
interface Real {
  transition: Transition;
  nowMs: number;
}

/** What any rollout may be expected to be, without how it decides. */
interface Model {
  readonly plan: RolloutPlan;
  /** Highest weight and step so far. */
  weight: number;
  step: number;
  isPaused: boolean;
  isOver: boolean;
  events: number;
}

/** The weights that a plan allows its candidate; undefined when workers decide. */
function allowedWeights(plan: RolloutPlan): readonly number[] | undefined {
  if (plan.strategy === 'rolling') return undefined;
  return plan.strategy === 'canary' ? [0, ...plan.steps] : [0, 100];
}

class Happens implements fc.Command<Model, Real> {
  readonly happening: Happening;

  constructor(happening: Happening) {
    this.happening = happening;
  }

  check(): boolean {
    return true;
  }

  run(model: Model, real: Real): void {
    const before = real.transition.state;
    real.nowMs += this.happening.afterMs;
    real.transition = happen(before, this.happening, real.nowMs);
    const { state, events, weights } = real.transition;
    expect(weights.stable + weights.candidate).toBeCloseTo(100, 9);
    this.#followsThePlan(model, before, real.transition);
    expect(events.length).toBeLessThanOrEqual(1);
    model.events += events.length;
    expect(state.history.length + state.forgotten).toBe(model.events);
    for (const event of events) {
      expect(state.history.at(-1)).toBe(event);
      expect(event.atMs).toBeGreaterThan(before.history.at(-1)!.atMs);
      expect(event.weight).toBe(state.weight);
    }
    // Whatever is said to be in force has been told.
    if (events.length === 0) expect([state.status, state.weight]).toEqual([before.status, before.weight]);
  }

  #followsThePlan(model: Model, before: RolloutState, { state, weights, events }: Transition): void {
    const allowed = allowedWeights(model.plan);
    if (allowed !== undefined) {
      expect(allowed).toContain(weights.candidate);
      expect(weights.candidate).toBe(state.weight);
    }
    if (model.isOver) {
      expect(state).toBe(before);
      expect(events).toEqual([]);
      if (state.status === 'rolled-back') expect(weights).toEqual({ stable: 100, candidate: 0 });
    }
    const isCommand = this.happening.kind !== 'tick';
    if (model.isPaused && !isCommand && !isFinished(state)) {
      expect([state.status, state.weight, state.step]).toEqual(['paused', model.weight, model.step]);
    }
    // Up, or all the way down for good.
    if (state.status === 'rolled-back') expect(state.weight).toBe(0);
    else expect(state.weight).toBeGreaterThanOrEqual(model.weight);
    expect(state.step).toBeGreaterThanOrEqual(model.step);
    expect(state.step).toBeLessThanOrEqual(model.step + 1);
    if (model.plan.strategy === 'rolling' && !isCommand && !model.isOver)
      expect(state.status).not.toBe('rolled-back');
    Object.assign(model, {
      ...{ weight: state.weight, step: state.step },
      ...{ isPaused: state.status === 'paused', isOver: isFinished(state) },
    });
  }

  toString(): string {
    return `${this.happening.kind} after ${this.happening.afterMs} ms`;
  }
}

class Restarts implements fc.Command<Model, Real> {
  check(): boolean {
    return true;
  }

  run(_: Model, real: Real): void {
    const read = readRolloutState(JSON.parse(JSON.stringify(real.transition.state)));
    expect(read).toEqual(real.transition.state);
    real.transition = { ...real.transition, state: read };
  }

  toString(): string {
    return 'restart';
  }
}

describe('every rollout', () => {
  it('keeps to its plan, ends for good, and tells all that it does in order', () => {
    const commands = fc.commands(
      [
        anyTick.map((happening) => new Happens(happening)),
        anyTick.map((happening) => new Happens(happening)),
        anyHappening.map((happening) => new Happens(happening)),
        fc.constant(new Restarts()),
      ],
      { maxCommands: 60, size: 'max' },
    );
    fc.assert(
      fc.property(anyPlan, commands, (plan, all) => {
        fc.modelRun(() => {
          const transition = startRollout(plan, 1e6);
          const weight = transition.weights.candidate;
          return {
            model: { plan, weight, step: 0, isPaused: false, isOver: false, events: 1 },
            real: { transition, nowMs: 1e6 },
          };
        }, all);
      }),
    );
  });

  it('goes the same way whether the broker is restarted in the middle or not', () => {
    const happenings = fc.array(fc.tuple(anyHappening, fc.nat(3)), { maxLength: 60, size: 'max' });
    const ends = new Set<string>();
    fc.assert(
      fc.property(anyPlan, happenings, (plan, all) => {
        let nowMs = 1e6;
        let { state } = startRollout(plan, nowMs);
        let restarted = state;
        for (const [happening, untilRestart] of all) {
          nowMs += happening.afterMs;
          if (untilRestart === 0) restarted = readRolloutState(JSON.parse(JSON.stringify(restarted)));
          const one = happen(state, happening, nowMs);
          const other = happen(restarted, happening, nowMs);
          expect(other).toEqual(one);
          state = one.state;
          restarted = other.state;
        }
        ends.add(`${plan.strategy} ${state.status}`);
      }),
      { numRuns: 300 },
    );
    // The courses are worth the name: they get everywhere.
    for (const strategy of ['canary', 'blueGreen', 'rolling']) {
      for (const status of ['running', 'completed', 'rolled-back'])
        expect([...ends]).toContain(`${strategy} ${status}`);
    }
  });

  it('that is told a command twice does it once, but for promoting', () => {
    const commands = anyCommand.filter(({ kind }) => kind === 'pause' || kind === 'resume');
    fc.assert(
      fc.property(anyPlan, fc.array(anyHappening, { maxLength: 20 }), commands, (plan, all, command) => {
        let { state } = startRollout(plan, 0);
        all.forEach((happening, index) => {
          state = happen(state, happening, index * 1_000).state;
        });
        const once = happen(state, command, 50_000);
        expect(happen(once.state, command, 60_000)).toEqual({ ...once, events: [] });
      }),
    );
  });

  it('forgets its oldest events when there are too many, and says how many', () => {
    let { state } = startRollout(CANARY, 0);
    for (let round = 0; round < 600; round++) state = resumeRollout(pauseRollout(state, 0).state, 0).state;
    expect(state.history).toHaveLength(ROLLOUT_LIMITS.maxHistory);
    expect(state.forgotten).toBe(1_201 - ROLLOUT_LIMITS.maxHistory);
    // A millisecond apart, although the clock stood still.
    expect(state.history.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 1_000 }, (_, at) => 201 + at));
    expect(readRolloutState(JSON.parse(JSON.stringify(state)))).toEqual(state);
  });
});
