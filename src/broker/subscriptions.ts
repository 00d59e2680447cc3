import type { ControlOf, SubjectPosition } from '../codec/control-message.js';
import { toHex } from '../codec/message-id.js';
import { checkFilter, filtersOverlap, matchesFilter } from '../codec/subject.js';
import { ModwireError } from '../errors.js';
import { emit } from '../events.js';
import type { Limits } from '../limits.js';
import { TokenTrie } from '../routing/token-trie.js';
import type { GroupDelivery } from './groups/group-delivery.js';
import { GroupMember } from './groups/group-member.js';
import type { GroupMemberships } from './groups/group-memberships.js';
import type { Memberships } from './memberships.js';
import type { BrokerMember, BrokerSubject, BrokerSubjects, Session, Subscription } from './session.js';
import type { SlowConsumers } from './slow-consumers.js';
import { deliveredPosition } from './subject-position.js';
import type { SubscriptionHistory } from './subscription-history.js';

export interface SubscriptionsParts {
  readonly limits: Limits;
  readonly subjects: BrokerSubjects;
  readonly memberships: Memberships;
  readonly groupMemberships: GroupMemberships;
  readonly groups: Pick<GroupDelivery, 'settle'>;
  readonly slowConsumers: SlowConsumers;
  readonly history: SubscriptionHistory;
  /** Gives consumers, as they are, everything admitted by now or the word that it is withheld. */
  readonly settle: () => void;
  /** Told of subjects whose consumers, or what these read, may have changed. */
  readonly changed: (subject: BrokerSubject) => void;
}

/** Who wants what: filters by session, and what follows from them for the audiences of subjects. */
export class Subscriptions {
  readonly #parts: SubscriptionsParts;
  /** Those that get everything. */
  readonly #filters = new TokenTrie<Subscription>();
  /** Of those: subscriptions that say which schemas they read. */
  #narrowCount = 0;
  /** Those that share with others. */
  readonly #shared = new TokenTrie<Subscription>();
  #lastMember = 0;
  /** Rises with every subscription that comes or goes. */
  changes = 0;

  constructor(parts: SubscriptionsParts) {
    this.#parts = parts;
  }

