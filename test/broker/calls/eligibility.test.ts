import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  both,
  type Eligibility,
  inGroup,
  inRange,
  isEligible,
} from '../../../src/broker/calls/eligibility.js';

const ranges = fc.constantFrom('^1.2', '>=1.3 <2.1', '2.x', '*');
const groups = fc.constantFrom('', 'blue');
const eligibility: fc.Arbitrary<Eligibility> = fc.oneof(
  ranges.map((range) => inRange(range)),
  groups.map((group) => inGroup(group)),
  fc.tuple(ranges, groups).map(([range, group]) => inRange(range, group)),
);
const VERSIONS = ['', '1.2.0', '1.3.5', '2.0.0', '2.1.0', '3.0.0'];
const WORKERS = ['', 'blue'].flatMap((name) => VERSIONS.map((version) => ({ version, group: { name } })));

const eligible = (one: Eligibility) => WORKERS.map((worker) => isEligible(worker, one));

describe('who is eligible', () => {
  it('by both of two is who is by each of them', () => {
    fc.assert(
      fc.property(eligibility, eligibility, eligibility, (a, b, c) => {
        const byEach = (...all: Eligibility[]) =>
          WORKERS.map((worker) => all.every((one) => isEligible(worker, one)));
        expect(eligible(both(a, b))).toEqual(byEach(a, b));
        expect(eligible(both(both(a, b), c))).toEqual(byEach(a, b, c));
      }),
    );
  });

  it('is the same in the same lane', () => {
    fc.assert(
      fc.property(eligibility, eligibility, eligibility, eligibility, (a, b, c, d) => {
        const [left, right] = [both(a, b), both(c, d)];
        if (left.lane === right.lane) expect(eligible(left)).toEqual(eligible(right));
        // Whoever asks for the same is given the same object: nothing is read anew.
        expect(both(a, b)).toBe(left);
      }),
    );
  });

  it('is told apart by lanes also where names of groups look like ranges', () => {
    const lanes = [inRange('*'), inGroup('*'), inGroup(''), inRange('*', ''), inRange('*', 'null')];
    expect(new Set(lanes.map(({ lane }) => lane)).size).toBe(lanes.length);
  });

  it('is said right beyond what is remembered', () => {
    const first = inGroup('g0');
    for (let number = 1; number <= 2_000; number++) inRange(`^${number}`, inGroup(`g${number}`).group);
    expect(inGroup('g0')).not.toBe(first);
    expect(inGroup('g0')).toEqual(first);
    expect(isEligible({ version: '1.5.0', group: { name: 'g1' } }, inRange('^1', 'g1'))).toBe(true);
  });
});
