import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ModwireError } from '../../../src/errors.js';
import { EXPERIMENT_RULES } from '../../../src/routing/experiments/experiment-rules.js';
import { readExperiment } from '../../../src/routing/experiments/read-experiment.js';
import { experiments } from '../../support/experiment-arbitrary.js';

type Json = Record<string, unknown>;

const CONTROL = { name: 'control', version: '^1.0', weight: 90 };
const CANARY = { name: 'canary', version: '^2.0', service: 'gpu', weight: 10 };
const RANKER = {
  name: 'ranker',
  subject: 'models.ranker',
  variants: [CONTROL, CANARY],
  assign: { key: 'header:User-Id', salt: 'one' },
  mirror: { variant: 'canary', percent: 5 },
  default: 'control',
};

const withVariants = (...variants: Json[]) => ({ ...RANKER, variants });
const withCanary = (changed: Json) => withVariants(CONTROL, { ...CANARY, ...changed });
const weighing = (...weights: unknown[]) => ({
  ...RANKER,
  variants: weights.map((weight, index) => ({ name: `v${index}`, weight })),
  ...{ mirror: { variant: 'v0', percent: 5 }, default: 'v0' },
});
const without = (member: string) =>
  Object.fromEntries(Object.entries(RANKER).filter(([name]) => name !== member));

