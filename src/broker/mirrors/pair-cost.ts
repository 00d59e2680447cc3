import { MIRROR_BOUNDS } from './mirror-bounds.js';

/** Pairs after which those before them count for half. */
const HALF_LIFE = 16;

/** What a request that is mirrored takes of the event loop, from its copy to its comparison, as it was lately. */
export class PairCost {
  #copyMs = 0;
  #compareMs = 0;

  get usualMs(): number {
    return MIRROR_BOUNDS.unseenMs + this.#copyMs + this.#compareMs;
  }

  /** So many copies were made in `ms`. */
  copied(count: number, ms: number): void {
    this.#copyMs = smoothed(this.#copyMs, count, ms);
  }

  /** So many pairs were compared in `ms`. */
  compared(count: number, ms: number): void {
    this.#compareMs = smoothed(this.#compareMs, count, ms);
  }
}

function smoothed(before: number, count: number, ms: number): number {
  return (before * HALF_LIFE + ms) / (HALF_LIFE + count);
}
