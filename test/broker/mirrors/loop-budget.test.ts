import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LoopBudget } from '../../../src/broker/mirrors/loop-budget.js';

describe('a budget of the event loop', () => {
  it('begins with what can be saved, and gets its share of the idle time, and no more than can be saved', () => {
    let idle = 0;
    const budget = new LoopBudget(0.1, 20, 0, () => idle);
    expect(budget.leftMs(0)).toBe(20);
    budget.spend(25);
    expect(budget.leftMs(0.5)).toBe(-5);
    idle = 100;
    expect(budget.leftMs(150)).toBe(5);
    // All of the time passed was needed for something else.
    expect(budget.leftMs(1_000)).toBe(5);
    idle = 10_000;
    expect(budget.leftMs(20_000)).toBe(20);
  });

  it('never lets more be spent than was saved and its share, but for the last bit', () => {
    const step = fc.record({
      busyMs: fc.double({ min: 0, max: 50, noNaN: true }),
      idleMs: fc.double({ min: 0, max: 50, noNaN: true }),
      costMs: fc.double({ min: 0, max: 5, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(step), fc.double({ min: 0.01, max: 1, noNaN: true }), (steps, share) => {
        let [now, idle, spent] = [0, 0, 0];
        const budget = new LoopBudget(share, 20, 0, () => idle);
        for (const { busyMs, idleMs, costMs } of steps) {
          now += busyMs + idleMs;
          idle += idleMs;
          if (budget.leftMs(now) <= 0) continue;
          budget.spend(costMs);
          spent += costMs;
          expect(spent).toBeLessThanOrEqual(20 + idle * share + 5 + 1e-6);
        }
      }),
    );
  });
});
