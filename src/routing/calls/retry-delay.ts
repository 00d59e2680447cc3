export interface RetryDelays {
  /** Attempts in all, the first among them. */
  readonly maxAttempts: number;
  /** Before the second attempt; doubled each time. Milliseconds. */
  readonly firstMs: number;
  /** The delay stops doubling here. Milliseconds. */
  readonly maxMs: number;
}

export const RETRY_DELAYS: RetryDelays = { maxAttempts: 5, firstMs: 50, maxMs: 2_000 };

/** Share of the delay by which it varies up or down. */
const JITTER = 0.2;

/**
 * How long to wait after `failed` attempts before the next, within 20 % of the doubling delay, so that callers that failed
 * together do not come back together; undefined when there is none left. `random` gives numbers from 0 to 1, without 1.
 */
export function retryDelayMs(
  failed: number,
  random: () => number,
  { maxAttempts, firstMs, maxMs }: RetryDelays = RETRY_DELAYS,
): number | undefined {
  if (failed >= maxAttempts) return undefined;
  const delay = Math.min(maxMs, firstMs * 2 ** (failed - 1));
  return delay * (1 - JITTER + 2 * JITTER * random());
}
