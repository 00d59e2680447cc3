import type { AudienceTable } from '../routing/audience.js';
import type { Delivery } from './delivery.js';
import type { BrokerAudience, BrokerSubject, Session } from './session.js';

/**
 * Keeps audiences, their members and the transport's topics in step. Callers flush the fan-out first, so that no
 * gathered frame changes its audience.
 */
export class Memberships {
  readonly #table: AudienceTable<Session, Delivery>;
  readonly #released: (audience: BrokerAudience) => void;

  constructor(table: AudienceTable<Session, Delivery>, released: (audience: BrokerAudience) => void) {
    this.#table = table;
    this.#released = released;
  }

  get audienceCount(): number {
    return this.#table.count;
  }

  get empty(): BrokerAudience {
    return this.#table.empty;
  }

  /** Gives a new subject its audience. */
  assign(subject: BrokerSubject, members: Map<number, Session>): void {
    const audience = this.#table.of(members);
    subject.state.audience = audience;
    this.#attach(audience);
  }

  /** Takes a subject out that is forgotten. */
  retire(subject: BrokerSubject): void {
    this.#detach(subject.state.audience);
  }

  join(subjects: readonly BrokerSubject[], session: Session): void {
    // Subjects mostly have few audiences between them: each is looked up once.
    const targets = new Map<BrokerAudience, BrokerAudience>();
    for (const subject of subjects) {
      const audience = subject.state.audience;
      let target = targets.get(audience);
      if (target === undefined) {
        target = this.#table.with(audience, session);
        targets.set(audience, target);
      }
      this.#move(subject, target);
    }
  }

  leave(subjects: readonly BrokerSubject[], session: Session): void {
    const targets = new Map<BrokerAudience, BrokerAudience>();
    for (const subject of subjects) {
      const audience = subject.state.audience;
      let target = targets.get(audience);
      if (target === undefined) {
        target = this.#table.without(audience, session);
        targets.set(audience, target);
      }
      this.#move(subject, target);
    }
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

  #move(subject: BrokerSubject, target: BrokerAudience): void {
    const audience = subject.state.audience;
    if (audience === target) return;
    // The new topic first, so that a connection is never without one in between.
    subject.state.audience = target;
    this.#attach(target);
    this.#detach(audience);
  }

  #attach(audience: BrokerAudience): void {
    if (audience.subjectCount++ > 0 || audience === this.#table.empty) return;
    for (const session of audience.members.values()) {
      session.joinAudience(audience);
      if (session.slow !== undefined) continue;
      session.connection.subscribe(audience.topic);
      audience.state.activeCount++;
    }
  }

  #detach(audience: BrokerAudience): void {
    if (--audience.subjectCount > 0 || audience === this.#table.empty) return;
    for (const session of audience.members.values()) {
      session.leaveAudience(audience);
      if (session.slow === undefined) session.connection.unsubscribe(audience.topic);
    }
    audience.state.activeCount = 0;
    this.#table.forget(audience);
    this.#released(audience);
  }
}
