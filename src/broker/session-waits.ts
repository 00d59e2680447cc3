import type { PublishCredit } from './publish-credit.js';
import type { Session } from './session.js';

/** Counts what of a session waits for a verdict of the worker pool: too much holds its credit back. */
export class SessionWaits {
  readonly #credit: PublishCredit;
  readonly #maxBytes: number;

  /** `maxBytes` of one session may wait before it gets no more credit. */
  constructor(credit: PublishCredit, maxBytes: number) {
    this.#credit = credit;
    this.#maxBytes = maxBytes;
  }

  waits(session: Session, byteLength: number): void {
    const before = session.waitingBytes;
    session.waitingFrames++;
    session.waitingBytes += byteLength;
    if (before <= this.#maxBytes && session.waitingBytes > this.#maxBytes) this.#credit.holdBack(session);
  }

  settled(session: Session, byteLength: number): void {
    const before = session.waitingBytes;
    session.waitingFrames--;
    session.waitingBytes -= byteLength;
    if (before > this.#maxBytes && session.waitingBytes <= this.#maxBytes) this.#credit.letGo(session);
    if (session.waitingFrames > 0 || session.whenSettled === undefined) return;
    const settled = session.whenSettled;
    session.whenSettled = undefined;
    for (const done of settled) done();
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
