import type { BrokerAudience, Session } from './session.js';

/** Credit is granted in steps of this part of the window: often enough to keep a publisher going, seldom enough to be free. */
const STEPS_PER_WINDOW = 4;

/**
 * Lets publishers wait. A publisher may have a window of bytes under way; the broker grants it anew as it takes them,
 * except while an audience it publishes to waits for consumers (see ConsumerPressure).
 */
export class PublishCredit {
  readonly #stepBytes: number;

  constructor(windowBytes: number) {
    this.#stepBytes = windowBytes / STEPS_PER_WINDOW;
  }

  /** Counts a message taken from a client. */
  take(session: Session, byteLength: number): void {
    session.takenBytes += byteLength;
    if (session.holds === 0 && session.takenBytes - session.creditedBytes >= this.#stepBytes)
      this.#grant(session);
  }

  /** Holds back a publisher's credit until the audience is released. */
  hold(session: Session, audience: BrokerAudience): void {
    audience.state.held ??= new Set();
    if (audience.state.held.has(session)) return;
    audience.state.held.add(session);
    this.holdBack(session);
  }

  /** Holds back a publisher's credit until it is let go, once for each time. */
  holdBack(session: Session): void {
    session.holds++;
  }

  letGo(session: Session): void {
    session.holds--;
    if (session.holds === 0 && !session.closed) this.#grant(session);
  }

  /** Lets the publishers go that waited for an audience. */
  release(audience: BrokerAudience): void {
    const { held } = audience.state;
    audience.state.held = undefined;
    if (held === undefined) return;
    for (const session of held) this.letGo(session);
  }

  #grant(session: Session): void {
    if (session.creditedBytes === session.takenBytes) return;
    session.creditedBytes = session.takenBytes;
    session.send({ type: 'credit', bytes: session.takenBytes });
  }
}
