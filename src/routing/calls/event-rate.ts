const SECOND_MS = 1_000;
/** Whole seconds that are looked at. */
const SECONDS = 10;
/** They, and the present one. */
const BUCKETS = SECONDS + 1;

/** How often something happens: the mean of the last ten whole seconds, or of those that there have been. */
export class EventRate {
  readonly #counts = new Float64Array(BUCKETS);
  /** Numbers of the first and the present second on the user's clock. */
  #first: number | undefined;
  #second = 0;

  /** It happened. `nowMs` never goes back. */
  count(nowMs: number): void {
    this.#turnTo(nowMs);
    this.#counts[this.#second % BUCKETS]!++;
  }

  /** 0 before the first second is over. */
  perSecond(nowMs: number): number {
    this.#turnTo(nowMs);
    const seconds = Math.min(SECONDS, this.#second - this.#first!);
    if (seconds === 0) return 0;
    let sum = 0;
    for (let ago = 1; ago <= seconds; ago++) sum += this.#counts[(this.#second - ago) % BUCKETS]!;
    return sum / seconds;
  }

  /** Forgets the seconds that are too long ago. */
  #turnTo(nowMs: number): void {
    const second = Math.floor(nowMs / SECOND_MS);
    this.#first ??= second;
    for (let passed = Math.max(this.#second + 1, second - BUCKETS + 1); passed <= second; passed++) {
      this.#counts[passed % BUCKETS] = 0;
    }
    this.#second = second;
  }
}
