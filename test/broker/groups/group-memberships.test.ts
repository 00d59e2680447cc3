import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDelivery, type Delivery } from '../../../src/broker/delivery.js';
import { GroupMember } from '../../../src/broker/groups/group-member.js';
import { GroupMemberships } from '../../../src/broker/groups/group-memberships.js';
import { Sharing } from '../../../src/broker/groups/sharing.js';
import type {
  BrokerAudience,
  BrokerGroup,
  BrokerMember,
  BrokerSubject,
  Session,
} from '../../../src/broker/session.js';
import { AudienceTable } from '../../../src/routing/audience.js';
import { Subject } from '../../../src/routing/subject-registry.js';
import { thoroughly } from '../../support/thoroughness.js';

const MEMBERS = 6;
const SUBJECTS = 6;
const GROUPS = ['g', 'h'];
const NOBODY = new AudienceTable<Session, Delivery<Session>>(createDelivery).empty;

/** Memberships beside a plain record of who shares what. */
class World {
  readonly released = new Set<BrokerAudience>();
  readonly ended: BrokerGroup[] = [];
  readonly memberships = new GroupMemberships(
    { random: () => 0, canRead: () => false, released: (sessions) => this.released.add(sessions) },
    (group) => this.ended.push(group),
  );
  readonly subjects: BrokerSubject[] = [];
  readonly sharers = new Map<BrokerSubject, Set<BrokerMember>>();
  readonly members: BrokerMember[] = [];
  #made = 0;

  constructor() {
    for (let index = 0; index < MEMBERS; index++) this.members.push(this.#member(index));
  }

  appear(members: readonly BrokerMember[]): void {
    const text = `s${this.subjects.length}`;
    const subject: BrokerSubject = new Subject(
      text,
      { epoch: this.subjects.length + 1, sequence: 0 },
      0,
      NOBODY,
    );
    this.memberships.assign(subject, members);
    this.subjects.push(subject);
    this.sharers.set(subject, new Set(members));
  }

  join(subjects: readonly BrokerSubject[], member: BrokerMember): void {
    const joining = subjects.filter((subject) => !this.sharers.get(subject)!.has(member));
    this.memberships.join(joining, member);
    for (const subject of joining) this.sharers.get(subject)!.add(member);
  }

  /** Leaves in order, or at once; another one takes its place. */
  leave(index: number, atOnce: boolean): void {
    const member = this.members[index]!;
    if (atOnce) this.memberships.leaveAll(member);
    else {
      const own = this.subjects.filter((subject) => this.sharers.get(subject)!.has(member));
      this.memberships.leave(own, member);
    }
    for (const some of this.sharers.values()) some.delete(member);
    this.members[index] = this.#member(index);
  }

  /** Holds everything that can be seen against the plain record. */
  check(): void {
    for (const [subject, expected] of this.sharers) {
      const groups = subject.gate?.groups ?? [];
      expect(new Set(groups.map(({ name }) => name)).size).toBe(groups.length);
      const found = groups.flatMap(({ sharers }) => [...sharers.members.values()]);
      expect(new Set(found)).toEqual(expected);
      expect(found).toHaveLength(expected.size);
      for (const { name, sharers } of groups) {
        const members = [...sharers.members.values()];
        expect(members.every(({ group }) => group === name)).toBe(true);
        // What follows from the members is never that of former ones.
        expect(sharers.state).toBeInstanceOf(Sharing);
        expect(sharers.state.all(sharers.members).members).toEqual(members);
        const sessions = [...sharers.state.all(sharers.members).sessions.members.values()];
        expect(new Set(sessions)).toEqual(new Set(members.map(({ session }) => session)));
        expect(this.released.has(sharers.state.all(sharers.members).sessions)).toBe(false);
      }
    }
    const all = this.subjects.flatMap(({ gate }) => gate?.groups ?? []);
    for (const { sharers } of all) {
      if (sharers.size > 0) {
        expect(sharers.subjectCount).toBe(all.filter((other) => other.sharers === sharers).length);
      }
    }
  }

  #member(index: number): BrokerMember {
    const session = { memberId: index } as unknown as Session;
    return new GroupMember(++this.#made, session, 1, GROUPS[index % GROUPS.length]!, []);
  }
}

type Step = (world: World) => void;
const memberIndex = fc.nat(MEMBERS - 1);
const subjectIndexes = fc.uniqueArray(fc.nat(SUBJECTS - 1), { minLength: 1, maxLength: SUBJECTS });
const some = (world: World, indexes: readonly number[]) =>
  world.subjects.filter((_, index) => indexes.includes(index));

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.uniqueArray(memberIndex, { maxLength: 3 }).map((indexes) => (world: World) => {
    if (world.subjects.length < SUBJECTS) world.appear(indexes.map((index) => world.members[index]!));
  }),
  fc.tuple(subjectIndexes, memberIndex).map(([subjects, member]) => (world: World) => {
    world.join(some(world, subjects), world.members[member]!);
  }),
  // All subjects at once, as a wildcard does.
  memberIndex.map((member) => (world: World) => world.join(world.subjects, world.members[member]!)),
  fc.tuple(memberIndex, fc.boolean()).map(([member, atOnce]) => (world: World) => {
    world.leave(member, atOnce);
  }),
  fc.nat(SUBJECTS - 1).map((index) => (world: World) => {
    const subject = world.subjects[index];
    if (subject !== undefined) world.memberships.prune(subject);
  }),
);

describe('memberships of groups', () => {
  it('are exactly who joined and has not left, for every subject, after every step', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const world = new World();
        for (const one of steps) {
          one(world);
          world.check();
        }
        for (let index = 0; index < MEMBERS; index++) world.leave(index, index % 2 === 0);
        for (const subject of world.subjects) world.memberships.prune(subject);
        for (const { gate } of world.subjects) expect(gate?.groups ?? []).toEqual([]);
      }),
      { numRuns: thoroughly(80, 300) },
    );
  });

  it('are one for subjects with the same members, so that a join to all of them changes one', () => {
    const world = new World();
    for (let index = 0; index < SUBJECTS; index++) world.appear([]);
    world.join(world.subjects, world.members[0]!);
    world.join(world.subjects, world.members[2]!);
    const sharers = new Set(world.subjects.map(({ gate }) => gate!.groups[0]!.sharers));
    expect(sharers.size).toBe(1);
    expect([...sharers][0]!.size).toBe(2);
  });

  it('tell of a group that nobody is left of', () => {
    const world = new World();
    world.appear([world.members[0]!, world.members[1]!]);
    world.leave(0, false);
    expect(world.ended.map(({ name }) => name)).toEqual(['g']);
    world.leave(1, true);
    world.memberships.prune(world.subjects[0]!);
    expect(world.ended.map(({ name }) => name)).toEqual(['g', 'h']);
  });
});
