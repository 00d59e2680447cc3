import fc from 'fast-check';
import type { Measurements } from '../../src/routing/rollouts/measurements.js';
import {
  pauseRollout,
  promoteRollout,
  resumeRollout,
  rollbackRollout,
} from '../../src/routing/rollouts/rollout-commands.js';
import type { RolloutPlan } from '../../src/routing/rollouts/rollout-plan.js';
import { isFinished, type RolloutState, type Transition } from '../../src/routing/rollouts/rollout-state.js';
import { tickRollout } from '../../src/routing/rollouts/rollout-tick.js';
import { BLUE_GREEN, CANARY, figures, measurements, ROLLING } from './rollouts.js';

/** Plans of every strategy, whose steps a course of some dozen ticks gets through. */
export const anyPlan: fc.Arbitrary<RolloutPlan> = fc.oneof(
  fc
    .record({
      steps: fc.uniqueArray(fc.integer({ min: 1, max: 9_999 }), { maxLength: 4 }),
      holdMs: fc.constantFrom(0, 1_000, 5_000),
      minRequests: fc.constantFrom(1, 20, 100),
    })
    .map(({ steps, ...rest }) => {
      const rising = steps.sort((a, b) => a - b).map((hundredths) => hundredths / 100);
      const { maxP99Ratio: _, ...alone } = CANARY.gates;
      const gates = rising.length === 0 ? alone : CANARY.gates;
      return { ...CANARY, ...rest, steps: [...rising, 100], gates };
    }),
  fc.constant({ ...BLUE_GREEN, keepMs: 6_000 }),
  fc.constant({ ...ROLLING, settleMs: 1_000 }),
);

/** Mostly good ones: otherwise no course would get far. */
export const anyMeasurements: fc.Arbitrary<Measurements> = fc
  .record({
    requests: fc.constantFrom(0, 3, 50, 200, 200, 1_000),
    badShare: fc.oneof(
      { weight: 12, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.constantFrom(0.005, 1) },
    ),
    p99Ms: fc.oneof(
      { weight: 12, arbitrary: fc.constant(20) },
      { weight: 1, arbitrary: fc.constantFrom(100, 900) },
    ),
    total: fc.nat(3_000),
    workers: fc.tuple(fc.nat(3), fc.nat(3)),
  })
  .map(({ requests, badShare, p99Ms, total, workers }) => {
    const candidate = figures(requests, Math.floor(requests * badShare), p99Ms);
    return measurements({ candidate, workers, totals: { requests: total, failed: candidate.failed } });
  });

/** Something that happens to a rollout. Time goes on, mostly, by `afterMs`. */
export type Happening = { readonly afterMs: number } & (
  | { readonly kind: 'tick'; readonly measurements: Measurements }
  | { readonly kind: 'promote' | 'pause' | 'resume' | 'roll back' }
);

/** A second, but for clocks that are set and programs that stand still. */
const afterMs = fc.oneof(
  { weight: 12, arbitrary: fc.constant(1_000) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 30_000, 1e9, -1, -5_000, -1e9) },
);

export const anyTick: fc.Arbitrary<Happening> = fc.record({
  kind: fc.constant('tick' as const),
  ...{ afterMs, measurements: anyMeasurements },
});

export const anyCommand: fc.Arbitrary<Happening> = fc.record({
  kind: fc.constantFrom('promote', 'pause', 'resume', 'resume', 'roll back'),
  afterMs,
});

export const anyHappening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 12, arbitrary: anyTick },
  { weight: 2, arbitrary: anyCommand },
);

/** What comes of it; a command that the rollout must refuse changes nothing. */
export function happen(state: RolloutState, happening: Happening, nowMs: number): Transition {
  const { kind } = happening;
  if (kind === 'tick') return tickRollout(state, happening.measurements, nowMs);
  const weights = { stable: 100 - state.weight, candidate: state.weight };
  if (isFinished(state)) return { state, events: [], weights };
  if (kind === 'promote') return promoteRollout(state, nowMs);
  if (kind === 'pause') return pauseRollout(state, nowMs);
  return kind === 'resume' ? resumeRollout(state, nowMs) : rollbackRollout(state, 'by hand', nowMs);
}
