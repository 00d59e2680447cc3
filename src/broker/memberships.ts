import type { AudienceTable } from '../routing/audience.js';
import type { Delivery } from './delivery.js';
import type { BrokerAudience, BrokerSubject, Session } from './session.js';

/**
 * Keeps audiences, their members and the transport's topics in step. Callers flush the fan-out first, so that no
 * gathered frame changes its audience.
 */
export class Memberships {
  readonly #table: AudienceTable<Session, Delivery<Session>>;
  readonly #released: (audience: BrokerAudience) => void;

  constructor(
    table: AudienceTable<Session, Delivery<Session>>,
    released: (audience: BrokerAudience) => void,
  ) {
    this.#table = table;
    this.#released = released;
  }

  get audienceCount(): number {
    return this.#table.count;
  }

  /** Gives a new subject its audience. */
  assign(subject: BrokerSubject, members: Map<number, Session>): void {
    const audience = this.#table.of(members);
    subject.state = audience;
    this.#attach(audience);
  }

  /** Takes a subject out that is forgotten. */
  retire(subject: BrokerSubject): void {
    this.#detach(subject.state);
  }

  join(subjects: readonly BrokerSubject[], session: Session): void {
    for (const [audience, moving] of byAudience(subjects)) {
      if (audience.members.has(session.memberId)) continue;
      if (moving.length === audience.subjectCount && this.#table.enter(audience, session)) {
        this.#activate(audience, session);
        // Its publishers waited for others: here is one who has nothing buffered yet.
        this.#released(audience);
      } else this.#move(moving, this.#table.with(audience, session));
    }
  }

  leave(subjects: readonly BrokerSubject[], session: Session): void {
    for (const [audience, moving] of byAudience(subjects)) {
      if (!audience.members.has(session.memberId)) continue;
      if (moving.length === audience.subjectCount && this.#table.withdraw(audience, session)) {
        this.#deactivate(audience, session);
        this.#released(audience);
      } else this.#move(moving, this.#table.without(audience, session));
    }
  }

  /**
   * Moves a subject whose audience has become equal to another, so that their frames leave together again. Nothing of
   * the subject may be gathered: its first frame since then is about to be.
   */
  unite(subject: BrokerSubject): BrokerAudience {
    const audience = subject.state;
    const target = this.#table.of(audience.members);
    if (target === audience) audience.duplicate = false;
    else this.#move([subject], target);
    return target;
  }

  /** The audience of everyone in `audience` but some, there until it is released. */
  hold(audience: BrokerAudience, excluded: readonly Session[]): BrokerAudience {
    const members = new Map(audience.members);
    for (const session of excluded) members.delete(session.memberId);
    const held = this.#table.of(members);
    this.#attach(held);
    return held;
  }

  /** Gives up an audience that was held; nothing may be gathered for it. */
  release(audience: BrokerAudience): void {
    this.#detach(audience);
  }

  /** Takes a session that is gone out of all its audiences. */
  leaveAll(session: Session): void {
    for (const audience of session.audiences) {
      this.#table.leave(audience, session);
      if (session.slow === undefined) audience.state.activeCount--;
      this.#released(audience);
    }
  }

  /** Lets the frames of all its audiences pass a session by. */
  suspend(session: Session): void {
    for (const audience of session.audiences) {
      session.connection.unsubscribe(audience.topic);
      audience.state.activeCount--;
      this.#released(audience);
    }
  }

  /** Takes a suspended session back. */
  resume(session: Session): void {
    for (const audience of session.audiences) {
      session.connection.subscribe(audience.topic);
      audience.state.activeCount++;
    }
  }

  #move(subjects: readonly BrokerSubject[], target: BrokerAudience): void {
    for (const subject of subjects) {
      const audience = subject.state;
      // The new topic first, so that a connection is never without one in between.
      subject.state = target;
      this.#attach(target);
      this.#detach(audience);
    }
  }

  #attach(audience: BrokerAudience): void {
    if (audience.subjectCount++ > 0) return;
    for (const session of audience.members.values()) this.#activate(audience, session);
  }

  #detach(audience: BrokerAudience): void {
    if (--audience.subjectCount > 0) return;
    for (const session of audience.members.values()) this.#deactivate(audience, session);
    this.#table.forget(audience);
    this.#released(audience);
  }

  #activate(audience: BrokerAudience, session: Session): void {
    session.joinAudience(audience);
    if (session.slow !== undefined) return;
    session.connection.subscribe(audience.topic);
    audience.state.activeCount++;
  }

  #deactivate(audience: BrokerAudience, session: Session): void {
    session.leaveAudience(audience);
    if (session.slow !== undefined) return;
    session.connection.unsubscribe(audience.topic);
    audience.state.activeCount--;
  }
}

/** Subjects mostly have few audiences between them: each is dealt with once. */
function byAudience(subjects: readonly BrokerSubject[]): Map<BrokerAudience, BrokerSubject[]> {
  const groups = new Map<BrokerAudience, BrokerSubject[]>();
  for (const subject of subjects) {
    const group = groups.get(subject.state);
    if (group === undefined) groups.set(subject.state, [subject]);
    else group.push(subject);
  }
  return groups;
}
