export interface RetryBudgetOptions {
  /** Retries for each request. 0.2 by default. */
  readonly ratio?: number;
  /** Retries a second that are allowed besides, so that a caller with few requests has some. 1 by default. */
  readonly perSecond?: number;
}

const BUCKET_MS = 1_000;
const BUCKETS = 10;

/**
 * Bounds attempts beyond the first, hedges among them, by the requests of the last ten seconds: when everything fails,
 * retries add a fifth to the load instead of multiplying it. Seconds are counted as wholes: in no ten of them in a row
 * are there more retries than `ratio` × requests + 10 × `perSecond` at the time of the last retry.
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #perSecond: number;
  readonly #requests = new Float64Array(BUCKETS);
  readonly #retries = new Float64Array(BUCKETS);
  #requestCount = 0;
  #retryCount = 0;
  /** Number of the present second on the user's clock. */
  #second = 0;

  constructor({ ratio = 0.2, perSecond = 1 }: RetryBudgetOptions = {}) {
    this.#ratio = ratio;
    this.#perSecond = perSecond;
  }

  /** A request is made, its first attempt. `nowMs` is on any clock without negative times. */
  request(nowMs: number): void {
    this.#turnTo(nowMs);
    this.#requests[this.#at]!++;
    this.#requestCount++;
  }

  /** Whether there may be another attempt; if so, it is counted. */
  tryRetry(nowMs: number): boolean {
    this.#turnTo(nowMs);
    if (this.#retryCount + 1 > this.#ratio * this.#requestCount + BUCKETS * this.#perSecond) return false;
    this.#retries[this.#at]!++;
    this.#retryCount++;
    return true;
  }

  get #at(): number {
    return this.#second % BUCKETS;
  }

  /** Forgets the seconds that are too long ago. A time before the present second counts as in it. */
  #turnTo(nowMs: number): void {
    const second = Math.floor(nowMs / BUCKET_MS);
    if (second <= this.#second) return;
    const first = Math.max(this.#second + 1, second - BUCKETS + 1);
    for (let passed = first; passed <= second; passed++) {
      const at = passed % BUCKETS;
      this.#requestCount -= this.#requests[at]!;
      this.#retryCount -= this.#retries[at]!;
      this.#requests[at] = 0;
      this.#retries[at] = 0;
    }
    this.#second = second;
  }
}
