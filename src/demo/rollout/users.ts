import { Random } from '../random.js';

/** One of so many requests is made by somebody who has asked before. */
const RETURNS_EVERY = 5;

export interface User {
  readonly key: string;
  readonly returning: boolean;
}

/** Who makes requests: new users, and now and then one who has been there. The same ones for the same seed. */
export class Users {
  readonly #seed: number;
  readonly #random: Random;
  #known = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = new Random(seed);
  }

  next(): User {
    const returning = this.#known > 0 && this.#random.next() % RETURNS_EVERY === 0;
    const number = returning ? this.#random.next() % this.#known : this.#known++;
    return { key: `user-${this.#seed}-${number}`, returning };
  }
}
