import type { FrameView } from '../codec/frame-view.js';
import type { ModwireError } from '../errors.js';
import type { CountPosition, FrameOrigin } from './detours.js';
import type { BrokerSubject, Session } from './session.js';
import type { SessionWaits } from './session-waits.js';

export interface SessionOriginParts {
  readonly waits: SessionWaits;
  readonly accepted: (session: Session, subject: BrokerSubject, frame: FrameView) => void;
  readonly kept: (session: Session, subject: BrokerSubject, frame: FrameView) => void;
  readonly duplicate: (session: Session, id: Uint8Array, position: CountPosition) => void;
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
    this.#parts.waits.waits(this.#session, byteLength);
  }

  settled(byteLength: number): void {
    this.#parts.waits.settled(this.#session, byteLength);
  }

  accepted(subject: BrokerSubject, frame: FrameView): void {
    this.#parts.accepted(this.#session, subject, frame);
  }

  kept(subject: BrokerSubject, frame: FrameView): void {
    this.#parts.kept(this.#session, subject, frame);
  }

  duplicate(id: Uint8Array, position: CountPosition): void {
    this.#parts.duplicate(this.#session, id, position);
  }

  refused(error: ModwireError, id: Uint8Array, frame: FrameView | undefined): void {
    this.#parts.refused(this.#session, error, id, frame);
  }
}
