import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BUCKETS,
  type BucketTable,
  bucketTable,
  ownersOf,
  readBucketTable,
  reweighted,
  type Weighted,
} from '../../../src/routing/experiments/bucket-table.js';
import { weights, weightsOf } from '../../support/experiment-arbitrary.js';

/** Name of the variant of each bucket. */
function variantsOf(table: BucketTable): string[] {
  const names = [...new Set(table.map(([name]) => name))];
  return Array.from(ownersOf(table, names), (owner) => names[owner]!);
}

/** Buckets by variant, those with none left out. */
function countsOf(table: BucketTable): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of variantsOf(table)) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function expectedOf(variants: readonly Weighted[]): Record<string, number> {
  const shares = variants.map(({ name, weight }) => [name, Math.round(weight * 100)] as const);
  return Object.fromEntries(shares.filter(([, buckets]) => buckets > 0));
}

/** Tables as changes of weights make them. */
const history = fc.array(weights, { minLength: 1, maxLength: 6 });

function tableAfter([first, ...changes]: readonly (readonly Weighted[])[]): BucketTable {
  return changes.reduce(reweighted, bucketTable(first!));
}

const two = (canary: number): Weighted[] => [
  { name: 'control', weight: 100 - canary },
  { name: 'canary', weight: canary },
];

describe('a table of buckets', () => {
  it('gives each variant its weight to the hundredth, after whatever changes', () => {
    fc.assert(
      fc.property(history, (changes) => {
        const table = tableAfter(changes);
        expect(table.reduce((sum, [, buckets]) => sum + buckets, 0)).toBe(BUCKETS);
        expect(countsOf(table)).toEqual(expectedOf(changes[changes.length - 1]!));
      }),
    );
  });

  it('moves with a change only from variants that lose to variants that gain, and no more than those gain', () => {
    fc.assert(
      fc.property(history, weights, (changes, next) => {
        const before = tableAfter(changes);
        const after = reweighted(before, next);
        const [had, has] = [countsOf(before), countsOf(after)];
        const grown = (name: string) => (has[name] ?? 0) - (had[name] ?? 0);
        const [from, to] = [variantsOf(before), variantsOf(after)];
        let moved = 0;
        for (let bucket = 0; bucket < BUCKETS; bucket++) {
          if (from[bucket] === to[bucket]) continue;
          moved++;
          if (grown(from[bucket]!) >= 0 || grown(to[bucket]!) <= 0) {
            expect.fail(`bucket ${bucket} went from ${from[bucket]} to ${to[bucket]}`);
          }
        }
        const gains = Object.keys(has).reduce((sum, name) => sum + Math.max(0, grown(name)), 0);
        expect(moved).toBe(gains);
      }),
    );
  });

  it('is as it was when a change is taken back', () => {
    const changes = fc
      .shuffledSubarray(['a', 'b', 'c', 'd', 'e'], { minLength: 1 })
      .chain((names) => fc.tuple(weightsOf(names), weightsOf(names)));
    fc.assert(
      fc.property(changes, ([first, second]) => {
        const table = bucketTable(first);
        expect(reweighted(reweighted(table, second), first)).toEqual(table);
      }),
    );
  });

  it('depends of two variants on their weights alone, so that who was first in a canary is so again', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { minLength: 1, maxLength: 20 }), (hundredths) => {
        const changes = hundredths.map((one) => two(one / 100));
        expect(tableAfter(changes)).toEqual(bucketTable(changes[changes.length - 1]!));
      }),
    );
  });

  it('stays as it is without a change, also of the order of the variants', () => {
    fc.assert(
      fc.property(history, (changes) => {
        const table = tableAfter(changes);
        const last = changes[changes.length - 1]!;
        expect(reweighted(table, last)).toEqual(table);
        expect(reweighted(table, [...last].reverse())).toEqual(table);
      }),
    );
  });

  it('has few runs', () => {
    expect(bucketTable(two(10))).toEqual([
      ['control', 9_000],
      ['canary', 1_000],
    ]);
    expect(bucketTable(two(0))).toEqual([['control', 10_000]]);
    expect(
      reweighted(bucketTable(two(10)), [...two(10.5).slice(1), { name: 'third', weight: 89.5 }]),
    ).toEqual([
      ['canary', 50],
      ['third', 8_950],
      ['canary', 1_000],
    ]);
  });
});

describe('a table that was kept', () => {
  it('is read back', () => {
    fc.assert(
      fc.property(history, (changes) => {
        const table = tableAfter(changes);
        const kept: unknown = JSON.parse(JSON.stringify(table));
        expect(readBucketTable(kept, changes[changes.length - 1]!)).toEqual(table);
      }),
    );
  });

  it.each<[why: string, value: unknown, where: string]>([
    ['no list', { control: 10_000 }, 'table'],
    ['nothing', undefined, 'table'],
    ['too few buckets', [['control', 9_000]], 'table'],
    ['too many of a variant', [...bucketTable(two(10)), ['canary', 1]], 'table[2]'],
    ['an unknown variant', [['other', 9_000]], 'table[0]'],
    ['a run of none', [['control', 0]], 'table[0]'],
    ['half a bucket', [['control', 0.5]], 'table[0]'],
    ['a number that is a text', [['control', '9000']], 'table[0]'],
    ['a run that is no pair', [['control', 9_000, 0]], 'table[0]'],
    ['a run that is no list', [{ variant: 'control' }], 'table[0]'],
  ])('is refused with %s', (_why, value, where) => {
    expect(() => readBucketTable(value, two(10))).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        detail: expect.objectContaining({ where, what: expect.stringContaining('[table-form]') }),
      }),
    );
  });
});