  /** Whether some consumer that gets all of a subject says which schemas it reads. */
  isNarrow(subject: string): boolean {
    if (this.#narrowCount === 0) return false;
    let narrow = false;
    this.#filters.selecting(subject, ({ reads }) => {
      narrow ||= reads.length > 0;
    });
    return narrow;
  }

  /** Whether somebody gets all of a subject, or shares it. */
  isWanted(subject: string): boolean {
    return this.interestedIn(subject).size > 0 || this.membersOf(subject).length > 0;
  }

  /** Goes through every subscription that selects something that one of the patterns selects too. */
  visitOverlapping(patterns: readonly string[], visit: (subscription: Subscription) => void): void {
    for (const filters of [this.#filters, this.#shared]) {
      filters.visitAll((subscription) => {
        if (patterns.some((pattern) => filtersOverlap(pattern, subscription.filter))) visit(subscription);
      });
    }
  }

  get count(): number {
    return this.#filters.size + this.#shared.size;
  }

  /** Everyone who gets all of this subject. */
  interestedIn(subject: string): Map<number, Session> {
    const members = new Map<number, Session>();
    this.#filters.selecting(subject, ({ session }) => members.set(session.memberId, session));
    return members;
  }

  /** Everyone who shares this subject with the others of a group. */
  membersOf(subject: string): BrokerMember[] {
    const members: BrokerMember[] = [];
    if (this.#shared.size > 0) this.#shared.selecting(subject, ({ member }) => members.push(member!));
    return members;
  }

  /** Goes through the subjects of which a session receives everything, each once. */
  visitSubjects(session: Session, visit: (subject: BrokerSubject) => void): void {
    const { subjects } = this.#parts;
    const subscriptions = [...session.subscriptions.values()].filter(({ member }) => member === undefined);
    if (subscriptions.length === 1) {
      subjects.selectedBy(subscriptions[0]!.filter, visit);
      return;
    }
    const seen = new Set<BrokerSubject>();
    for (const { filter } of subscriptions) {
      subjects.selectedBy(filter, (subject) => {
        if (seen.has(subject)) return;
        seen.add(subject);
        visit(subject);
      });
    }
  }

  /** Whether some subscription by which a session gets a subject wants what streams have of what it missed. */
  wantsHistory(session: Session, { text }: BrokerSubject): boolean {
    for (const { filter, member, skipHistory } of session.subscriptions.values()) {
      if (member === undefined && !skipHistory && matchesFilter(filter, text)) return true;
    }
    return false;
  }

  /** Throws INVALID_ARGUMENT, ALREADY_EXISTS or RESOURCE_EXHAUSTED. */
  subscribe(session: Session, request: ControlOf<'subscribe'>): void {
    const { filter, subscription: number, group, skipHistory } = request;
    this.#check(session, number, filter);
    const reads = [...new Set(request.reads.map(toHex))];
    const member =
      group === '' ? undefined : new GroupMember<Session>(++this.#lastMember, session, number, group, reads);
    const { subjects, memberships, groupMemberships, slowConsumers, history, settle } = this.#parts;
    // From here on positions are exact: everything admitted has left.
    settle();
    if (request.resume) history.restore(request);
    const selected: BrokerSubject[] = [];
    subjects.selectedBy(filter, (subject) => selected.push(subject));
    const joining = this.#answer(session, request, selected);
    this.#add({ session, number, filter, reads, member, skipHistory });
    if (member === undefined) {
      for (const subject of joining) slowConsumers.joining(session, subject);
      memberships.join(joining, session);
    } else groupMemberships.join(selected, member);
    this.#renew(selected);
  }

  /** Throws NOT_FOUND. */
  unsubscribe(session: Session, number: number): void {
    const subscription = session.subscriptions.get(number);
    if (subscription === undefined) {
      throw new ModwireError('NOT_FOUND', {
        what: 'no such subscription',
        expected: 'the number of a subscription of this session',
        got: String(number),
      });
    }
    const { subjects, memberships, groupMemberships, groups, history, settle } = this.#parts;
    const { filter, member } = subscription;
    if (member === undefined) settle();
    else groups.settle(session);
    session.send({ type: 'unsubscribed', subscription: number });
    this.#remove(subscription);
    const selected: BrokerSubject[] = [];
    subjects.selectedBy(filter, (subject) => selected.push(subject));
    if (member === undefined) {
      const leaving = selected.filter((subject) => !this.#selects(session, subject.text));
      history.leave(session, leaving);
      memberships.leave(leaving, session);
    } else groupMemberships.leave(selected, member);
    this.#renew(selected);
  }

  /** Forgets a session that is gone. */
  forget(session: Session): void {
    const { subjects, memberships, groupMemberships, history, changed } = this.#parts;
    const narrowed = new Set<BrokerSubject>();
    for (const subscription of [...session.subscriptions.values()]) {
      const { filter, reads, member } = subscription;
      this.#remove(subscription);
      if (member !== undefined) groupMemberships.leaveAll(member);
      else if (reads.length > 0) subjects.selectedBy(filter, (subject) => narrowed.add(subject));
    }
    history.forget(session);
    memberships.leaveAll(session);
    for (const subject of narrowed) changed(subject);
  }

  /** Throws what refuses a subscription. */
  #check(session: Session, number: number, filter: string): void {
    checkFilter(filter);
    if (number === 0) {
      throw new ModwireError('INVALID_ARGUMENT', {
        what: 'not a subscription number',
        expected: 'a number from 1',
        got: '0',
        where: `filter ${filter}`,
      });
    }
    if (session.subscriptions.has(number)) {
      throw new ModwireError('ALREADY_EXISTS', {
        what: 'subscription number in use',
        expected: 'a number that this session does not use',
        got: String(number),
        where: `filter ${filter}`,
      });
    }
    const { maxSubscriptions } = this.#parts.limits;
    if (session.subscriptions.size < maxSubscriptions) return;
    throw new ModwireError('RESOURCE_EXHAUSTED', {
      what: 'too many subscriptions',
      expected: `at most maxSubscriptions = ${maxSubscriptions} in one session`,
      got: 'one more',
      where: `filter ${filter}`,
      advice: 'use a wildcard or a second connection',
    });
  }

  /**
   * Says where the subjects stand; who shares them gets no continuous count, and is told of none. Returns those that it gets from
   * now on: all but what it is sent from a stream first.
   */
  #answer(
    session: Session,
    request: ControlOf<'subscribe'>,
    selected: readonly BrokerSubject[],
  ): readonly BrokerSubject[] {
    const { subscription } = request;
    if (request.group !== '') {
      session.send({ type: 'subscribed', subscription, positions: [], complete: false, missed: [] });
      return selected;
    }
    const { missed, present } = this.#parts.history.resume(session, request, selected);
    const { maxListed } = this.#parts.limits;
    while (missed.length > maxListed) session.send({ type: 'gap', missed: missed.splice(0, maxListed) });
    session.send({
      type: 'subscribed',
      subscription,
      positions: present.slice(0, maxListed).map(positionOf),
      complete: selected.length <= maxListed,
      missed,
    });
    return present;
  }

  #add(subscription: Subscription): void {
    const { session, number, filter, reads, member } = subscription;
    this.#trieOf(subscription).add(filter, subscription);
    this.changes++;
    session.addSubscription(subscription);
    if (member === undefined && reads.length > 0) this.#narrowCount++;
    emit('modwire:subscription.open', () => ({
      ...{ session: session.memberId, subscription: number, filter },
      group: member?.group,
    }));
  }

  #remove(subscription: Subscription): void {
    const { session, number, filter, reads, member } = subscription;
    this.#trieOf(subscription).delete(filter, subscription);
    this.changes++;
    session.removeSubscription(subscription);
    if (member === undefined && reads.length > 0) this.#narrowCount--;
    emit('modwire:subscription.close', () => ({
      ...{ session: session.memberId, subscription: number, filter },
      group: member?.group,
    }));
  }

  #trieOf({ member }: Subscription): TokenTrie<Subscription> {
    return member === undefined ? this.#filters : this.#shared;
  }

  /** Tells that consumers of subjects have changed, where that matters. */
  #renew(subjects: readonly BrokerSubject[]): void {
    for (const subject of subjects) {
      if (this.#narrowCount > 0 || subject.gate !== undefined) this.#parts.changed(subject);
    }
  }

  #selects(session: Session, subject: string): boolean {
    let found = false;
    this.#filters.selecting(subject, (entry) => {
      found ||= entry.session === session;
    });
    return found;
  }
}

function positionOf(subject: BrokerSubject): SubjectPosition {
  return { subject: subject.text, ...deliveredPosition(subject) };
}
