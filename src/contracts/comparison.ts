import { ModwireError } from '../errors.js';
import type { Findings } from './findings.js';
import type { Schema } from './schema-model.js';

/** Pairs of types that may be held against each other: renamed types can meet many others. */
const MAX_PAIRS = 262_144;

/** Two types that the same thing has before and after: indices in the objects, or in the enums, of their schemas. */
export interface TypePair {
  readonly before: number;
  readonly after: number;
}

/** Two schemas under comparison: what was found, and which types are still to be held against each other. */
export class Comparison {
  readonly before: Schema;
  readonly after: Schema;
  readonly findings: Findings;
  readonly #namesBefore: ReadonlySet<string>;
  readonly #namesAfter: ReadonlySet<string>;
  readonly #met = { objects: new Set<number>(), enums: new Set<number>() };
  readonly #queue: { readonly kind: 'objects' | 'enums'; readonly pair: TypePair }[] = [];
  #next = 0;

  constructor(before: Schema, after: Schema, findings: Findings) {
    this.before = before;
    this.after = after;
    this.findings = findings;
    this.#namesBefore = new Set(before.objects.map(({ name }) => name));
    this.#namesAfter = new Set(after.objects.map(({ name }) => name));
  }

  /** Has a pair of types compared, once. */
  meet(kind: 'objects' | 'enums', before: number, after: number): void {
    const met = this.#met[kind];
    const key = before * this.after[kind].length + after;
    if (met.has(key)) return;
    if (met.size >= MAX_PAIRS) {
      throw new ModwireError('RESOURCE_EXHAUSTED', {
        what: 'the schemas refer to their types in too many different ways',
        expected: `at most ${MAX_PAIRS} pairs of types`,
      });
    }
    met.add(key);
    this.#queue.push({ kind, pair: { before, after } });
  }

  /** A pair that is still to be compared. */
  next(): { readonly kind: 'objects' | 'enums'; readonly pair: TypePair } | undefined {
    return this.#queue[this.#next++];
  }

  /**
   * Whether these names mean two types, rather than one that was renamed: where one of the schemas has both, they
   * cannot be one.
   */
  areDifferent(nameBefore: string, nameAfter: string): boolean {
    return nameBefore !== nameAfter && (this.#namesAfter.has(nameBefore) || this.#namesBefore.has(nameAfter));
  }

  /** Tells of a type with another name. */
  rename(nameBefore: string, nameAfter: string): void {
    if (nameBefore === nameAfter) return;
    this.findings.add('type-renamed', nameAfter, `${nameBefore} is now ${nameAfter}`);
  }
}
