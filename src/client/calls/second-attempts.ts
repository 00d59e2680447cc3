import type { ModwireError } from '../../errors.js';
import { type HedgeRule, Hedging } from '../../routing/calls/hedging.js';
import { RetryBudget } from '../../routing/calls/retry-budget.js';
import { retryDelayMs } from '../../routing/calls/retry-delay.js';
import type { PendingCall } from './pending-call.js';

/** Subjects whose latencies are remembered for hedges; beyond it the memory starts anew. */
const MAX_HEDGED_SUBJECTS = 1_024;

/** Decides on attempts beyond the first. All of a client's calls share one budget for them. */
export class SecondAttempts {
  readonly #budget = new RetryBudget();
  /** By rule and subject. */
  readonly #hedgings = new Map<string, Hedging>();
  /** Made so far. */
  retries = 0;
  hedges = 0;

  /** A first attempt is made. */
  began(nowMs: number): void {
    this.#budget.request(nowMs);
  }

  /**
   * How long to wait before the next attempt after one that failed with `error`; undefined when that is the outcome.
   * One that is to be made is counted. Milliseconds.
   */
  retryDelayMs(call: PendingCall, error: ModwireError, nowMs: number): number | undefined {
    const { retry, idempotent } = call.terms;
    if (retry === undefined || !error.retryable || !call.repeatable) return undefined;
    if (error.mayHaveStarted && !idempotent) return undefined;
    if (error.code === 'NO_RESPONDERS' && !retry.noResponders) return undefined;
    const delayMs = retryDelayMs(call.attempts, Math.random, retry.delays);
    if (delayMs === undefined || nowMs + delayMs >= call.deadlineMs) return undefined;
    if (!this.#budget.tryRetry(nowMs)) return undefined;
    this.retries++;
    return delayMs;
  }

  /** How long to wait for the first attempt before making a second; undefined when there is to be none. Milliseconds. */
  hedgeDelayMs({ terms, deadlineMs }: PendingCall, nowMs: number): number | undefined {
    const { hedge, subject } = terms;
    return hedge && this.#hedging(hedge, subject).delayMs(deadlineMs - nowMs);
  }

  /** Whether the second attempt may be made, now that the delay is over. If so, it is counted. */
  tryHedge({ terms }: PendingCall, nowMs: number): boolean {
    const { hedge, subject } = terms;
    if (hedge === undefined || !this.#hedging(hedge, subject).tryHedge(nowMs)) return false;
    this.hedges++;
    return true;
  }

  /** An attempt was answered. */
  answered({ terms }: PendingCall, latencyMs: number, nowMs: number): void {
    if (terms.hedge !== undefined) this.#hedging(terms.hedge, terms.subject).answered(latencyMs, nowMs);
  }

  #hedging(rule: HedgeRule, subject: string): Hedging {
    // A delay needs no memory, so that all subjects can share it. No subject has a space in it.
    const key = 'delayMs' in rule ? `${rule.delayMs} ms` : `${rule.percentile} ${subject}`;
    let hedging = this.#hedgings.get(key);
    if (hedging === undefined) {
      if (this.#hedgings.size >= MAX_HEDGED_SUBJECTS) this.#hedgings.clear();
      hedging = new Hedging(rule, this.#budget);
      this.#hedgings.set(key, hedging);
    }
    return hedging;
  }
}
