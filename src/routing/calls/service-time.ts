/** Each call counts for this much in the mean, as soon as there have been as many. */
const WEIGHT = 1 / 16;

/**
 * How long workers take for a call, and what follows for one that waits: a mean in which a call loses half its weight with
 * every 11 that come after it. The first 16 count alike.
 */
export class ServiceTime {
  #count = 0;
  #meanMs = 0;

  /** 0 before the first call. */
  get meanMs(): number {
    return this.#meanMs;
  }

  /** A call took `ms` from being handed to a worker to its end. */
  observe(ms: number): void {
    this.#count++;
    this.#meanMs += (ms - this.#meanMs) * Math.max(WEIGHT, 1 / this.#count);
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
