import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketTable, reweighted } from '../../../src/routing/experiments/bucket-table.js';
import { CompiledExperiment, NO_BUCKET } from '../../../src/routing/experiments/compiled-experiment.js';
import { KEYS, KeyWriter } from '../../support/assignment-keys.js';
import { experimentOf, experiments } from '../../support/experiment-arbitrary.js';

const two = (canary: number) =>
  experimentOf([
    { name: 'control', version: '^1', weight: 100 - canary },
    { name: 'canary', version: '^2', service: 'gpu', weight: canary },
  ]);

const compiled = (canary: number) => new CompiledExperiment(two(canary), bucketTable(two(canary).variants));

describe('a compiled experiment', () => {
  it('has its variants, ranges and key ready', () => {
    const experiment = new CompiledExperiment(
      { ...two(10), assign: { key: 'payload:user.id', salt: 'x' }, default: 'canary' },
      bucketTable(two(10).variants),
    );
    expect(experiment.keySource).toEqual({ from: 'payload', path: 'user.id' });
    expect(experiment.defaultVariant).toBe(1);
    expect(experiment.variants.map(({ name, service }) => [name, service])).toEqual([
      ...[
        ['control', undefined],
        ['canary', 'gpu'],
      ],
    ]);
    expect(experiment.variants.map(({ range }) => range!.includes('2.3.0'))).toEqual([false, true]);
    const bare = experimentOf([{ name: 'all', weight: 100 }]);
    expect(new CompiledExperiment(bare, [['all', 10_000]]).variants[0]!.range).toBeUndefined();
  });

  it('moves 10 % ± 0.2 of a million keys when a weight goes from 10 to 20 %, all to the variant that gains', () => {
    const before = compiled(10);
    const after = new CompiledExperiment(two(20), reweighted(before.table, two(20).variants));
    const writer = new KeyWriter('names with a number');
    const moves = { stayed: 0, gained: 0, lost: 0 };
    for (let index = 0; index < KEYS; index++) {
      const end = writer.write(index);
      const was = before.variantOf(before.bucketOf(writer.bytes, 0, end));
      const is = after.variantOf(after.bucketOf(writer.bytes, 0, end));
      moves[was === is ? 'stayed' : is === 1 ? 'gained' : 'lost']++;
    }
    expect(moves.lost).toBe(0);
    expect(moves.gained / KEYS).toBeGreaterThan(0.098);
    expect(moves.gained / KEYS).toBeLessThan(0.102);
  });

  it('assigns the variant of the bucket of the key', () => {
    fc.assert(
      fc.property(experiments, fc.uint8Array({ minLength: 1 }), (experiment, key) => {
        const table = bucketTable(experiment.variants);
        const one = new CompiledExperiment(experiment, table);
        const { variant, bucket } = one.assign(key);
        expect(bucket).toBe(one.bucketOf(new Uint8Array([1, ...key, 2]), 1, 1 + key.length));
        let end = 0;
        const run = table.find(([, buckets]) => {
          end += buckets;
          return bucket! < end;
        })!;
        expect(one.variants[variant]!.name).toBe(run[0]);
      }),
    );
  });

  it('assigns its default to who has no key, or an empty one', () => {
    fc.assert(
      fc.property(experiments, (experiment) => {
        const one = new CompiledExperiment(experiment, bucketTable(experiment.variants));
        const byDefault = { variant: one.defaultVariant, bucket: undefined };
        expect(one.variants[one.defaultVariant]!.name).toBe(experiment.default);
        expect(one.assign(undefined)).toEqual(byDefault);
        expect(one.assign(new Uint8Array(0))).toEqual(byDefault);
        expect(one.variantOf(NO_BUCKET)).toBe(one.defaultVariant);
      }),
    );
  });

  it('copies the share of its mirror, whatever the variant, but never from the variant that gets the copies', () => {
    const ids = new KeyWriter('time-ordered ids');
    const experiment = { ...two(10), mirror: { variant: 'canary', percent: 12.5 } };
    const one = new CompiledExperiment(experiment, bucketTable(experiment.variants));
    expect(one.mirrorVariant).toBe(1);
    let copied = 0;
    let both = 0;
    for (let index = 0; index < 100_000; index++) {
      const id = ids.bytes.subarray(0, ids.write(index));
      const isCopied = one.mirrors(0, id);
      if (one.mirrors(1, id)) expect.fail('a copy to where the request is');
      if (isCopied) copied++;
      if (isCopied && one.assign(id).variant === 1) both++;
    }
    expect(copied / 100_000).toBeCloseTo(0.125, 2);
    // Who is assigned by the id of the request is copied no more or less for it.
    expect(both / copied).toBeCloseTo(0.1, 1);
  });

  it('copies nothing without a mirror, or with one of nothing, and everything with one of all', () => {
    const id = new Uint8Array(16);
    const mirroring = (percent: number) =>
      new CompiledExperiment(
        { ...two(10), mirror: { variant: 'canary', percent } },
        bucketTable(two(10).variants),
      );
    expect(compiled(10).mirrorVariant).toBe(-1);
    expect(compiled(10).mirrors(0, id)).toBe(false);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (some) => {
        expect(mirroring(0).mirrors(0, some)).toBe(false);
        expect(mirroring(100).mirrors(0, some)).toBe(true);
      }),
    );
  });
});
