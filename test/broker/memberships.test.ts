import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDelivery, type Delivery } from '../../src/broker/delivery.js';
import { Memberships } from '../../src/broker/memberships.js';
import { type BrokerAudience, type BrokerSubject, Session } from '../../src/broker/session.js';
import type { Connection } from '../../src/broker/transport.js';
import { AudienceTable } from '../../src/routing/audience.js';
import { Subject } from '../../src/routing/subject-registry.js';
import { thoroughly } from '../support/thoroughness.js';

const SESSIONS = 6;
const SUBJECTS = 8;

/** A connection that only knows its topics. */
class TopicRecorder implements Connection {
  readonly topics = new Set<string>();

  subscribe(topic: string): void {
    this.topics.add(topic);
  }

  unsubscribe(topic: string): void {
    this.topics.delete(topic);
  }

  send(): void {}

  bufferedBytes(): number {
    return 0;
  }

  end(): void {}

  terminate(): void {}
}

/** Memberships beside a plain record of who receives what. */
class World {
  readonly table = new AudienceTable<Session, Delivery<Session>>(createDelivery);
  readonly released: BrokerAudience[] = [];
  readonly memberships = new Memberships(this.table, (audience) => this.released.push(audience));
  readonly subjects: BrokerSubject[] = [];
  readonly receivers = new Map<BrokerSubject, Set<Session>>();
  sessions: Session[] = [];
  #nextSession = 1;

  constructor() {
    while (this.sessions.length < SESSIONS) this.connect();
  }

  connect(): void {
    const session = new Session(this.#nextSession++, new TopicRecorder(), 0, () => undefined);
    this.sessions.push(session);
  }

  /** A subject appears, with receivers. */
  appear(receivers: readonly Session[]): void {
    const subject = new Subject(`s${this.subjects.length}`, { epoch: 1, sequence: 0 }, 0, this.table.empty);
    this.memberships.assign(subject, new Map(receivers.map((one) => [one.memberId, one])));
    this.subjects.push(subject);
    this.receivers.set(subject, new Set(receivers));
  }

  join(subjects: readonly BrokerSubject[], session: Session): void {
    this.memberships.join(subjects, session);
    for (const subject of subjects) this.receivers.get(subject)!.add(session);
  }

  leave(subjects: readonly BrokerSubject[], session: Session): void {
    this.memberships.leave(subjects, session);
    for (const subject of subjects) this.receivers.get(subject)!.delete(session);
  }

  disconnect(session: Session): void {
    this.memberships.leaveAll(session);
    for (const receivers of this.receivers.values()) receivers.delete(session);
    this.sessions = this.sessions.filter((other) => other !== session);
  }

  suspend(session: Session): void {
    if (session.slow !== undefined) return;
    this.memberships.suspend(session);
    session.slow = { since: 0, bufferedBytes: 0, positions: new Map() };
  }

  /** A frame of a subject comes. */
  use(subject: BrokerSubject | undefined): void {
    if (subject?.state.duplicate) this.memberships.unite(subject);
  }

  resume(session: Session): void {
    if (session.slow === undefined) return;
    session.slow = undefined;
    this.memberships.resume(session);
  }

  /** Holds everything that can be seen against the plain record. */
  check(): void {
    const audiences = new Set<BrokerAudience>();
    for (const [subject, receivers] of this.receivers) {
      const audience = subject.state;
      audiences.add(audience);
      expect(new Set(audience.members.values())).toEqual(receivers);
    }
    for (const audience of audiences) {
      const subjects = this.subjects.filter(({ state }) => state === audience);
      expect(audience.subjectCount).toBe(subjects.length);
      const active = [...audience.members.values()].filter(({ slow }) => slow === undefined);
      expect(audience.state.activeCount).toBe(active.length);
    }
    for (const session of this.sessions) {
      const mine = [...audiences].filter(({ members }) => members.has(session.memberId));
      expect(new Set(session.audiences)).toEqual(new Set(mine));
      const topics = session.slow === undefined ? mine.map(({ topic }) => topic) : [];
      expect((session.connection as TopicRecorder).topics).toEqual(new Set(topics));
    }
    expect(this.memberships.audienceCount).toBe([...audiences].filter(({ size }) => size > 0).length);
  }
}

const sessionIndex = fc.nat(SESSIONS - 1);
const subjectIndexes = fc.uniqueArray(fc.nat(SUBJECTS - 1), { minLength: 1, maxLength: SUBJECTS });

type Step = (world: World) => void;
const some = (world: World, indexes: readonly number[]) =>
  [...new Set(indexes.map((index) => world.subjects[index % world.subjects.length]!))].filter(Boolean);

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.uniqueArray(sessionIndex, { maxLength: 3 }).map((indexes) => (world: World) => {
    if (world.subjects.length < SUBJECTS) world.appear(indexes.map((index) => world.sessions[index]!));
  }),
  fc.tuple(subjectIndexes, sessionIndex).map(([subjects, session]) => (world: World) => {
    world.join(some(world, subjects), world.sessions[session]!);
  }),
  fc.tuple(subjectIndexes, sessionIndex).map(([subjects, session]) => (world: World) => {
    world.leave(some(world, subjects), world.sessions[session]!);
  }),
  // All subjects at once, as a wildcard does.
  sessionIndex.map((session) => (world: World) => world.join(world.subjects, world.sessions[session]!)),
  sessionIndex.map((session) => (world: World) => world.leave(world.subjects, world.sessions[session]!)),
  sessionIndex.map((session) => (world: World) => {
    world.disconnect(world.sessions[session]!);
    world.connect();
  }),
  fc.nat(SUBJECTS - 1).map((index) => (world: World) => world.use(world.subjects[index])),
  sessionIndex.map((session) => (world: World) => world.suspend(world.sessions[session]!)),
  sessionIndex.map((session) => (world: World) => world.resume(world.sessions[session]!)),
);

