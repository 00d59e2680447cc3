import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MIRROR_BOUNDS } from '../../../src/broker/mirrors/mirror-bounds.js';
import { PairCost } from '../../../src/broker/mirrors/pair-cost.js';

describe('what a pair costs', () => {
  it('comes to what pairs have taken, whatever it was before and however many come at once', () => {
    const ms = fc.double({ min: 0, max: 10, noNaN: true });
    fc.assert(
      fc.property(ms, ms, ms, fc.integer({ min: 1, max: 64 }), (before, copyMs, compareMs, count) => {
        const cost = new PairCost();
        cost.copied(16, before * 16);
        for (let sum = 0; sum < 1_000; sum += count) {
          cost.copied(count, copyMs * count);
          cost.compared(count, compareMs * count);
        }
        expect(cost.usualMs).toBeCloseTo(MIRROR_BOUNDS.unseenMs + copyMs + compareMs, 3);
      }),
    );
  });

  it('does not change when nothing was copied', () => {
    const cost = new PairCost();
    cost.copied(1, 1);
    const { usualMs } = cost;
    cost.copied(0, 0);
    expect(cost.usualMs).toBe(usualMs);
  });
});
