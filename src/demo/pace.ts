import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';

/** Timers are only so good: the rest of the way is gone in naps. Microseconds. */
const TIMER_SLACK = 2_000;
/** How long the event loop may stand still. Milliseconds. */
const NAP_MS = 0.1;
/** Publishing without a pause, the event loop gets a turn after this long. Microseconds. */
const TURN = 1_000;

/**
 * Microseconds on a clock that only goes forward and that all processes of this machine share, so that a time taken
 * in one of them can be held against a time taken in another. (A wall clock may be set, and is not as fine.)
 */
export function monotonicMicros(): number {
  return Number(process.hrtime.bigint() / 100n) / 10;
}

/** Waits for intended send times, to about a tenth of a millisecond. A timer alone would be late by up to two. */
export class Pace {
  readonly #signal: AbortSignal;
  readonly #pillow = new Int32Array(new SharedArrayBuffer(4));
  #lastTurn = 0;

  /** When the signal fires, nothing is waited for any more. */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Resolves at a time on `monotonicMicros`; soon when it has passed. */
  async until(atMicros: number): Promise<void> {
    for (;;) {
      const now = monotonicMicros();
      const remaining = this.#signal.aborted ? 0 : atMicros - now;
      if (remaining <= 0 && now - this.#lastTurn < TURN) return;
      if (remaining > TIMER_SLACK) await this.#sleep((remaining - TIMER_SLACK) / 1000);
      else {
        // A turn first: what has just been published leaves at the end of this one.
        await nextTurn();
        this.#nap(atMicros);
      }
      this.#lastTurn = monotonicMicros();
    }
  }

  #nap(atMicros: number): void {
    const remaining = atMicros - monotonicMicros();
    if (remaining > 0) Atomics.wait(this.#pillow, 0, 0, Math.min(NAP_MS, remaining / 1000));
  }

  async #sleep(ms: number): Promise<void> {
    try {
      await delay(ms, undefined, { signal: this.#signal });
    } catch (thrown) {
      if (!this.#signal.aborted) throw thrown;
    }
  }
}
