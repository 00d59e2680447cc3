import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutlierEjection, type Standing, SWEEP_MS } from '../../../src/routing/calls/outlier-ejection.js';

function groupOf(count: number) {
  const out = new Set<number>();
  const outliers = new OutlierEjection<number>({
    ejected: (member) => out.add(member),
    readmitted: (member) => out.delete(member),
  });
  const standings = Array.from({ length: count }, (_, member) => outliers.join(member));
  const fail = (standing: Standing<number>, times: number, nowMs = 0) => {
    for (let time = 0; time < times; time++) outliers.failed(standing, nowMs);
  };
  /** When a sweep readmits, if it comes every 10 s after `fromMs`. */
  const backAfter = (standing: Standing<number>, fromMs: number) => {
    let nowMs = fromMs;
    while (standing.isEjected) {
      nowMs += SWEEP_MS;
      outliers.sweep(nowMs);
    }
    return nowMs - fromMs;
  };
  return { out, outliers, standings, fail, backAfter };
}

const maxEjected = (members: number) => Math.max(1, Math.floor(members / 10));

describe('outlier ejection', () => {
  it('ejects at the fifth error in a row, and only then', () => {
    const { out, outliers, standings, fail } = groupOf(3);
    fail(standings[1]!, 4);
    outliers.succeeded(standings[1]!);
    fail(standings[1]!, 4);
    expect(out).toEqual(new Set());
    fail(standings[1]!, 1);
    expect(out).toEqual(new Set([1]));
    expect(standings.map(({ isEjected }) => isEjected)).toEqual([false, true, false]);
  });

  it('ejects for longer each time, up to five minutes', () => {
    const { standings, fail, backAfter } = groupOf(3);
    let nowMs = 0;
    const times = Array.from({ length: 12 }, () => {
      fail(standings[0]!, 5, nowMs);
      const took = backAfter(standings[0]!, nowMs);
      nowMs += took;
      return took / 1_000;
    });
    expect(times).toEqual([30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300]);
  });

  it('takes back one time with every sweep without errors', () => {
    const { outliers, standings, fail, backAfter } = groupOf(3);
    for (let time = 0; time < 3; time++) {
      fail(standings[0]!, 5, 0);
      backAfter(standings[0]!, 0);
    }
    outliers.sweep(0);
    fail(standings[0]!, 1, 0);
    outliers.sweep(0);
    outliers.succeeded(standings[0]!);
    outliers.sweep(0);
    // Three times, less the two sweeps that saw no error, and this time.
    fail(standings[0]!, 5, 0);
    expect(backAfter(standings[0]!, 0)).toBe(60_000);
  });

  it('never ejects more than a tenth or one, nor the last, whatever fails, comes and goes', () => {
    const action = fc.record({
      kind: fc.constantFrom('fail', 'fail', 'fail', 'fail', 'succeed', 'join', 'leave', 'sweep'),
      at: fc.nat(1_000),
      times: fc.integer({ min: 1, max: 6 }),
      afterMs: fc.oneof(fc.constant(0), fc.nat(20_000)),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 45 }),
        fc.array(action, { maxLength: 200, size: 'max' }),
        (count, actions) => {
          const { out, outliers, standings, fail } = groupOf(count);
          let nowMs = 0;
          let made = count;
          for (const { kind, at, times, afterMs } of actions) {
            nowMs += afterMs;
            const standing = standings[at % Math.max(1, standings.length)];
            if (kind === 'join') standings.push(outliers.join(made++));
            else if (kind === 'sweep') outliers.sweep(nowMs);
            else if (standing === undefined) continue;
            else if (kind === 'fail') fail(standing, times, nowMs);
            else if (kind === 'succeed') outliers.succeeded(standing);
            else {
              standings.splice(standings.indexOf(standing), 1);
              out.delete(standing.member);
              outliers.leave(standing);
            }
            const ejected = standings.filter(({ isEjected }) => isEjected).map(({ member }) => member);
            expect(new Set(ejected)).toEqual(out);
            expect(outliers.ejectedCount).toBe(ejected.length);
            expect(ejected.length).toBeLessThanOrEqual(maxEjected(standings.length));
            if (standings.length > 0) expect(ejected.length).toBeLessThan(standings.length);
          }
        },
      ),
    );
  });

  it('ejects as many as it may when one after the other fails', () => {
    for (const count of [2, 9, 10, 19, 20, 45]) {
      const { out, standings, fail } = groupOf(count);
      for (const standing of standings) fail(standing, 20);
      expect(out.size).toBe(maxEjected(count));
    }
  });

  it('ejects nobody while the last call of most failed, and somebody once others succeed again', () => {
    for (const count of [2, 3, 4, 20]) {
      const { out, outliers, standings, fail } = groupOf(count);
      for (let time = 0; time < 20; time++) for (const standing of standings) fail(standing, 1);
      expect(out).toEqual(new Set());
      for (const standing of standings.slice(1)) outliers.succeeded(standing);
      fail(standings[0]!, 1);
      expect(out).toEqual(new Set([0]));
    }
  });

  it('counts nobody as failing who has left', () => {
    const { out, outliers, standings, fail } = groupOf(3);
    fail(standings[1]!, 1);
    fail(standings[2]!, 1);
    for (const standing of standings.slice(1)) {
      outliers.leave(standing);
      outliers.succeeded(standing);
      outliers.join(standing.member);
    }
    fail(standings[0]!, 5);
    expect(out).toEqual(new Set([0]));
  });

  it('ejects another one with its next error as soon as it may', () => {
    const { out, outliers, standings, fail } = groupOf(2);
    fail(standings[0]!, 5, 0);
    fail(standings[1]!, 7, 0);
    outliers.sweep(30_000);
    expect(out).toEqual(new Set());
    fail(standings[1]!, 1, 30_000);
    expect(out).toEqual(new Set([1]));
  });

  it('ignores what comes back late to one that is ejected or has left', () => {
    const { out, outliers, standings, fail, backAfter } = groupOf(3);
    fail(standings[0]!, 9, 0);
    backAfter(standings[0]!, 0);
    fail(standings[0]!, 4, 30_000);
    expect(out).toEqual(new Set());
    outliers.leave(standings[1]!);
    fail(standings[1]!, 5, 0);
    expect(out).toEqual(new Set());
  });

  it('readmits the one that would come back first when those that kept the bound leave', () => {
    const { out, outliers, standings, fail } = groupOf(20);
    fail(standings[3]!, 5, 1_000);
    fail(standings[8]!, 5, 0);
    expect(out).toEqual(new Set([3, 8]));
    outliers.leave(standings[0]!);
    expect(out).toEqual(new Set([3]));
    for (const standing of standings.slice(4)) outliers.leave(standing);
    outliers.leave(standings[1]!);
    expect(out).toEqual(new Set([3]));
    outliers.leave(standings[2]!);
    expect(out).toEqual(new Set());
  });
});
