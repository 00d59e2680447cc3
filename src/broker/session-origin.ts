import type { FrameView } from '../codec/frame-view.js';
import type { ModwireError } from '../errors.js';
import type { FrameOrigin } from './detours.js';
import type { PublishCredit } from './publish-credit.js';
import type { BrokerSubject, Session } from './session.js';

export interface SessionOriginParts {
  readonly credit: PublishCredit;
  /** Bytes of one session that may wait before it gets no more credit. */
  readonly maxWaitingBytes: number;
  readonly accepted: (session: Session, subject: BrokerSubject, frame: FrameView) => void;
  readonly refused: (
    session: Session,
    error: ModwireError,
    id: Uint8Array,
    frame: FrameView | undefined,
  ) => void;
}

/** A client as the origin of a frame that waits. */
export class SessionOrigin implements FrameOrigin {
  readonly #session: Session;
  readonly #parts: SessionOriginParts;

  constructor(session: Session, parts: SessionOriginParts) {
    this.#session = session;
    this.#parts = parts;
  }

  waits(byteLength: number): void {
    const session = this.#session;
    const { credit, maxWaitingBytes } = this.#parts;
    const before = session.waitingBytes;
    session.waitingFrames++;
    session.waitingBytes += byteLength;
    if (before <= maxWaitingBytes && session.waitingBytes > maxWaitingBytes) credit.holdBack(session);
  }

  settled(byteLength: number): void {
    const session = this.#session;
    const { credit, maxWaitingBytes } = this.#parts;
    const before = session.waitingBytes;
    session.waitingFrames--;
    session.waitingBytes -= byteLength;
    if (before > maxWaitingBytes && session.waitingBytes <= maxWaitingBytes) credit.letGo(session);
    if (session.waitingFrames > 0 || session.whenSettled === undefined) return;
    const settled = session.whenSettled;
    session.whenSettled = undefined;
    for (const done of settled) done();
  }

  accepted(subject: BrokerSubject, frame: FrameView): void {
    this.#parts.accepted(this.#session, subject, frame);
  }

  refused(error: ModwireError, id: Uint8Array, frame: FrameView | undefined): void {
    this.#parts.refused(this.#session, error, id, frame);
  }
}

/** Calls back when nothing of a session waits any more: at once when nothing does. */
export function whenSettled(session: Session, done: () => void): void {
  if (session.waitingFrames === 0) done();
  else {
    session.whenSettled ??= [];
    session.whenSettled.push(done);
  }
}
