import { bucketCount, bucketOf, lastOf, microsOf } from '../log-buckets.js';

/** Buckets of an octave: a bucket is at most a sixteenth of its value wide. */
const STEPS_LOG2 = 4;
const BUCKETS = bucketCount(STEPS_LOG2);
/** The percentile is looked up anew after so many samples, and not told before. */
const SAMPLES = 32;
const HALF_LIFE_MS = 10_000;

/**
 * A percentile of latencies that follows the present: a sample loses half its weight every ten seconds. It keeps counts in
 * 464 buckets, log-linear over microseconds up to 71 minutes, whatever there is to count.
 */
export class LatencyPercentile {
  /** Share of calls that are to be faster, above 0 and below 1. */
  readonly fraction: number;
  readonly #counts = new Float64Array(BUCKETS);
  #unread = 0;
  #decayedAt: number | undefined;
  #valueMs: number | undefined;

  constructor(fraction: number) {
    this.fraction = fraction;
  }

  /**
   * Undefined before the first 32 samples, then as of the last time that a multiple of 32 was reached. At most a sixteenth,
   * or a microsecond, above the true value, never below. Milliseconds.
   */
  get valueMs(): number | undefined {
    return this.#valueMs;
  }

  record(latencyMs: number, nowMs: number): void {
    this.#decay(nowMs);
    this.#counts[bucketOf(microsOf(latencyMs), STEPS_LOG2)]!++;
    if (++this.#unread < SAMPLES) return;
    this.#unread = 0;
    this.#valueMs = this.#look();
  }

  /** In whole half-lives: halving all counts leaves the percentile as it is, but lets new samples weigh more. */
  #decay(nowMs: number): void {
    this.#decayedAt ??= nowMs;
    const halfLives = Math.floor((nowMs - this.#decayedAt) / HALF_LIFE_MS);
    if (halfLives < 1) return;
    this.#decayedAt += halfLives * HALF_LIFE_MS;
    const factor = 2 ** -halfLives;
    for (let at = 0; at < BUCKETS; at++) this.#counts[at]! *= factor;
  }

  #look(): number {
    let total = 0;
    for (let at = 0; at < BUCKETS; at++) total += this.#counts[at]!;
    let rest = this.fraction * total;
    let at = 0;
    while (at < BUCKETS - 1 && rest > this.#counts[at]!) rest -= this.#counts[at++]!;
    return lastOf(at, STEPS_LOG2) / 1_000;
  }
}
