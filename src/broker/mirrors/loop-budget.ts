import { performance } from 'node:perf_hooks';

/** How often it is looked at how idle the event loop was: a look takes longer than leaving a copy out. Milliseconds. */
const LOOK_MS = 20;

/**
 * Time of the event loop that something may take: a share of the time in which it has nothing to do, of which some is saved. So
 * whoever needs all of it gets all of it.
 */
export class LoopBudget {
  readonly #share: number;
  readonly #savedMs: number;
  readonly #idleMs: () => number;
  #leftMs: number;
  #lookedAt: number;
  #idledMs: number;

  /**
   * It begins with all that can be saved. `idleMs`: for how long the event loop has had nothing to do in all. Milliseconds on one
   * clock that never goes back.
   */
  constructor(share: number, savedMs: number, nowMs: number, idleMs: () => number = loopIdleMs) {
    this.#share = share;
    this.#savedMs = savedMs;
    this.#idleMs = idleMs;
    this.#leftMs = savedMs;
    this.#lookedAt = nowMs;
    this.#idledMs = idleMs();
  }

  /** Never more than what is saved; 0 or below when all was spent. Milliseconds. */
  leftMs(nowMs: number): number {
    if (nowMs - this.#lookedAt < LOOK_MS) return this.#leftMs;
    const idledMs = this.#idleMs();
    this.#leftMs = Math.min(this.#savedMs, this.#leftMs + (idledMs - this.#idledMs) * this.#share);
    this.#lookedAt = nowMs;
    this.#idledMs = idledMs;
    return this.#leftMs;
  }

  spend(ms: number): void {
    this.#leftMs -= ms;
  }
}

function loopIdleMs(): number {
  return performance.eventLoopUtilization().idle;
}
