import type { ControlOf, MissedRange, SubjectPosition } from '../codec/control-message.js';
import type { BrokerSubject, BrokerSubjects, Session } from './session.js';
import type { Captures } from './streams/captures.js';
import type { Recovery } from './streams/recovery.js';
import { deliveredPosition, isBehind } from './subject-position.js';

export interface SubscriptionHistoryParts {
  readonly subjects: BrokerSubjects;
  readonly captures: Captures;
  readonly recovery: Recovery;
  /** Unix time. Milliseconds. */
  readonly now: () => number;
}

/** What becomes of a subscription that begins. */
export interface Resumption {
  /** What it has missed and will not get. */
  readonly missed: MissedRange[];
  /** Subjects that it gets from now on; the others are sent from a stream first. */
  readonly present: readonly BrokerSubject[];
}

/** What a client that was away has missed: what streams have of it is sent, the rest told. */
export class SubscriptionHistory {
  readonly #parts: SubscriptionHistoryParts;

  constructor(parts: SubscriptionHistoryParts) {
    this.#parts = parts;
  }

  /** Makes subjects known whose count a stream has kept: those that a client knows, and others if it knew all. */
  restore({ filter, positions, complete }: ControlOf<'subscribe'>): void {
    const { subjects, captures, now } = this.#parts;
    if (captures.size === 0) return;
    const nowMs = now();
    for (const { subject } of positions) {
      if (captures.countOf(subject) !== undefined) subjects.named(subject, nowMs);
    }
    if (complete) captures.visitSubjects(filter, (subject) => subjects.named(subject, nowMs));
  }

  /** Begins to send what can be had. */
  resume(session: Session, request: ControlOf<'subscribe'>, selected: readonly BrokerSubject[]): Resumption {
    const { recovery } = this.#parts;
    const missed: MissedRange[] = [];
    const present: BrokerSubject[] = [];
    const seen = new Map(request.positions.map((position) => [position.subject, position]));
    for (const subject of selected) {
      if (recovery.has(session, subject)) continue;
      const position = request.resume ? startOf(request, seen, subject) : undefined;
      // Whoever gets it by another subscription has been brought up to the present, or told what it missed.
      const isMember = subject.state.members.has(session.memberId);
      const gone =
        position === undefined || request.skipHistory || isMember
          ? undefined
          : recovery.begin(session, subject, position);
      if (gone !== undefined) missed.push(...gone);
      else {
        present.push(subject);
        if (position !== undefined) missed.push(...missedSince(position, subject));
      }
    }
    if (!request.resume) return { missed, present };
    const known = new Set(selected.map(({ text }) => text));
    // Subjects that this broker does not count: it was restarted, or has forgotten them.
    for (const position of request.positions) {
      if (!known.has(position.subject)) missed.push(unknownAfter(position));
    }
    return { missed, present };
  }

  /** A session does without these. */
  leave(session: Session, subjects: readonly BrokerSubject[]): void {
    this.#parts.recovery.leave(session, subjects);
  }

  forget(session: Session): void {
    this.#parts.recovery.forget(session);
  }
}

/** Behind which place a client has missed what there is of a subject; undefined when it may have known nothing of it. */
function startOf(
  { complete }: ControlOf<'subscribe'>,
  seen: ReadonlyMap<string, SubjectPosition>,
  { text }: BrokerSubject,
): SubjectPosition | undefined {
  return seen.get(text) ?? (complete ? { subject: text, epoch: 0, sequence: 0 } : undefined);
}

function missedSince(position: SubjectPosition, subject: BrokerSubject): MissedRange[] {
  if (position.epoch === subject.epoch && !isBehind(position, subject)) return [];
  const missed: MissedRange[] = [];
  const sameCount = position.epoch === subject.epoch;
  if (!sameCount && position.epoch > 0) missed.push(unknownAfter(position));
  const first = sameCount ? position.sequence + 1 : 1;
  const { epoch, sequence: last } = deliveredPosition(subject);
  if (last >= first) missed.push({ subject: subject.text, epoch, first, last });
  return missed;
}

function unknownAfter(position: SubjectPosition): MissedRange {
  return { subject: position.subject, epoch: position.epoch, first: position.sequence + 1, last: 0 };
}
