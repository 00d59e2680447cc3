import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketOfKey, murmur3, saltSeed } from '../../../src/routing/experiments/assignment-hash.js';
import { BUCKETS } from '../../../src/routing/experiments/bucket-table.js';
import { bucketOfText, KEY_SHAPES, KEYS, KeyWriter } from '../../support/assignment-keys.js';

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** How far a χ² statistic is from what chance gives on average, in its standard deviations. */
function deviations(counts: ArrayLike<number>, expected: number, freedom: number): number {
  let sum = 0;
  for (let at = 0; at < counts.length; at++) sum += (counts[at]! - expected) ** 2 / expected;
  return (sum - freedom) / Math.sqrt(2 * freedom);
}

describe('the hash of an assignment', () => {
  // The values of other programs that have MurmurHash3.
  it.each<[text: string, seed: number, hash: number]>([
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['a', 0x9747b28c, 0x7fa09ea6],
    ['aa', 0x9747b28c, 0x5d211726],
    ['aaa', 0x9747b28c, 0x283e0130],
    ['test', 0, 0xba6bd213],
    ['test', 0x9747b28c, 0x704b81dc],
    ['Hello, world!', 0, 0xc0363e43],
    ['Hello, world!', 0x9747b28c, 0x24884cba],
    ['ππππππππ', 0x9747b28c, 0xd58063c1],
    ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
  ])('of %j with the seed %i is that of MurmurHash3', (text, seed, hash) => {
    const bytes = bytesOf(text);
    expect(murmur3(bytes, 0, bytes.length, seed) >>> 0).toBe(hash);
  });

  it.each<[key: string, salt: string, bucket: number]>([
    ['user-1', 'ranker', 2252],
    ['user-2', 'ranker', 9923],
    ['user-1', 'ranker-2', 9946],
    ['42', 'ranker', 6898],
    ['ü', 'ranker', 9213],
    ['0192f0c1-5b1e-7c3d-9a4b-001122334455', 'ranker', 2677],
  ])('puts %s with the salt %s into bucket %i for ever', (key, salt, bucket) => {
    expect(bucketOfText(key, salt)).toBe(bucket);
  });

  it('is of the bytes between the bounds, and of nothing around them', () => {
    const bytes = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(bytes, bytes, bytes, fc.integer(), (key, before, after, seed) => {
        const surrounded = new Uint8Array([...before, ...key, ...after]);
        const bucket = bucketOfKey(surrounded, before.length, before.length + key.length, seed);
        expect(bucket).toBe(bucketOfKey(key, 0, key.length, seed));
        expect(bucket).toBeGreaterThanOrEqual(0);
        expect(bucket).toBeLessThan(BUCKETS);
      }),
    );
  });

  it.each(KEY_SHAPES)('spreads a million %s evenly over the buckets', (shape) => {
    const writer = new KeyWriter(shape);
    const counts = new Uint32Array(BUCKETS);
    const seed = saltSeed('ranker');
    for (let index = 0; index < KEYS; index++) {
      counts[bucketOfKey(writer.bytes, 0, writer.write(index), seed)]!++;
    }
    expect(Math.abs(deviations(counts, KEYS / BUCKETS, BUCKETS - 1))).toBeLessThan(4);
  });

  it.each(KEY_SHAPES)('assigns a million %s independently in experiments of two salts', (shape) => {
    const writer = new KeyWriter(shape);
    const pairs: [one: number, other: number, counts: Uint32Array][] = [
      [saltSeed('ranker'), saltSeed('ranker-2'), new Uint32Array(10_000)],
      // What a mirror takes, and seeds as near as can be.
      [saltSeed('ranker'), ~saltSeed('ranker'), new Uint32Array(10_000)],
      [6, 7, new Uint32Array(10_000)],
    ];
    for (let index = 0; index < KEYS; index++) {
      const end = writer.write(index);
      for (const [one, other, counts] of pairs) {
        const row = Math.floor(bucketOfKey(writer.bytes, 0, end, one) / 100);
        const column = Math.floor(bucketOfKey(writer.bytes, 0, end, other) / 100);
        counts[row * 100 + column]!++;
      }
    }
    for (const [, , counts] of pairs) {
      expect(Math.abs(deviations(counts, KEYS / counts.length, counts.length - 1))).toBeLessThan(4);
    }
  });
});
