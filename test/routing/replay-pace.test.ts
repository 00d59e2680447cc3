import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_SPEED, parseReplaySpeed, ReplayPace } from '../../src/routing/replay-pace.js';

describe('the speed of a replay', () => {
  it.each([
    ['original', 1],
    ['max', MAX_SPEED],
    ['×2', 2],
    ['x2', 2],
    ['10x', 10],
    ['0.5×', 0.5],
    ['×0.001', 0.001],
    ['x1000000', 1_000_000],
  ])('is read from %s', (text, speed) => {
    expect(parseReplaySpeed(text)).toBe(speed);
  });

  it.each([
    '',
    '2',
    'x',
    'x2x',
    '×0',
    'x-1',
    'x1e3',
    'x.5',
    'x1000001',
    '×0.0009',
    'Infinityx',
    'MAX',
    ' max',
  ])('is not read from "%s"', (text) => {
    expect(() => parseReplaySpeed(text)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('the pace of a replay', () => {
  /** When each record leaves when whoever takes it needs `takesMs` for it, from 0 on. */
  function leaving(speed: number, recordsMs: readonly number[], takesMs = 0): number[] {
    const pace = new ReplayPace(speed);
    let nowMs = 5_000;
    return recordsMs.map((recordMs) => {
      nowMs += pace.waitMs(recordMs, nowMs);
      const leftMs = nowMs - 5_000;
      nowMs += takesMs;
      return leftMs;
    });
  }

  it('waits as long between records as it was, divided by the speed', () => {
    const recordsMs = [1e12, 1e12 + 100, 1e12 + 100, 1e12 + 3_600_000];
    expect(leaving(1, recordsMs)).toEqual([0, 100, 100, 3_600_000]);
    expect(leaving(4, recordsMs)).toEqual([0, 25, 25, 900_000]);
    expect(leaving(0.5, recordsMs)).toEqual([0, 200, 200, 7_200_000]);
    expect(leaving(MAX_SPEED, recordsMs)).toEqual([0, 0, 0, 0]);
  });

  it('takes a record that is older than the one before as one of the same time', () => {
    expect(leaving(1, [10_000, 10_100, 4_000, 4_050])).toEqual([0, 100, 100, 150]);
  });

  it('makes up for what is a little late, so that nothing adds up', () => {
    expect(leaving(1, [0, 100, 200, 300, 400], 90)).toEqual([0, 100, 200, 300, 400]);
    expect(leaving(1, [0, 10, 20, 400], 100)).toEqual([0, 100, 200, 400]);
  });

  it('goes on from where it is when it is very late, instead of in a burst', () => {
    const pace = new ReplayPace(1);
    expect(pace.waitMs(0, 0)).toBe(0);
    expect(pace.waitMs(100, 60_000)).toBe(0);
    expect(pace.waitMs(200, 60_000)).toBe(100);
    expect(pace.waitMs(300, 60_100)).toBe(100);
  });

  it('says the rest of the wait when it is asked again', () => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.nat(500)),
        (gap, speed, steps) => {
          const pace = new ReplayPace(speed);
          pace.waitMs(0, 0);
          let nowMs = 0;
          for (const step of [0, ...steps]) {
            nowMs += step;
            if (nowMs > gap / speed) break;
            expect(pace.waitMs(gap, nowMs)).toBeCloseTo(gap / speed - nowMs, 6);
          }
        },
      ),
    );
  });

  it('sends nothing before its time, and keeps the order', () => {
    const recordsMs = fc.array(fc.nat(1e5), { maxLength: 50 }).map((all) => all.sort((a, b) => a - b));
    fc.assert(
      fc.property(
        recordsMs,
        fc.double({ min: 0.1, max: 50, noNaN: true }),
        fc.nat(2_000),
        (all, speed, takesMs) => {
          const left = leaving(speed, all, takesMs);
          for (let at = 1; at < all.length; at++) {
            expect(left[at]! + 1e-6).toBeGreaterThanOrEqual((all[at]! - all[0]!) / speed);
            expect(left[at]!).toBeGreaterThanOrEqual(left[at - 1]!);
          }
        },
      ),
    );
  });
});
