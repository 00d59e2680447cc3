import type { Session } from './session.js';

/** Part of the time that passes in which publishers may have to wait for one consumer. */
const REGAINED = 1 / 20;

/**
 * How long publishers wait for a consumer that lags behind the others. Whoever stumbles now and then is waited for and
 * loses nothing; whoever is slow all the time uses its patience up, and from then on costs the others a twentieth of
 * their time at most.
 */
export class Patience {
  readonly #maxMs: number;
  readonly #now: () => number;

  constructor(maxMs: number, now: () => number) {
    this.#maxMs = maxMs;
    this.#now = now;
  }

  /** What is left for a consumer. Milliseconds. */
  left(session: Session): number {
    const now = this.#now();
    const regained = (now - session.patienceAt) * REGAINED;
    session.patienceMs = Math.min(this.#maxMs, session.patienceMs + regained);
    session.patienceAt = now;
    return session.patienceMs;
  }

  /** Begins to wait; `over` is called when the patience is used up. Returns what ends the wait, in any case. */
  wait(session: Session, over: () => void): () => void {
    const since = this.#now();
    const timer = setTimeout(over, this.left(session));
    timer.unref();
    return () => {
      clearTimeout(timer);
      session.patienceMs = Math.max(0, session.patienceMs - (this.#now() - since));
      session.patienceAt = this.#now();
    };
  }
}
