import { type FieldPlan, planOf, type TranscodePlan } from '../contracts/json/transcode-plan.js';
import { elementOf } from '../contracts/reachable-types.js';
import type { Schema } from '../contracts/schema-model.js';

/** A field as the two schemas have it: at least one does. */
export interface FieldPair {
  readonly name: string;
  readonly primary: FieldPlan | undefined;
  readonly shadow: FieldPlan | undefined;
  /** Whether it differs where neither payload has it: by its default. */
  readonly differsAbsent: boolean;
}

/** Pairs of types that are remembered; schemas of many types can meet in more. */
const MAX_PAIRS = 4096;

/** Which fields of two schemas belong together: those of the same name, since it is by name that paths tell of them. */
export class FieldPairs {
  readonly #primary: TranscodePlan;
  readonly #shadow: TranscodePlan;
  readonly #pairs = new Map<number, readonly FieldPair[]>();

  constructor(primary: Schema, shadow: Schema) {
    this.#primary = planOf(primary);
    this.#shadow = planOf(shadow);
  }

  /** Of a table or struct of each. Without tags, which are compared with their unions, and without what is deprecated. */
  of(primary: number, shadow: number): readonly FieldPair[] {
    const key = primary * this.#shadow.schema.objects.length + shadow;
    let pairs = this.#pairs.get(key);
    if (pairs === undefined) {
      pairs = pairsOf(comparedFields(this.#primary, primary), comparedFields(this.#shadow, shadow));
      if (this.#pairs.size >= MAX_PAIRS) this.#pairs.clear();
      this.#pairs.set(key, pairs);
    }
    return pairs;
  }
}

const KNOWN = new WeakMap<Schema, WeakMap<Schema, FieldPairs>>();

export function fieldPairsOf(primary: Schema, shadow: Schema): FieldPairs {
  let known = KNOWN.get(primary);
  if (known === undefined) {
    known = new WeakMap();
    KNOWN.set(primary, known);
  }
  let pairs = known.get(shadow);
  if (pairs === undefined) {
    pairs = new FieldPairs(primary, shadow);
    known.set(shadow, pairs);
  }
  return pairs;
}

function comparedFields(plan: TranscodePlan, index: number): ReadonlyMap<string, FieldPlan> {
  const compared = plan
    .object(index)
    .fields.filter(({ field }) => !field.deprecated && elementOf(field.type).kind !== 'unionType');
  return new Map(compared.map((one) => [one.field.name, one]));
}

function pairsOf(
  primary: ReadonlyMap<string, FieldPlan>,
  shadow: ReadonlyMap<string, FieldPlan>,
): readonly FieldPair[] {
  return [...new Set([...primary.keys(), ...shadow.keys()])].map((name) => {
    const [a, b] = [primary.get(name), shadow.get(name)];
    return { name, primary: a, shadow: b, differsAbsent: differAbsent(a, b) };
  });
}

/** What readers see of a scalar that is absent: its default, or nothing. */
function differAbsent(a: FieldPlan | undefined, b: FieldPlan | undefined): boolean {
  const [typeA, typeB] = [a?.field.type, b?.field.type];
  if (typeA?.kind !== 'scalar' || typeB?.kind !== 'scalar' || typeA.scalar !== typeB.scalar) return false;
  const [optionalA, optionalB] = [a!.field.optional, b!.field.optional];
  return optionalA || optionalB ? optionalA !== optionalB : !Object.is(a!.default, b!.default);
}
