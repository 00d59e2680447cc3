import type { MissedRange } from '../codec/control-message.js';
import { ERRORS } from '../errors.js';
import { emit } from '../events.js';
import type { Limits } from '../limits.js';
import { CLOSE_CODES } from './close-codes.js';
import type { FanOut } from './fan-out.js';
import type { Memberships } from './memberships.js';
import type { BrokerSubject, Session } from './session.js';

export type SlowConsumerPolicy = 'resume' | 'close';

/** Goes through the subjects of which a session receives everything. */
export type SubjectsOf = (session: Session, visit: (subject: BrokerSubject) => void) => void;

/**
 * What happens to a consumer that reads too slowly: it is told, frames pass it by, and when it has caught up it is
 * told exactly which ones and goes on; or it is disconnected, by policy or because it never catches up.
 */
export class SlowConsumers {
  readonly #limits: Limits;
  readonly #policy: SlowConsumerPolicy;
  readonly #fanOut: FanOut;
  readonly #memberships: Memberships;
  readonly #subjectsOf: SubjectsOf;
  readonly #resumed: (session: Session) => void;
  readonly #slow = new Set<Session>();

  /** `resumed` is told of sessions that take frames again. */
  constructor(
    limits: Limits,
    policy: SlowConsumerPolicy,
    fanOut: FanOut,
    memberships: Memberships,
    subjectsOf: SubjectsOf,
    resumed: (session: Session) => void,
  ) {
    this.#limits = limits;
    this.#policy = policy;
    this.#fanOut = fanOut;
    this.#memberships = memberships;
    this.#subjectsOf = subjectsOf;
    this.#resumed = resumed;
  }

  get count(): number {
    return this.#slow.size;
  }

  /** Deals with a session that was found too slow. Nothing may be gathered at this moment, so that positions are exact. */
  found(session: Session, nowMs: number): void {
    const { slow } = session;
    if (slow === undefined) this.#suspend(session, nowMs);
    // No frames come to it any more: it is its own requests whose answers it does not read.
    else if (session.outstanding > slow.bufferedBytes + this.#limits.congestedBytes) {
      session.connection.terminate();
    }
  }

  /** Gives a session that has caught up the list of what it missed, and its subscriptions back. */
  resume(session: Session): void {
    const { slow } = session;
    if (slow === undefined || session.deaf) return;
    // What is gathered now still passes it by, and is counted below.
    this.#fanOut.flush();
    const missed: MissedRange[] = [];
    this.#subjectsOf(session, (subject) => {
      const position = slow.positions.get(subject) ?? 0;
      if (subject.sequence > position)
        missed.push({ ...begins(subject, position + 1), last: subject.sequence });
    });
    this.#slow.delete(session);
    session.slow = undefined;
    for (let at = 0; at < missed.length; at += this.#limits.maxListed) {
      session.send({ type: 'gap', missed: missed.slice(at, at + this.#limits.maxListed) });
    }
    this.#memberships.resume(session);
    this.#resumed(session);
    emit('modwire:consumer.resumed', () => ({ session: session.memberId, missed }));
  }

  /** A slow session is about to receive a subject that exists already: what it misses begins after this position. */
  joining(session: Session, subject: BrokerSubject): void {
    const { slow } = session;
    // What it receives already has a position, or appeared while it was slow and is missed from the start.
    if (slow === undefined || subject.state.members.has(session.memberId)) return;
    if (slow.positions.size < this.#limits.maxSlowSubjects) slow.positions.set(subject, subject.sequence);
    else if (!session.deaf) disconnect(session);
  }

  /** Periodic: cuts off those who never catch up. They do not read, so there is no use in telling them. */
  sweep(nowMs: number): void {
    for (const session of this.#slow) {
      if (nowMs - session.slow!.since > this.#limits.slowConsumerMs) session.connection.terminate();
    }
  }

  forget(session: Session): void {
    this.#slow.delete(session);
  }

  #suspend(session: Session, nowMs: number): void {
    const positions = new Map<BrokerSubject, number>();
    let tooMany = false;
    this.#subjectsOf(session, (subject) => {
      if (positions.size < this.#limits.maxSlowSubjects) positions.set(subject, subject.sequence);
      else tooMany = true;
    });
    emit('modwire:consumer.slow', () => ({ session: session.memberId, bufferedBytes: session.outstanding }));
    session.send({
      type: 'slow',
      bufferedBytes: session.outstanding,
      limitBytes: this.#limits.slowConsumerBytes,
      missed: [...positions]
        .slice(0, this.#limits.maxListed)
        .map(([subject, sequence]) => begins(subject, sequence + 1)),
    });
    this.#memberships.suspend(session);
    session.slow = { since: nowMs, bufferedBytes: session.outstanding, positions };
    this.#slow.add(session);
    if (this.#policy === 'close' || tooMany) disconnect(session);
  }
}

function disconnect(session: Session): void {
  session.send({
    type: 'failure',
    code: ERRORS.SLOW_CONSUMER.number,
    message: 'disconnected: reads too slowly; subscribe again with the positions you have seen',
  });
  session.disconnect(CLOSE_CODES.SLOW_CONSUMER, 'reads too slowly');
}

function begins(subject: BrokerSubject, first: number): MissedRange {
  return { subject: subject.text, epoch: subject.epoch, first, last: 0 };
}