describe('memberships', () => {
  it('give every session exactly the topics of the subjects it receives, after every step', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = new World();
        for (const one of steps) {
          one(world);
          world.check();
        }
        // Once every subject was used, equal sets are one audience.
        for (const subject of world.subjects) world.use(subject);
        world.check();
        const sets = world.subjects.map(({ state }) => [...state.members.keys()].sort().join());
        expect(new Set(world.subjects.map(({ state }) => state)).size).toBe(new Set(sets).size);
        for (const session of world.sessions) world.memberships.leaveAll(session);
        expect(world.memberships.audienceCount).toBe(0);
        for (const subject of world.subjects) world.memberships.retire(subject);
        expect(world.memberships.audienceCount).toBe(0);
      }),
      { numRuns: thoroughly(100, 300) },
    );
  });

  it('never take a session out of one topic before it is in the next', () => {
    const world = new World();
    const [first, second] = world.sessions as [Session, Session];
    world.appear([first]);
    world.appear([first]);
    const { topics } = first.connection as TopicRecorder;
    let fewest = topics.size;
    const { unsubscribe } = TopicRecorder.prototype;
    (first.connection as TopicRecorder).unsubscribe = function (this: TopicRecorder, topic: string) {
      unsubscribe.call(this, topic);
      fewest = Math.min(fewest, this.topics.size);
    };
    world.join([world.subjects[0]!], second);
    world.join([world.subjects[1]!], second);
    world.check();
    expect(fewest).toBe(1);
  });

  it('serve very many joins to one subject without a word to those who are there already', () => {
    const world = new World();
    world.appear([]);
    let calls = 0;
    const [subject] = world.subjects;
    for (let memberId = 1000; memberId < 3000; memberId++) {
      const connection = new TopicRecorder();
      connection.subscribe = () => calls++;
      connection.unsubscribe = () => calls++;
      world.memberships.join([subject!], new Session(memberId, connection, 0, () => undefined));
    }
    expect(subject!.state.size).toBe(2000);
    expect(calls).toBe(2000);
  });

  it('let waiting publishers go on when a consumer joins or leaves', () => {
    const world = new World();
    const [first, second] = world.sessions as [Session, Session];
    world.appear([first]);
    const audience = world.subjects[0]!.state;
    world.join(world.subjects, second);
    expect(world.released).toContain(audience);
    world.released.length = 0;
    world.leave(world.subjects, second);
    expect(world.released).toContain(audience);
    world.released.length = 0;
    world.suspend(first);
    expect(world.released).toContain(audience);
  });
});
