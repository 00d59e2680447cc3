import { MIRRORING_LIMITS } from './mirroring-limits.js';
import type { PathTally } from './path-tally.js';
import type { ReplyTally } from './reply-tally.js';
import { ABSENT, countedElements, shownText } from './shown-value.js';
import { isSame, type Tolerance } from './tolerance.js';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** Compares two JSON documents: members by name, elements by their place. */
export class JsonComparison {
  readonly #tally: ReplyTally;
  readonly #tolerance: Tolerance;

  constructor(tally: ReplyTally, tolerance: Tolerance) {
    this.#tally = tally;
    this.#tolerance = tolerance;
  }

  documents(primary: JsonValue, shadow: JsonValue): void {
    this.#compare(this.#tally.root, primary, shadow, 0);
  }

  /** Whether one more value may be compared; if so, it is. */
  #values(at: PathTally, a: JsonValue, b: JsonValue, depth: number): boolean {
    const counts = this.#counts(at);
    if (counts) this.#compare(at, a, b, depth);
    return counts;
  }

  /** `depth`: objects and arrays around the values. */
  #compare(at: PathTally, a: JsonValue, b: JsonValue, depth: number): void {
    const tally = this.#tally;
    if (typeName(a) !== typeName(b)) tally.differs(at, 'type', () => [valueText(a), valueText(b)]);
    else if (typeof a !== 'object' || a === null) this.#scalars(at, a, b);
    else if (depth === MIRRORING_LIMITS.maxDepth) tally.leave('depth');
    else if (isArray(a)) this.#arrays(at, a, b as readonly JsonValue[], depth);
    else this.#objects(at, a, b as JsonObject, depth);
  }

  #objects(at: PathTally, a: JsonObject, b: JsonObject, depth: number): void {
    for (const [name, value] of Object.entries(a)) {
      const member = this.#tally.member(at, name);
      const isTaken = Object.hasOwn(b, name)
        ? this.#values(member, value, b[name]!, depth + 1)
        : this.#oneSided(member, value, undefined);
      if (!isTaken) return;
    }
    for (const [name, value] of Object.entries(b)) {
      if (Object.hasOwn(a, name)) continue;
      if (!this.#oneSided(this.#tally.member(at, name), undefined, value)) return;
    }
  }

  #oneSided(at: PathTally, a: JsonValue | undefined, b: JsonValue | undefined): boolean {
    const counts = this.#counts(at);
    const kind = a === undefined ? 'extra' : 'missing';
    const text = (value: JsonValue | undefined) => (value === undefined ? ABSENT : valueText(value));
    if (counts) this.#tally.differs(at, kind, () => [text(a), text(b)]);
    return counts;
  }

  /** Whether one more value may be compared: it is taken to be. */
  #counts(at: PathTally): boolean {
    if (this.#tally.take(1) === 0) return false;
    this.#tally.compared(at);
    return true;
  }

  #arrays(at: PathTally, a: readonly JsonValue[], b: readonly JsonValue[], depth: number): void {
    const tally = this.#tally;
    if (a.length !== b.length) tally.differs(at, 'length', () => [valueText(a), valueText(b)]);
    const count = Math.min(a.length, b.length);
    if (count === 0) return;
    const each = tally.element(at);
    let isTaken = true;
    for (let index = 0; index < count && isTaken; index++) {
      tally.indices.push(index);
      isTaken = this.#values(each, a[index]!, b[index]!, depth + 1);
      tally.indices.pop();
    }
  }

  #scalars(at: PathTally, a: JsonValue, b: JsonValue): void {
    if (a === b) return;
    if (typeof a === 'number' && typeof b === 'number') {
      // Numbers, or ids and counts: JSON does not say.
      const areWhole = Number.isInteger(a) && Number.isInteger(b);
      if (!areWhole && isSame(a, b, this.#tolerance)) return;
      at.measure(a, b);
    }
    const place = typeof a === 'string' && typeof b === 'string' ? firstOther(a, b) : 0;
    this.#tally.differs(at, 'value', () => [valueText(a, place), valueText(b, place)]);
  }
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function typeName(value: JsonValue): string {
  if (value === null) return 'null';
  return isArray(value) ? 'array' : typeof value;
}

/** Never long; of a text around character `differsAt`. */
function valueText(value: JsonValue, differsAt = 0): string {
  if (typeof value === 'string') return shownText(value, differsAt);
  if (typeof value !== 'object' || value === null) return String(value);
  return isArray(value) ? countedElements(value.length) : 'an object';
}

function firstOther(a: string, b: string): number {
  const common = Math.min(a.length, b.length);
  let at = 0;
  while (at < common && a[at] === b[at]) at++;
  return at;
}
