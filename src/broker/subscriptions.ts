import type { ControlOf, MissedRange, SubjectPosition } from '../codec/control-message.js';
import { toHex } from '../codec/message-id.js';
import { checkFilter, filtersOverlap } from '../codec/subject.js';
import { ModwireError } from '../errors.js';
import { emit } from '../events.js';
import type { Limits } from '../limits.js';
import { TokenTrie } from '../routing/token-trie.js';
import type { Memberships } from './memberships.js';
import type { BrokerSubject, BrokerSubjects, Session, Subscription } from './session.js';
import type { SlowConsumers } from './slow-consumers.js';

/** Who wants what: filters by session, and what follows from them for the audiences of subjects. */
export class Subscriptions {
  readonly #limits: Limits;
  readonly #subjects: BrokerSubjects;
  readonly #memberships: Memberships;
  readonly #settle: () => void;
  readonly #slowConsumers: SlowConsumers;
  readonly #changed: (subject: BrokerSubject) => void;
  readonly #filters = new TokenTrie<Subscription>();
  /** Subscriptions that say which schemas they read. */
  #narrowCount = 0;

  /**
   * `settle` gives consumers, as they are, everything admitted by now or the word that it is withheld. `changed` is told of
   * subjects whose consumers, or what these read, may have changed.
   */
  constructor(
    limits: Limits,
    subjects: BrokerSubjects,
    memberships: Memberships,
    settle: () => void,
    slowConsumers: SlowConsumers,
    changed: (subject: BrokerSubject) => void,
  ) {
    this.#limits = limits;
    this.#subjects = subjects;
    this.#memberships = memberships;
    this.#settle = settle;
    this.#slowConsumers = slowConsumers;
    this.#changed = changed;
  }

  /** Whether some consumer of a subject says which schemas it reads. */
  isNarrow(subject: string): boolean {
    if (this.#narrowCount === 0) return false;
    let narrow = false;
    this.#filters.selecting(subject, ({ reads }) => {
      narrow ||= reads.length > 0;
    });
    return narrow;
  }

  /** Goes through every subscription that selects something that one of the patterns selects too. */
  visitOverlapping(patterns: readonly string[], visit: (subscription: Subscription) => void): void {
    this.#filters.visitAll((subscription) => {
      if (patterns.some((pattern) => filtersOverlap(pattern, subscription.filter))) visit(subscription);
    });
  }

  get count(): number {
    return this.#filters.size;
  }

  /** Everyone with a filter that selects this subject. */
  interestedIn(subject: string): Map<number, Session> {
    const members = new Map<number, Session>();
    this.#filters.selecting(subject, ({ session }) => members.set(session.memberId, session));
    return members;
  }

  /** Goes through the subjects that a session receives, each once. */
  visitSubjects(session: Session, visit: (subject: BrokerSubject) => void): void {
    const subscriptions = [...session.subscriptions.values()];
    if (subscriptions.length === 1) {
      this.#subjects.selectedBy(subscriptions[0]!.filter, visit);
      return;
    }
    const seen = new Set<BrokerSubject>();
    for (const { filter } of subscriptions) {
      this.#subjects.selectedBy(filter, (subject) => {
        if (seen.has(subject)) return;
        seen.add(subject);
        visit(subject);
      });
    }
  }

  /** Throws INVALID_ARGUMENT, ALREADY_EXISTS or RESOURCE_EXHAUSTED. */
  subscribe(session: Session, request: ControlOf<'subscribe'>): void {
    const { filter, subscription: number } = request;
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
    if (session.subscriptions.size >= this.#limits.maxSubscriptions) {
      throw new ModwireError('RESOURCE_EXHAUSTED', {
        what: 'too many subscriptions',
        expected: `at most maxSubscriptions = ${this.#limits.maxSubscriptions} in one session`,
        got: 'one more',
        where: `filter ${filter}`,
        advice: 'use a wildcard or a second connection',
      });
    }
    // From here on positions are exact: everything admitted has left.
    this.#settle();
    const selected: BrokerSubject[] = [];
    this.#subjects.selectedBy(filter, (subject) => selected.push(subject));
    const missed = request.resume ? missedSince(request, selected) : [];
    const { maxListed } = this.#limits;
    while (missed.length > maxListed) session.send({ type: 'gap', missed: missed.splice(0, maxListed) });
    session.send({
      type: 'subscribed',
      subscription: number,
      positions: selected.slice(0, maxListed).map(positionOf),
      complete: selected.length <= maxListed,
      missed,
    });
    const subscription = { session, number, filter, reads: [...new Set(request.reads.map(toHex))] };
    this.#filters.add(filter, subscription);
    session.addSubscription(subscription);
    if (subscription.reads.length > 0) this.#narrowCount++;
    for (const subject of selected) this.#slowConsumers.joining(session, subject);
    this.#memberships.join(selected, session);
    this.#renew(selected);
    emit('modwire:subscription.open', () => ({ session: session.memberId, subscription: number, filter }));
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
    this.#settle();
    session.send({ type: 'unsubscribed', subscription: number });
    this.#remove(subscription);
    const selected: BrokerSubject[] = [];
    this.#subjects.selectedBy(subscription.filter, (subject) => selected.push(subject));
    const leaving = selected.filter((subject) => !this.#selects(session, subject.text));
    this.#memberships.leave(leaving, session);
    this.#renew(selected);
  }

  /** Forgets a session that is gone. */
  forget(session: Session): void {
    const narrowed = new Set<BrokerSubject>();
    for (const subscription of [...session.subscriptions.values()]) {
      this.#remove(subscription);
      if (subscription.reads.length === 0) continue;
      this.#subjects.selectedBy(subscription.filter, (subject) => narrowed.add(subject));
    }
    this.#memberships.leaveAll(session);
    for (const subject of narrowed) this.#changed(subject);
  }

  #remove(subscription: Subscription): void {
    const { session, number, filter } = subscription;
    this.#filters.delete(filter, subscription);
    session.removeSubscription(subscription);
    if (subscription.reads.length > 0) this.#narrowCount--;
    emit('modwire:subscription.close', () => ({ session: session.memberId, subscription: number, filter }));
  }

  /** Tells that consumers of subjects have changed, where that matters. */
  #renew(subjects: readonly BrokerSubject[]): void {
    for (const subject of subjects) {
      if (this.#narrowCount > 0 || subject.gate !== undefined) this.#changed(subject);
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
  return { subject: subject.text, epoch: subject.epoch, sequence: subject.sequence };
}

/** What a client that was away has missed, from what it had seen and where the subjects stand. */
function missedSince(request: ControlOf<'subscribe'>, selected: readonly BrokerSubject[]): MissedRange[] {
  const seen = new Map(request.positions.map((position) => [position.subject, position]));
  const missed: MissedRange[] = [];
  for (const subject of selected) {
    const position = seen.get(subject.text);
    seen.delete(subject.text);
    if (position === undefined && !request.complete) continue;
    const sameCount = position !== undefined && position.epoch === subject.epoch;
    if (position !== undefined && !sameCount) missed.push(unknownAfter(position));
    const first = sameCount ? position.sequence + 1 : 1;
    if (subject.sequence >= first) {
      missed.push({ subject: subject.text, epoch: subject.epoch, first, last: subject.sequence });
    }
  }
  // Subjects that this broker does not count: it was restarted, or has forgotten them.
  for (const position of seen.values()) missed.push(unknownAfter(position));
  return missed;
}

function unknownAfter(position: SubjectPosition): MissedRange {
  return { subject: position.subject, epoch: position.epoch, first: position.sequence + 1, last: 0 };
}
