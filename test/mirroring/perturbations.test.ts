import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CompiledSchema } from '../../src/contracts/compile-schema.js';
import type { Difference, DifferenceKind } from '../../src/mirroring/difference.js';
import { jsonArbitrary } from '../support/json-arbitrary.js';
import { floatDrifts, type Perturbation, perturbationsOf } from '../support/json-perturbations.js';
import { compareTwo, compiled, tableReply } from '../support/mirrored.js';
import { ALL_FEATURES } from '../support/transcoding-schemas.js';

type JsonObject = Record<string, unknown>;

let schema: CompiledSchema;
let payloads: fc.Arbitrary<JsonObject>;
beforeAll(async () => {
  schema = await compiled(ALL_FEATURES);
  payloads = jsonArbitrary(schema.schema, schema.root) as fc.Arbitrary<JsonObject>;
});

/** Payloads with some of their possible changes, none within another. */
const changed = () =>
  payloads.chain((json) => {
    const all = perturbationsOf(schema.schema, schema.root, json);
    return fc
      .shuffledSubarray(all, { minLength: 1, maxLength: Math.min(6, all.length) })
      .map((some) => ({ json, changes: apart(some) }));
  });

function apart(some: readonly Perturbation[]): Perturbation[] {
  const kept: Perturbation[] = [];
  for (const one of some) {
    if (!kept.some((other) => isWithin(one, other) || isWithin(other, one))) kept.push(one);
  }
  return kept;
}

function isWithin(inner: Perturbation, outer: Perturbation): boolean {
  return outer.location.every((step, index) => inner.location[index] === step);
}

function withChanges(json: JsonObject, changes: readonly Perturbation[]): JsonObject {
  const copy = structuredClone(json);
  for (const { apply } of changes) apply(copy);
  return copy;
}

const compare = (a: JsonObject, b: JsonObject) => {
  const { differences, leftOut } = compareTwo(tableReply(schema, a), tableReply(schema, b));
  expect(leftOut).toEqual([]);
  return differences;
};

/** Each path with how often it differs in each way. */
function counted(differences: readonly Pick<Difference, 'path' | 'kinds'>[]) {
  return Object.fromEntries(differences.map(({ path, kinds }) => [path, kinds]));
}

function expected(changes: readonly Perturbation[]) {
  const paths: Record<string, Partial<Record<DifferenceKind, number>>> = {};
  for (const { path, kind } of changes) {
    paths[path] ??= {};
    paths[path][kind] = (paths[path][kind] ?? 0) + 1;
  }
  return paths;
}

describe('any payload', () => {
  it('does not differ from itself', () => {
    fc.assert(
      fc.property(payloads, (json) => {
        expect(compare(json, json)).toEqual([]);
      }),
    );
  });

  it('differs from itself with changes at their paths, and nowhere else', () => {
    fc.assert(
      fc.property(changed(), ({ json, changes }) => {
        expect(counted(compare(json, withChanges(json, changes)))).toEqual(expected(changes));
      }),
      { numRuns: 500 },
    );
  });

  it('differs in the same way from either side: what one misses the other has more', () => {
    const mirror: Partial<Record<string, DifferenceKind>> = { missing: 'extra', extra: 'missing' };
    fc.assert(
      fc.property(changed(), ({ json, changes }) => {
        const there = compare(json, withChanges(json, changes));
        const back = compare(withChanges(json, changes), json);
        const turned = there.map(({ kinds, first, ...rest }) => ({
          ...rest,
          kinds: Object.fromEntries(
            Object.entries(kinds).map(([kind, count]) => [mirror[kind] ?? kind, count]),
          ),
          first: {
            kind: mirror[first.kind] ?? first.kind,
            ...{ at: first.at, primary: first.shadow, shadow: first.primary },
          },
        }));
        const byPath = (a: Difference, b: Difference) => (a.path < b.path ? -1 : 1);
        expect(back.toSorted(byPath)).toEqual(turned.toSorted(byPath));
      }),
    );
  });

  it('may drift within the tolerance of its floats', () => {
    const drift = (value: number, scalar: string) => value * (1 + (scalar === 'float' ? 5e-6 : 5e-10));
    let drifted = 0;
    fc.assert(
      fc.property(payloads, (json) => {
        const drifts = floatDrifts(schema.schema, schema.root, json, drift);
        drifted += drifts.length;
        expect(compare(json, withChanges(json, drifts))).toEqual([]);
      }),
    );
    expect(drifted).toBeGreaterThan(100);
  });

  it('can be compared with whatever its bytes become', () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 3,
    });
    let walked = 0;
    fc.assert(
      fc.property(payloads, flips, (json, flipped) => {
        const reply = tableReply(schema, json);
        const payload = reply.payload.slice();
        for (const [at, bits] of flipped) payload[at % payload.length]! ^= bits;
        const { differences, paths } = compareTwo(reply, { ...reply, payload });
        if (differences.every(({ kinds }) => kinds.type === undefined) && paths.includes('code')) walked++;
      }),
      { numRuns: 1_000 },
    );
    // Payloads that verify all the same.
    expect(walked).toBeGreaterThan(50);
  });
});
