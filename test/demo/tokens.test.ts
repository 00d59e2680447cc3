import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/demo/random.js';
import { checksumOf, featuresOf, TokenView } from '../../src/demo/tokens.js';

function tokens(values: readonly number[]): TokenView {
  const view = new TokenView(new DataView(new ArrayBuffer(4 * values.length)), 0);
  values.forEach((value, index) => {
    view.set(index, value);
  });
  return view;
}

describe('a checksum', () => {
  it('is another when any token is, or when their order is', () => {
    const values = fc.array(fc.nat(0xffff_ffff), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(values, fc.nat(49), fc.integer({ min: 1, max: 0xffff_ffff }), (all, index, change) => {
        const at = index % all.length;
        const other = all.with(at, (all[at]! ^ change) >>> 0);
        expect(checksumOf(tokens(other))).not.toBe(checksumOf(tokens(all)));
      }),
    );
    expect(checksumOf(tokens([1, 2]))).not.toBe(checksumOf(tokens([2, 1])));
  });
});

describe('features', () => {
  it('do not depend on the order of the tokens', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff_ffff), { maxLength: 50 }), (all) => {
        expect(featuresOf(tokens(all.toReversed()))).toEqual(featuresOf(tokens(all)));
      }),
    );
  });

  it('are of mean 0 and variance 1 over contexts of any length', () => {
    const random = new Random(1);
    for (const length of [8, 100, 1_000]) {
      const all = Array.from({ length: 1_000 }, () => [
        ...featuresOf(tokens(Array.from({ length }, () => random.next()))),
      ]).flat();
      const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
      const variance = all.reduce((sum, value) => sum + value ** 2, 0) / all.length;
      expect(Math.abs(mean)).toBeLessThan(0.05);
      expect(variance).toBeGreaterThan(0.9);
      expect(variance).toBeLessThan(1.1);
    }
  });

  it('of an empty context are all 0', () => {
    expect([...featuresOf(tokens([]))]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });
});
