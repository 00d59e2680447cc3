import { describe, expect, it } from 'vitest';
import { Prng } from './prng.js';

describe('the random numbers', () => {
  it('are spread over their range', () => {
    const prng = new Prng(1);
    const counts = new Array<number>(10).fill(0);
    for (let index = 0; index < 10_000; index++) {
      prng.reseed(7, index);
      counts[prng.below(10)]!++;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(200);
  });
});