describe('an experiment', () => {
  it('is read as it is written', () => {
    fc.assert(
      fc.property(experiments, (experiment) => {
        expect(readExperiment(JSON.parse(JSON.stringify(experiment)))).toEqual(experiment);
      }),
    );
    expect(readExperiment(RANKER)).toEqual(RANKER);
  });

  it('assigns by the assignment key, salted with its name, unless it says otherwise', () => {
    expect(readExperiment(without('assign')).assign).toEqual({ key: 'key', salt: 'ranker' });
    expect(readExperiment({ ...RANKER, assign: { salt: 'x' } }).assign).toEqual({ key: 'key', salt: 'x' });
    expect(readExperiment({ ...RANKER, assign: { key: 'trace' } }).assign).toEqual({
      ...{ key: 'trace', salt: 'ranker' },
    });
  });

  it('has weights that are counted exactly', () => {
    const { mirror: _, ...parts } = weighing(33.33, 33.33, 33.34);
    expect(readExperiment(parts).variants.map(({ weight }) => weight)).toEqual([33.33, 33.33, 33.34]);
    const cents = Array.from({ length: 63 }, () => 0.07);
    expect(() => readExperiment({ ...parts, variants: weighing(...cents, 95.59).variants })).not.toThrow();
    expect(
      Object.is(readExperiment({ ...parts, variants: weighing(100, -0).variants }).variants[1]!.weight, 0),
    ).toBe(true);
  });

  const many = Array.from({ length: 65 }, (_, index) => ({
    name: `v${index}`,
    weight: index === 0 ? 100 : 0,
  }));

  it.each<[rule: keyof typeof EXPERIMENT_RULES, where: string, value: unknown]>([
    ['value-type', 'the root', 'ranker'],
    ['value-type', 'the root', null],
    ['value-type', 'the root', [RANKER]],
    ['value-type', 'name', { ...RANKER, name: 7 }],
    ['value-type', 'variants', { ...RANKER, variants: { control: 100 } }],
    ['value-type', 'variants[1]', { ...RANKER, variants: [CONTROL, 'canary'] }],
    ['value-type', 'variants[1].weight', withCanary({ weight: '10' })],
    ['value-type', 'variants[1].version', withCanary({ version: null })],
    ['value-type', 'assign', { ...RANKER, assign: 'key' }],
    ['value-type', 'default', { ...RANKER, default: 0 }],
    ['unknown-member', 'the root', { ...RANKER, salt: 'x' }],
    ['unknown-member', 'the root', JSON.parse('{"__proto__": {"name": "ranker"}}')],
    ['unknown-member', 'variants[1]', withCanary({ share: 10 })],
    ['unknown-member', 'assign', { ...RANKER, assign: { field: 'user.id' } }],
    ['unknown-member', 'mirror', { ...RANKER, mirror: { variant: 'canary', percent: 1, weight: 1 } }],
    ['missing-member', 'the root', without('subject')],
    ['missing-member', 'the root', without('default')],
    ['missing-member', 'variants[0]', withVariants({ name: 'control' })],
    ['missing-member', 'mirror', { ...RANKER, mirror: { variant: 'canary' } }],
    ['name-form', 'name', { ...RANKER, name: 'a.b' }],
    ['name-form', 'name', { ...RANKER, name: '' }],
    ['name-form', 'name', { ...RANKER, name: 'x'.repeat(65) }],
    ['name-form', 'variants[1].name', withCanary({ name: 'canary ' })],
    ['subject-form', 'subject', { ...RANKER, subject: 'models..ranker' }],
    ['subject-form', 'subject', { ...RANKER, subject: 'models.>.a' }],
    ['subject-form', 'subject', { ...RANKER, subject: '$experiments.a.exposures' }],
    ['variant-count', 'variants', withVariants()],
    ['variant-count', 'variants', withVariants(...many)],
    ['variant-twice', 'variants[1].name', withCanary({ name: 'control' })],
    ['not-a-range', 'variants[1].version', withCanary({ version: 'newest' })],
    ['not-a-range', 'variants[1].version', withCanary({ version: '' })],
    ['service-form', 'variants[1].service', withCanary({ service: 'x'.repeat(257) })],
    ['weight-range', 'variants[0].weight', weighing(-1, 101)],
    ['weight-range', 'variants[1].weight', weighing(0, 101)],
    ['weight-range', 'variants[0].weight', weighing(33.333, 66.667)],
    ['weight-range', 'variants[0].weight', weighing(1e-9, 100)],
    ['weight-range', 'variants[0].weight', weighing(Number.NaN, 100)],
    ['weights-sum', 'variants', weighing(90, 10.01)],
    ['weights-sum', 'variants', weighing(90, 9.99)],
    ['weights-sum', 'variants', weighing(0, 0)],
    ['key-form', 'assign.key', { ...RANKER, assign: { key: '' } }],
    ['key-form', 'assign.key', { ...RANKER, assign: { key: 'user' } }],
    ['key-form', 'assign.key', { ...RANKER, assign: { key: 'cookie:id' } }],
    ['key-form', 'assign.key', { ...RANKER, assign: { key: 'header:' } }],
    ['key-form', 'assign.key', { ...RANKER, assign: { key: 'header:User Id' } }],
    ['key-form', 'assign.key', { ...RANKER, assign: { key: 'payload:user..id' } }],
    ['key-form', 'assign.key', { ...RANKER, assign: { key: 'payload:items[0].id' } }],
    ['key-form', 'assign.key', { ...RANKER, assign: { key: `payload:${'x'.repeat(257)}` } }],
    ['salt-form', 'assign.salt', { ...RANKER, assign: { salt: '' } }],
    ['salt-form', 'assign.salt', { ...RANKER, assign: { salt: '\ud800' } }],
    ['salt-form', 'assign.salt', { ...RANKER, assign: { salt: 'x'.repeat(129) } }],
    ['unknown-variant', 'default', { ...RANKER, default: 'contrl' }],
    ['unknown-variant', 'mirror.variant', { ...RANKER, mirror: { variant: 'shadow', percent: 5 } }],
    ['percent-range', 'mirror.percent', { ...RANKER, mirror: { variant: 'canary', percent: 100.5 } }],
    ['percent-range', 'mirror.percent', { ...RANKER, mirror: { variant: 'canary', percent: 0.001 } }],
    ['cyclic-mirror', 'mirror.variant', withVariants({ ...CONTROL, weight: 0 }, { ...CANARY, weight: 100 })],
    ['cyclic-mirror', 'mirror.variant', withVariants(CONTROL, { name: 'canary', weight: 10 })],
  ])('is refused by %s at %s', (rule, where, value) => {
    expect(() => readExperiment(value)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        detail: expect.objectContaining({ what: `${EXPERIMENT_RULES[rule].wrong} [${rule}]`, where }),
      }),
    );
  });

  it('says what came, what was expected and where', () => {
    const message = (value: unknown, where?: string) => {
      try {
        readExperiment(value, where);
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(message(weighing(90, 9.5))).toBe(
      'the weights do not sum to 100 [weights-sum]: expected 100 in all, got 99.5 (variants)',
    );
    expect(message({ ...RANKER, default: 'contrl' }, 'experiments[2]')).toBe(
      'no variant has this name [unknown-variant]: expected one of control, canary, got "contrl" (experiments[2].default)',
    );
    expect(message({ ...RANKER, name: 'x'.repeat(9_999) })!.length).toBeLessThan(200);
  });

  it('is read or refused whatever becomes of it', () => {
    const paths = [[], ['name'], ['subject'], ['variants'], ['variants', 0], ['variants', 1, 'weight']];
    const more = [['variants', 0, 'version'], ['assign'], ['assign', 'key'], ['mirror'], ['default']];
    fc.assert(
      fc.property(
        experiments,
        fc.constantFrom(...paths, ...more),
        fc.jsonValue(),
        (experiment, path, other) => {
          let changed: unknown = JSON.parse(JSON.stringify(experiment));
          const last = path[path.length - 1];
          if (last === undefined) changed = other;
          else {
            const parent = path
              .slice(0, -1)
              .reduce<unknown>((at, step) => (at as Json | undefined)?.[step], changed);
            if (parent === undefined) return;
            (parent as Json)[last] = other;
          }
          try {
            const read = readExperiment(changed);
            expect(readExperiment(JSON.parse(JSON.stringify(read)))).toEqual(read);
          } catch (error) {
            if (!(error instanceof ModwireError)) throw error;
            expect(error.code).toBe('INVALID_ARGUMENT');
          }
        },
      ),
    );
  });
});

describe('the rules of experiments', () => {
  it('are those of the documentation', () => {
    const page = readFileSync(new URL('../../../docs/experiments.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (.*) \| (.*) \|$/gm)].map((row) => row.slice(1));
    const rules = Object.entries(EXPERIMENT_RULES).map(([id, { wrong, expected }]) => [id, wrong, expected]);
    expect(rows.filter(([id]) => id! in EXPERIMENT_RULES)).toEqual(rules);
  });
});
