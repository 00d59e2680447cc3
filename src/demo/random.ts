/** Numbers that look random and are the same everywhere for the same seed: a 32-bit xorshift. Not for secrets. */
export class Random {
  #state: number;
  #spareNormal: number | undefined;

  constructor(seed: number) {
    // Small seeds begin with small numbers, hence the multiplication. A state of 0 would stay 0.
    this.#state = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) || 1;
    for (let round = 0; round < 8; round++) this.next();
  }

  /** A whole number from 1 to 2^32 - 1. */
  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return state >>> 0;
  }

  /** Above 0 and below 1, so that it has a logarithm. */
  uniform(): number {
    return this.next() / 2 ** 32;
  }

  exponential(mean: number): number {
    return -mean * Math.log(this.uniform());
  }

  logNormal(mu: number, sigma: number): number {
    return Math.exp(mu + sigma * this.normal());
  }

  /** Of mean 0 and variance 1: two at a time, after Box and Muller. */
  normal(): number {
    const spare = this.#spareNormal;
    if (spare !== undefined) {
      this.#spareNormal = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}
