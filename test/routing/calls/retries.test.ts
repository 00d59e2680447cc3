import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Hedging } from '../../../src/routing/calls/hedging.js';
import { RetryBudget } from '../../../src/routing/calls/retry-budget.js';
import { RETRY_DELAYS, retryDelayMs } from '../../../src/routing/calls/retry-delay.js';

/** Requests and wishes for a retry, each some time after the one before. */
const story = fc.array(
  fc.record({
    wish: fc.boolean(),
    afterMs: fc.oneof(fc.constant(0), fc.nat(50), fc.nat(3_000), fc.nat(60_000)),
    times: fc.integer({ min: 1, max: 15 }),
  }),
  { maxLength: 40, size: 'max' },
);

describe('the retry budget', () => {
  it('is never exceeded, and never refuses what it has', () => {
    fc.assert(
      fc.property(story, fc.constantFrom(0, 0.2, 1), fc.constantFrom(0, 1, 3), (events, ratio, perSecond) => {
        const budget = new RetryBudget({ ratio, perSecond });
        const requests: number[] = [];
        const retries: number[] = [];
        let nowMs = 0;
        for (const { wish, afterMs, times } of events) {
          nowMs += afterMs;
          const second = Math.floor(nowMs / 1_000);
          const recent = (seconds: readonly number[]) => seconds.filter((at) => at > second - 10).length;
          for (let time = 0; time < times; time++) {
            if (!wish) {
              budget.request(nowMs);
              requests.push(second);
              continue;
            }
            const allowed = recent(retries) + 1 <= ratio * recent(requests) + 10 * perSecond;
            expect(budget.tryRetry(nowMs)).toBe(allowed);
            if (allowed) retries.push(second);
          }
        }
        // So it is over the whole time: every stretch of ten seconds pays for its own retries.
        const seconds = Math.floor(nowMs / 1_000) + 1;
        expect(retries.length).toBeLessThanOrEqual(ratio * requests.length + perSecond * (seconds + 10));
      }),
    );
  });

  it('adds a fifth to the load when everything fails', () => {
    const budget = new RetryBudget();
    let retries = 0;
    for (let nowMs = 0; nowMs < 60_000; nowMs++) {
      budget.request(nowMs);
      for (let attempt = 1; attempt < 5; attempt++) if (budget.tryRetry(nowMs)) retries++;
    }
    expect(retries).toBeGreaterThan(0.19 * 60_000);
    expect(retries).toBeLessThanOrEqual(0.2 * 60_000 + 70);
  });

  it('takes a clock that goes back for one that stands', () => {
    const budget = new RetryBudget({ ratio: 0, perSecond: 0.1 });
    expect(budget.tryRetry(50_000)).toBe(true);
    expect(budget.tryRetry(10_000)).toBe(false);
    expect(budget.tryRetry(59_999)).toBe(false);
    expect(budget.tryRetry(60_000)).toBe(true);
  });
});

describe('the delay before a retry', () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  it('doubles up to its bound, give or take 20 %', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), random, (failed, number) => {
        const delays = { maxAttempts: 31, firstMs: 50, maxMs: 2_000 };
        const middle = Math.min(2_000, 50 * 2 ** (failed - 1));
        const delay = retryDelayMs(failed, () => number, delays)!;
        expect(delay).toBeGreaterThanOrEqual(0.8 * middle - 1e-9);
        expect(delay).toBeLessThanOrEqual(1.2 * middle);
        expect(delay).toBeCloseTo(middle * (0.8 + 0.4 * number), 6);
      }),
    );
  });

  it('ends with the fifth attempt', () => {
    const left = [1, 2, 3, 4, 5, 6].map((failed) => retryDelayMs(failed, () => 0.5));
    expect(left).toEqual([50, 100, 200, 400, undefined, undefined]);
    expect(RETRY_DELAYS.maxAttempts).toBe(5);
  });
});

describe('hedging', () => {
  it('waits for a delay, unless the call would be over by then', () => {
    const hedging = new Hedging({ delayMs: 20 }, new RetryBudget());
    expect(hedging.delayMs(21)).toBe(20);
    expect(hedging.delayMs(20)).toBeUndefined();
    hedging.answered(500, 0);
    expect(hedging.delayMs(1_000)).toBe(20);
  });

  it('waits until the given percentage of calls would be answered, once it knows', () => {
    const hedging = new Hedging({ percentile: 95 }, new RetryBudget());
    for (let call = 1; call <= 96; call++) {
      if (call <= 31) expect(hedging.delayMs(1_000)).toBeUndefined();
      hedging.answered(call <= 90 ? 10 : 200, call);
    }
    // 90 of 96 is less than 95 %.
    expect(hedging.delayMs(1_000)).toBeGreaterThanOrEqual(200);
    expect(hedging.delayMs(1_000)).toBeLessThan(213);
    expect(hedging.delayMs(150)).toBeUndefined();
  });

  it('shares the budget with retries', () => {
    const budget = new RetryBudget({ ratio: 0, perSecond: 0.2 });
    const hedging = new Hedging({ delayMs: 20 }, budget);
    expect(hedging.tryHedge(0)).toBe(true);
    expect(budget.tryRetry(0)).toBe(true);
    expect(hedging.tryHedge(0)).toBe(false);
  });
});
