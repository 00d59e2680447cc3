/** Random 32-bit numbers from a seed: xorshift (Marsaglia). The same seed gives the same numbers everywhere. */
export class Prng {
  #state = 1;

  constructor(seed: number) {
    this.reseed(seed, 0);
  }

  /** Begins the sequence that belongs to a seed and a case, so that each case can be had without those before it. */
  reseed(seed: number, index: number): void {
    // The high part counts too: cases go beyond 2^32.
    let mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.floor(index / 0x1_0000_0000);
    mixed = Math.imul(mixed ^ (mixed >>> 15) ^ (index | 0), 0x2c1b3c6d);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0x297a2d39);
    mixed ^= mixed >>> 16;
    // 0 is the one state that it never leaves.
    this.#state = mixed === 0 ? 1 : mixed;
  }

  /** 0 to 2^32 - 1. */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }

  /** 0 to `bound` - 1; `bound` is at most 2^32. */
  below(bound: number): number {
    return Math.floor((this.next() / 0x1_0000_0000) * bound);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}
