import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemberTurns } from '../../src/routing/member-turns.js';

const NOTHING = Number.POSITIVE_INFINITY;
const ENOUGH = 100;

const load = fc.oneof(fc.constantFrom(0, NOTHING), fc.nat(200));
/** Whatever is drawn, also always the same. */
const draws = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 });

function turnsOf(numbers: readonly number[]): MemberTurns {
  let at = 0;
  return new MemberTurns(() => numbers[at++ % numbers.length]!);
}

describe('turns of members', () => {
  it('go round as long as nothing waits for anybody', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), draws, (count, numbers) => {
        const turns = turnsOf(numbers);
        const members = Array.from({ length: count }, (_, index) => index);
        const chosen = Array.from({ length: 3 * count }, () => turns.choose(members, () => 0, ENOUGH));
        expect(chosen).toEqual([...members, ...members, ...members]);
      }),
    );
  });

  it('never come to one that takes nothing, and to nobody only when all take nothing', () => {
    fc.assert(
      fc.property(fc.array(load, { maxLength: 12 }), draws, (loads, numbers) => {
        const turns = turnsOf(numbers);
        for (let round = 0; round < 2 * loads.length + 1; round++) {
          const chosen = turns.choose(loads, (one) => one, ENOUGH);
          if (loads.every((one) => one === NOTHING)) expect(chosen).toBeUndefined();
          else expect(chosen).toBeLessThan(NOTHING);
        }
      }),
    );
  });

  it('come to one for whom too much waits only when too much waits for all, and then to the one with the least', () => {
    fc.assert(
      fc.property(fc.array(load, { minLength: 1, maxLength: 12 }), draws, (loads, numbers) => {
        const turns = turnsOf(numbers);
        const least = Math.min(...loads);
        for (let round = 0; round < 2 * loads.length; round++) {
          const chosen = turns.choose(loads, (one) => one, ENOUGH) ?? NOTHING;
          if (least < ENOUGH) expect(chosen).toBeLessThan(ENOUGH);
          else expect(chosen).toBe(least);
        }
      }),
    );
  });

  it('pass one over that has more waiting than another one drawn, for as long as it has', () => {
    const turns = new MemberTurns(() => 0);
    const waiting = new Map([
      ['a', 50],
      ['b', 0],
    ]);
    const choose = () => turns.choose([...waiting.keys()], (name) => waiting.get(name)!, ENOUGH);
    expect([choose(), choose(), choose(), choose()]).toEqual(['b', 'b', 'b', 'b']);
    waiting.set('a', 0);
    expect([choose(), choose()]).toEqual(['a', 'b']);
  });

  it('look at one member while all keep up, and at two while only some do', () => {
    const members = Array.from({ length: 1000 }, (_, index) => index);
    const turns = new MemberTurns(() => 0.5);
    let looks = 0;
    const choose = (loadOf: (member: number) => number) => {
      looks = 0;
      turns.choose(
        members,
        (member) => {
          looks++;
          return loadOf(member);
        },
        ENOUGH,
      );
      return looks;
    };
    expect(choose(() => 0)).toBe(1);
    expect(choose(() => 10)).toBe(2);
  });
});
