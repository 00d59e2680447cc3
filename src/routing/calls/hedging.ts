import { LatencyPercentile } from './latency-percentile.js';
import type { RetryBudget } from './retry-budget.js';

/** When a call that is still unanswered is made a second time: after a delay, or when most calls would be answered. */
export type HedgeRule = { readonly delayMs: number } | { readonly percentile: number };

/**
 * Decides on second attempts of calls that are merely slow. They come out of the retry budget: when all calls become slow,
 * hedges do not double the load.
 */
export class Hedging {
  readonly #delayMs: number | undefined;
  readonly #latencies: LatencyPercentile | undefined;
  readonly #budget: RetryBudget;

  /** A rule's `percentile` is above 0 and below 100. */
  constructor(rule: HedgeRule, budget: RetryBudget) {
    if ('delayMs' in rule) this.#delayMs = rule.delayMs;
    else this.#latencies = new LatencyPercentile(rule.percentile / 100);
    this.#budget = budget;
  }

  /** An attempt was answered after `latencyMs`. */
  answered(latencyMs: number, nowMs: number): void {
    this.#latencies?.record(latencyMs, nowMs);
  }

  /**
   * How long to wait for the first attempt of a call with `remainingMs` left; undefined when there is to be no second: too
   * few latencies are known, or the call would be over by then.
   */
  delayMs(remainingMs: number): number | undefined {
    const delay = this.#delayMs ?? this.#latencies?.valueMs;
    return delay !== undefined && delay < remainingMs ? delay : undefined;
  }

  /** Asked when the delay is over: whether the second attempt may be made. If so, it is counted. */
  tryHedge(nowMs: number): boolean {
    return this.#budget.tryRetry(nowMs);
  }
}
