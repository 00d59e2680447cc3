import fc from 'fast-check';
import type { Weighted } from '../../src/routing/experiments/bucket-table.js';
import type { Experiment, Variant } from '../../src/routing/experiments/experiment.js';

/** An experiment whose default is the first variant; what is not said is as when left out. */
export function experimentOf(
  variants: readonly Variant[],
  { name = 'ranker', subject = 'models.ranker', ...others }: Partial<Experiment> = {},
): Experiment {
  const assign = { key: 'key', salt: name };
  return { name, subject, variants, assign, default: variants[0]!.name, ...others };
}

/** Names that variants share from one list of weights to the next. */
const NAMES = ['control', 'canary', 'b', 'c', 'd', 'e', 'f', 'g'];

/** Weights that sum to 100, of some of eight variants in any order; some of them 0. */
export const weights: fc.Arbitrary<Weighted[]> = fc
  .shuffledSubarray(NAMES, { minLength: 1 })
  .chain((names) => weightsOf(names));

/** Weights that sum to 100, of these variants. */
export function weightsOf(names: readonly string[]): fc.Arbitrary<Weighted[]> {
  const cut = fc.oneof(fc.constantFrom(0, 500, 1_000, 5_000, 10_000), fc.nat(10_000));
  return fc.array(cut, { minLength: names.length - 1, maxLength: names.length - 1 }).map((cuts) => {
    const bounds = [0, ...cuts.sort((a, b) => a - b), 10_000];
    return names.map((name, index) => ({ name, weight: (bounds[index + 1]! - bounds[index]!) / 100 }));
  });
}

/** Of one experiment, with everything that may be left out. */
export const experiments: fc.Arbitrary<Experiment> = weights.chain((weighted) => {
  const names = weighted.map(({ name }) => name);
  const places = fc.array(
    fc.record(
      {
        version: fc.constantFrom('^1.2', '2.0.0-rc.1', '*', '>=1 <3 || 4.x'),
        service: fc.constantFrom('', 'gpu'),
      },
      { requiredKeys: [] },
    ),
    { minLength: names.length, maxLength: names.length },
  );
  return places.chain((placed) => {
    const variants = weighted.map((one, index) => ({ ...one, ...placed[index]! }));
    const targets = variants.filter(
      ({ weight, version, service }) => weight < 100 && (version ?? service) !== undefined,
    );
    const percent = fc.nat(10_000).map((hundredths) => hundredths / 100);
    return fc.record(
      {
        name: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
        subject: fc.constantFrom('models.a', 'models.*', 'models.>', '>', '*.infer'),
        variants: fc.constant(variants),
        assign: fc.record({
          key: fc.constantFrom(
            'key',
            'key-or-id',
            'trace',
            'header:User-Id',
            'payload:user.id',
            'payload:id',
          ),
          salt: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
        }),
        default: fc.constantFrom(...names),
        ...(targets.length > 0 && {
          mirror: fc.record({ variant: fc.constantFrom(...targets.map(({ name }) => name)), percent }),
        }),
      },
      { requiredKeys: ['name', 'subject', 'variants', 'assign', 'default'] },
    );
  });
});
