import { AudienceTable } from '../../routing/audience.js';
import type { BrokerGroup, BrokerMember, BrokerSharers, BrokerSubject, Session } from '../session.js';
import { SubjectGate } from '../subject-gate.js';
import { Sharing, type SharingParts } from './sharing.js';
import { SubjectGroup } from './subject-group.js';

/** Keeps which members of groups share which subjects. Subjects with the same members share what is kept for them. */
export class GroupMemberships {
  readonly #table: AudienceTable<BrokerMember, Sharing<Session>>;
  readonly #sharersOf = new Map<BrokerMember, Set<BrokerSharers>>();
  /** Told of a group that has no members any more, as far as one of its subjects is concerned. */
  readonly #ended: (group: BrokerGroup) => void;

  constructor(parts: SharingParts<Session>, ended: (group: BrokerGroup) => void) {
    this.#table = new AudienceTable(() => new Sharing(parts));
    this.#ended = ended;
  }

  /** Gives a new subject its groups. */
  assign(subject: BrokerSubject, members: readonly BrokerMember[]): void {
    for (const [name, own] of groupBy(members, ({ group }) => group)) {
      const group = this.#groupOf(subject, name);
      this.#move([group], this.#table.of(new Map(own.map((member) => [member.memberId, member]))));
    }
  }

  join(subjects: readonly BrokerSubject[], member: BrokerMember): void {
    const groups = subjects.map((subject) => this.#groupOf(subject, member.group));
    for (const [sharers, moving] of groupBy(groups, ({ sharers }) => sharers)) {
      if (moving.length === sharers.subjectCount && this.#table.enter(sharers, member)) {
        this.#index(sharers, member);
        sharers.state.reset();
      } else this.#move(moving, this.#table.with(sharers, member));
    }
  }

  leave(subjects: readonly BrokerSubject[], member: BrokerMember): void {
    const groups = subjects.flatMap(
      ({ gate }) => gate?.groups.filter(({ name }) => name === member.group) ?? [],
    );
    for (const [sharers, moving] of groupBy(groups, ({ sharers }) => sharers)) {
      if (moving.length === sharers.subjectCount && this.#table.withdraw(sharers, member)) {
        this.#sharersOf.get(member)?.delete(sharers);
        sharers.state.reset();
      } else this.#move(moving, this.#table.without(sharers, member));
    }
    for (const subject of subjects) this.prune(subject);
    this.#sharersOf.delete(member);
  }

  /**
   * Takes out a member that is gone, without going through its subjects: some may be left with groups of nobody, until
   * they are pruned.
   */
  leaveAll(member: BrokerMember): void {
    for (const sharers of this.#sharersOf.get(member) ?? []) {
      this.#table.leave(sharers, member);
      sharers.state.reset();
    }
    this.#sharersOf.delete(member);
  }

  /** Takes the groups of nobody out of a subject. */
  prune({ gate }: BrokerSubject): void {
    if (gate === undefined || gate.groups.every(({ sharers }) => sharers.size > 0)) return;
    for (const group of gate.groups) {
      if (group.sharers.size > 0) continue;
      this.#detach(group.sharers);
      this.#ended(group);
    }
    gate.groups = gate.groups.filter(({ sharers }) => sharers.size > 0);
  }

  /** Finds anew who reads what: other schemas can be read now. */
  resetReaders(): void {
    const all = new Set<BrokerSharers>();
    for (const some of this.#sharersOf.values()) for (const sharers of some) all.add(sharers);
    for (const { state } of all) state.reset();
  }

  #groupOf(subject: BrokerSubject, name: string): BrokerGroup {
    subject.gate ??= new SubjectGate<Session>();
    const { gate } = subject;
    const found = gate.groups.find((one) => one.name === name);
    if (found !== undefined) return found;
    const group: BrokerGroup = new SubjectGroup(name, subject, this.#table.empty);
    this.#attach(group.sharers);
    gate.groups = [...gate.groups, group];
    return group;
  }

  #move(groups: readonly BrokerGroup[], target: BrokerSharers): void {
    for (const group of groups) {
      const { sharers } = group;
      group.sharers = target;
      this.#attach(target);
      this.#detach(sharers);
    }
  }

  #attach(sharers: BrokerSharers): void {
    if (sharers.subjectCount++ > 0) return;
    for (const member of sharers.members.values()) this.#index(sharers, member);
  }

  #detach(sharers: BrokerSharers): void {
    if (--sharers.subjectCount > 0) return;
    for (const member of sharers.members.values()) this.#sharersOf.get(member)?.delete(sharers);
    this.#table.forget(sharers);
    sharers.state.reset();
  }

  #index(sharers: BrokerSharers, member: BrokerMember): void {
    const own = this.#sharersOf.get(member);
    if (own === undefined) this.#sharersOf.set(member, new Set([sharers]));
    else own.add(sharers);
  }
}

/** What belongs together, by what tells it apart. */
function groupBy<Key, Value>(values: readonly Value[], keyOf: (value: Value) => Key): Map<Key, Value[]> {
  const groups = new Map<Key, Value[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
