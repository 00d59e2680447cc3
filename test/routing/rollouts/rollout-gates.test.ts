import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tally, VersionFigures } from '../../../src/routing/rollouts/measurements.js';
import { failedGate } from '../../../src/routing/rollouts/rollout-gates.js';
import type { Gates } from '../../../src/routing/rollouts/rollout-plan.js';
import { BLUE_GREEN, CANARY, figures } from '../../support/rollouts.js';

interface Case {
  readonly gates: Partial<Gates>;
  readonly candidate: VersionFigures;
  readonly stable?: VersionFigures;
  readonly judged?: Tally;
}

/** With 100 requests as the least to judge. */
function judge({ gates, candidate, stable = figures(0), judged = candidate }: Case): string | undefined {
  const plan = { ...CANARY, gates: { windowMs: 5_000, ...gates } };
  return failedGate(plan, { stable, candidate }, judged);
}

const passing: readonly (readonly [string, Case])[] = [
  ['no request at all', { gates: { maxErrorRate: 0 }, candidate: figures(0) }],
  ['one failure in three at 1 %', { gates: { maxErrorRate: 0.01 }, candidate: figures(3, 1) }],
  ['exactly the share that may fail', { gates: { maxErrorRate: 0.29 }, candidate: figures(100, 29) }],
  ['exactly that of many requests', { gates: { maxErrorRate: 0.07 }, candidate: figures(70_000, 4_900) }],
  ['a latency of exactly the bound', { gates: { maxP99Ms: 250 }, candidate: figures(100, 0, 250) }],
  ['a slow reply among too few', { gates: { maxP99Ms: 250 }, candidate: figures(99, 0, 9_000) }],
  ['nothing but failures, for latency', { gates: { maxP99Ms: 250 }, candidate: figures(500, 500) }],
  [
    'replies too few beside failures, for latency',
    { gates: { maxP99Ms: 250 }, candidate: figures(150, 51, 9_000) },
  ],
  [
    'exactly the allowed multiple of the stable version',
    { gates: { maxP99Ratio: 2 }, candidate: figures(100, 0, 40), stable: figures(100, 0, 20) },
  ],
  [
    'a multiple of too few replies of the stable version',
    { gates: { maxP99Ratio: 2 }, candidate: figures(100, 0, 400), stable: figures(99, 0, 20) },
  ],
  [
    'a multiple where the stable version has no requests',
    { gates: { maxP99Ratio: 2 }, candidate: figures(100, 0, 400) },
  ],
  [
    "errors of the callers' making",
    {
      gates: { maxErrorRate: 0 },
      candidate: { requests: 100, failed: 0, callerErrors: 100, codes: { INVALID_ARGUMENT: 100 } },
    },
  ],
];

const failing: readonly (readonly [string, Case, string])[] = [
  [
    'a single failure where none may fail',
    { gates: { maxErrorRate: 0 }, candidate: figures(1, 1) },
    '1 of 1 requests failed: more than 0 % of 100 requests, mostly INTERNAL',
  ],
  [
    'more failures among few requests than all to judge may have',
    { gates: { maxErrorRate: 0.01 }, candidate: figures(3, 2) },
    '2 of 3 requests failed: more than 1 % of 100 requests, mostly INTERNAL',
  ],
  [
    'one failure too many',
    { gates: { maxErrorRate: 0.29 }, candidate: figures(100, 30) },
    '30 of 100 requests failed: more than 29 %, mostly INTERNAL',
  ],
  [
    'what comes in too few requests for a window, over the step',
    { gates: { maxErrorRate: 0.01 }, candidate: figures(10, 1), judged: { requests: 60, failed: 2 } },
    '2 of 60 requests failed: more than 1 % of 100 requests, in the whole step',
  ],
  [
    'a latency above the bound',
    { gates: { maxP99Ms: 250 }, candidate: figures(100, 0, 250.5) },
    '99 % of replies took up to 250.5 ms: more than 250 ms',
  ],
  [
    'a latency above the multiple',
    { gates: { maxP99Ratio: 1.5 }, candidate: figures(100, 0, 31), stable: figures(100, 0, 20) },
    '99 % of replies took up to 31 ms: more than 1.5 times the 20 ms of the stable version',
  ],
  [
    'the failures that it has most of, by name',
    {
      gates: { maxErrorRate: 0.1 },
      candidate: {
        ...{ requests: 200, failed: 30, callerErrors: 90 },
        codes: { NOT_FOUND: 90, UNAVAILABLE: 10, DEADLINE_EXCEEDED: 20 },
      },
    },
    '30 of 200 requests failed: more than 10 %, mostly DEADLINE_EXCEEDED',
  ],
];

describe('gates', () => {
  it.each(passing)('let pass: %s', (_, given) => {
    expect(judge(given)).toBeUndefined();
  });

  it.each(failing)('refuse: %s', (_, given, reason) => {
    expect(judge(given)).toBe(reason);
  });

  it('let everything pass where a plan has none', () => {
    const { gates: _, ...without } = BLUE_GREEN;
    const candidate = figures(1_000, 1_000);
    expect(failedGate(without, { stable: candidate, candidate }, candidate)).toBeUndefined();
  });

  it('refuse early only what must be refused once all requests to judge are there', () => {
    const counts = fc
      .tuple(fc.nat(99), fc.nat(99))
      .map(([a, b]) => [Math.max(a, b), Math.min(a, b)] as const);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99 }), counts, (percent, [requests, failed]) => {
        const gates = { maxErrorRate: percent / 100 };
        const early = judge({ gates, candidate: figures(requests, failed) });
        // All others succeed: the best that can still come.
        const atBest = judge({ gates, candidate: figures(100, failed) });
        expect(early === undefined).toBe(atBest === undefined);
        expect(atBest === undefined).toBe(failed <= percent);
      }),
    );
  });
});
