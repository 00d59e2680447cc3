import type { MissedRange } from '../codec/control-message.js';
import { ERRORS } from '../errors.js';
import { emit } from '../events.js';
import type { Limits } from '../limits.js';
import { CLOSE_CODES } from './close-codes.js';
import type { FanOut } from './fan-out.js';
import type { Memberships } from './memberships.js';
import type { BrokerSubject, Session } from './session.js';
import type { Recovery } from './streams/recovery.js';
import { deliveredPosition } from './subject-position.js';

export type SlowConsumerPolicy = 'resume' | 'close';

export interface SlowConsumersParts {
  readonly limits: Limits;
  readonly policy: SlowConsumerPolicy;
  readonly fanOut: Pick<FanOut, 'flush'>;
  readonly memberships: Memberships;
  readonly recovery: Recovery;
  /** Goes through the subjects of which a session receives everything. */
  readonly subjectsOf: (session: Session, visit: (subject: BrokerSubject) => void) => void;
  /** Whether a session wants what streams have of what it missed of a subject. */
  readonly wantsHistory: (session: Session, subject: BrokerSubject) => boolean;
  /** Told of sessions that take frames again. */
  readonly resumed: (session: Session) => void;
}

/**
 * What happens to a consumer that reads too slowly: it is told, frames pass it by, and when it has caught up it is
 * told exactly which ones and goes on; or it is disconnected, by policy or because it never catches up.
 */
export class SlowConsumers {
  readonly #parts: SlowConsumersParts;
  readonly #slow = new Set<Session>();

  constructor(parts: SlowConsumersParts) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#slow.size;
  }

  /** Deals with a session that was found too slow. Nothing may be gathered at this moment, so that positions are exact. */
  found(session: Session, nowMs: number): void {
    const { slow } = session;
    if (slow === undefined) this.#suspend(session, nowMs);
    // No frames come to it any more: it is its own requests whose answers it does not read.
    else if (session.outstanding > slow.bufferedBytes + this.#parts.limits.congestedBytes) {
      session.connection.terminate();
    }
  }

  /** Gives a session that has caught up the list of what it missed, and its subscriptions back. */
  resume(session: Session): void {
    const { slow } = session;
    if (slow === undefined || session.deaf) return;
    // What is gathered now still passes it by, and is counted below.
    this.#parts.fanOut.flush();
    const missed: MissedRange[] = [];
    const recovering: BrokerSubject[] = [];
    const recovery = this.#parts.recovery;
    this.#parts.subjectsOf(session, (subject) => {
      if (recovery.has(session, subject)) return;
      const from = { epoch: subject.epoch, sequence: slow.positions.get(subject) ?? 0 };
      const { sequence: last } = deliveredPosition(subject);
      if (last <= from.sequence) return;
      const gone = this.#parts.wantsHistory(session, subject)
        ? recovery.begin(session, subject, from)
        : undefined;
      if (gone === undefined) missed.push({ ...begins(subject, from.sequence + 1), last });
      else {
        missed.push(...gone);
        recovering.push(subject);
      }
    });
    this.#parts.memberships.leave(recovering, session);
    this.#slow.delete(session);
    session.slow = undefined;
    for (let at = 0; at < missed.length; at += this.#parts.limits.maxListed) {
      session.send({ type: 'gap', missed: missed.slice(at, at + this.#parts.limits.maxListed) });
    }
    this.#parts.memberships.resume(session);
    recovery.goOn(session);
    this.#parts.resumed(session);
    emit('modwire:consumer.resumed', () => ({ session: session.memberId, missed }));
  }

  /** A slow session is about to receive a subject that exists already: what it misses begins after this position. */
  joining(session: Session, subject: BrokerSubject): void {
    const { slow } = session;
    // What it receives already has a position, or appeared while it was slow and is missed from the start.
    if (slow === undefined || subject.state.members.has(session.memberId)) return;
    const { sequence } = deliveredPosition(subject);
    if (slow.positions.size < this.#parts.limits.maxSlowSubjects) slow.positions.set(subject, sequence);
    else if (!session.deaf) disconnect(session);
  }

  /** Periodic: cuts off those who never catch up. They do not read, so there is no use in telling them. */
  sweep(nowMs: number): void {
    for (const session of this.#slow) {
      if (nowMs - session.slow!.since > this.#parts.limits.slowConsumerMs) session.connection.terminate();
    }
  }

  forget(session: Session): void {
    this.#slow.delete(session);
  }

  #suspend(session: Session, nowMs: number): void {
    const positions = new Map<BrokerSubject, number>();
    let tooMany = false;
    this.#parts.subjectsOf(session, (subject) => {
      // What it is sent from a stream goes on where it was.
      if (this.#parts.recovery.has(session, subject)) return;
      const { sequence } = deliveredPosition(subject);
      if (positions.size < this.#parts.limits.maxSlowSubjects) positions.set(subject, sequence);
      else tooMany = true;
    });
    emit('modwire:consumer.slow', () => ({ session: session.memberId, bufferedBytes: session.outstanding }));
    session.send({
      type: 'slow',
      bufferedBytes: session.outstanding,
      limitBytes: this.#parts.limits.slowConsumerBytes,
      missed: [...positions]
        .slice(0, this.#parts.limits.maxListed)
        .map(([subject, sequence]) => begins(subject, sequence + 1)),
    });
    this.#parts.memberships.suspend(session);
    session.slow = { since: nowMs, bufferedBytes: session.outstanding, positions };
    this.#slow.add(session);
    if (this.#parts.policy === 'close' || tooMany) disconnect(session);
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
