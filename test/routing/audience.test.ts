import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Audience, AudienceTable, type Member } from '../../src/routing/audience.js';

type Members = Audience<Member, undefined>;

const MEMBERS: readonly Member[] = Array.from({ length: 8 }, (_, memberId) => ({ memberId }));
const member = fc.constantFrom(...MEMBERS);
const members = fc.uniqueArray(member, { maxLength: MEMBERS.length });

function table(): AudienceTable<Member, undefined> {
  return new AudienceTable(() => undefined);
}

function mapOf(all: readonly Member[]): Map<number, Member> {
  return new Map(all.map((one) => [one.memberId, one]));
}

function idsOf(audience: Members): number[] {
  return [...audience.members.keys()].sort();
}

describe('the table of audiences', () => {
  it('has one object for equal sets, in whatever order their members came', () => {
    fc.assert(
      fc.property(members, (all) => {
        const audiences = table();
        const built = audiences.of(mapOf(all));
        expect(audiences.of(mapOf([...all].reverse()))).toBe(built);
        let grown = audiences.empty;
        for (const one of [...all].reverse()) grown = audiences.with(grown, one);
        expect(grown).toBe(built);
        expect(idsOf(built)).toEqual(all.map(({ memberId }) => memberId).sort());
      }),
    );
  });

  it('undoes with by without, and without by with', () => {
    fc.assert(
      fc.property(members, member, (all, one) => {
        const audiences = table();
        const start = audiences.of(mapOf(all));
        const inside = start.members.has(one.memberId);
        if (inside) expect(audiences.with(audiences.without(start, one), one)).toBe(start);
        else expect(audiences.without(audiences.with(start, one), one)).toBe(start);
      }),
    );
  });

  it('leaves an audience as it is with a member that is in it already, or without one that is not', () => {
    const audiences = table();
    const pair = audiences.of(mapOf(MEMBERS.slice(0, 2)));
    expect(audiences.with(pair, MEMBERS[0]!)).toBe(pair);
    expect(audiences.without(pair, MEMBERS[5]!)).toBe(pair);
    expect(idsOf(pair)).toEqual([0, 1]);
  });

  it('comes back to the audience of nobody', () => {
    const audiences = table();
    expect(audiences.of(new Map())).toBe(audiences.empty);
    expect(audiences.without(audiences.with(audiences.empty, MEMBERS[3]!), MEMBERS[3]!)).toBe(
      audiences.empty,
    );
  });

  it('takes a member in for all subjects in place, unless that audience is there already', () => {
    const audiences = table();
    const one = audiences.of(mapOf(MEMBERS.slice(0, 1)));
    expect(audiences.enter(one, MEMBERS[1]!)).toBe(true);
    expect(idsOf(one)).toEqual([0, 1]);
    expect(audiences.of(mapOf(MEMBERS.slice(0, 2)))).toBe(one);
    const other = audiences.of(mapOf([MEMBERS[1]!]));
    expect(audiences.enter(other, MEMBERS[0]!)).toBe(false);
    expect(idsOf(other)).toEqual([1]);
    expect(audiences.enter(audiences.empty, MEMBERS[0]!)).toBe(false);
    expect(audiences.empty.size).toBe(0);
  });

  it('takes a member out for all subjects in place, unless that audience is there already', () => {
    const audiences = table();
    const three = audiences.of(mapOf(MEMBERS.slice(0, 3)));
    expect(audiences.withdraw(three, MEMBERS[2]!)).toBe(true);
    expect(idsOf(three)).toEqual([0, 1]);
    const first = audiences.of(mapOf([MEMBERS[0]!]));
    expect(audiences.withdraw(three, MEMBERS[1]!)).toBe(false);
    expect(audiences.withdraw(first, MEMBERS[0]!)).toBe(false);
    expect(idsOf(three)).toEqual([0, 1]);
  });

  it('finds an audience under its new members after one has left altogether', () => {
    fc.assert(
      fc.property(fc.array(members, { minLength: 1, maxLength: 6 }), member, (sets, gone) => {
        const audiences = table();
        const all = new Set(sets.map((one) => audiences.of(mapOf(one))));
        for (const audience of all) audiences.leave(audience, gone);
        for (const audience of all) {
          expect(audience.members.has(gone.memberId)).toBe(false);
          const found = audiences.of(new Map(audience.members));
          expect(idsOf(found)).toEqual(idsOf(audience));
          if (audience.size > 0) expect(all).toContain(found);
        }
      }),
    );
  });

  it('marks an audience that has become equal to another', () => {
    const audiences = table();
    const pair = audiences.of(mapOf(MEMBERS.slice(0, 2)));
    const one = audiences.of(mapOf(MEMBERS.slice(0, 1)));
    audiences.leave(pair, MEMBERS[1]!);
    expect([pair.duplicate, one.duplicate]).toEqual([true, false]);
    expect(audiences.of(new Map(pair.members))).toBe(one);
    audiences.leave(one, MEMBERS[0]!);
    audiences.leave(pair, MEMBERS[0]!);
    expect([pair.duplicate, one.duplicate]).toEqual([true, true]);
    expect(audiences.of(new Map(pair.members))).toBe(audiences.empty);
  });

  it('counts audiences with members, and none once all of them have left or are forgotten', () => {
    fc.assert(
      fc.property(fc.array(members, { maxLength: 8 }), fc.boolean(), (sets, forget) => {
        const audiences = table();
        const all = new Set(sets.map((one) => audiences.of(mapOf(one))));
        all.delete(audiences.empty);
        expect(audiences.count).toBe(all.size);
        if (forget) for (const audience of all) audiences.forget(audience);
        else for (const audience of all) for (const one of MEMBERS) audiences.leave(audience, one);
        expect(audiences.count).toBe(0);
        for (const audience of all) audiences.forget(audience);
        expect(audiences.count).toBe(0);
      }),
    );
  });

  it('has a topic of its own for every audience', () => {
    const audiences = table();
    const topics = MEMBERS.map((one) => audiences.of(mapOf([one])).topic);
    expect(new Set([...topics, audiences.empty.topic]).size).toBe(MEMBERS.length + 1);
  });
});
