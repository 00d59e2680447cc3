/** Each call counts for this much in the mean, as soon as there have been as many. */
const WEIGHT = 1 / 16;
/** Mean deviations above the mean within which most calls end, whether they vary little or as waiting times do. */
const USUAL_DEVIATIONS = 2;

/**
 * How long workers take for a call, and what follows for one that waits: a mean in which a call loses half its weight with
 * every 11 that come after it. The first 16 count alike.
 */
export class ServiceTime {
  #count = 0;
  #meanMs = 0;
  #deviationMs = 0;

  /** 0 before the first call. */
  get meanMs(): number {
    return this.#meanMs;
  }

  /** What most calls end within. 0 before the first call. */
  get usualMs(): number {
    return this.#meanMs + USUAL_DEVIATIONS * this.#deviationMs;
  }

  /** A call took `ms` from being handed to a worker to its end. */
  observe(ms: number): void {
    this.#count++;
    const weight = Math.max(WEIGHT, 1 / this.#count);
    this.#meanMs += (ms - this.#meanMs) * weight;
    this.#deviationMs += (Math.abs(ms - this.#meanMs) - this.#deviationMs) * weight;
  }

  /**
   * How long a call will wait that has `ahead` others before it while workers with `concurrency` in all are busy: one of
   * them gets free every mean / concurrency. 0 when nothing is known yet, Infinity without workers.
   */
  expectedWaitMs(ahead: number, concurrency: number): number {
    if (concurrency === 0) return Number.POSITIVE_INFINITY;
    return ((ahead + 1) * this.#meanMs) / concurrency;
  }
}
