import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventRate } from '../../../src/routing/calls/event-rate.js';

describe('the rate of events', () => {
  it('is the mean of the last ten whole seconds, or of those that there have been', () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 30_000 })), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000 }), steps, (startMs, waits) => {
        const rate = new EventRate();
        const times: number[] = [];
        let nowMs = startMs;
        const first = Math.floor(startMs / 1_000);
        for (const wait of [0, ...waits]) {
          nowMs += wait;
          rate.count(nowMs);
          times.push(nowMs);
          const second = Math.floor(nowMs / 1_000);
          const from = Math.max(first, second - 10);
          const within = times.filter((at) => at >= from * 1_000 && at < second * 1_000).length;
          expect(rate.perSecond(nowMs)).toBe(second === from ? 0 : within / (second - from));
        }
      }),
    );
  });

  it('falls to nothing when nothing happens', () => {
    const rate = new EventRate();
    for (let number = 0; number < 50; number++) rate.count(5_500);
    expect(rate.perSecond(6_000)).toBe(50);
    expect(rate.perSecond(15_999)).toBe(5);
    expect(rate.perSecond(16_000)).toBe(0);
  });
});
