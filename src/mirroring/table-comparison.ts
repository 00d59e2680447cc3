import type { FieldPlan } from '../contracts/json/transcode-plan.js';
import type { VerifiedPayload } from '../contracts/json/verified-payload.js';
import type { ElementType } from '../contracts/schema-model.js';
import { type FieldPairs, fieldPairsOf } from './field-pairs.js';
import type { PathTally } from './path-tally.js';
import {
  fieldValue,
  type PayloadElements,
  type PayloadValue,
  typeText,
  valueAt,
  valueText,
} from './payload-value.js';
import type { ReplyTally } from './reply-tally.js';
import { ScalarComparison } from './scalar-comparison.js';
import { ABSENT, firstDifference } from './shown-value.js';
import type { Tolerances } from './tolerance.js';

type Of<Kind> = PayloadValue & { readonly kind: Kind };

/** As many fields of a type as are the work of one value where they are absent. */
const FIELDS_PER_VALUE = 16;

/** Walks through two verified payloads at once and compares what they hold. The schemas may be versions of one another. */
export class TableComparison {
  readonly #primary: VerifiedPayload;
  readonly #shadow: VerifiedPayload;
  readonly #tally: ReplyTally;
  readonly #scalars: ScalarComparison;
  readonly #pairs: FieldPairs;

  constructor(primary: VerifiedPayload, shadow: VerifiedPayload, tally: ReplyTally, tolerances: Tolerances) {
    this.#primary = primary;
    this.#shadow = shadow;
    this.#tally = tally;
    this.#scalars = new ScalarComparison(primary, shadow, tally, tolerances);
    this.#pairs = fieldPairsOf(primary.plan.schema, shadow.plan.schema);
  }

  /** The payloads as wholes; `rootA` and `rootB` are the types of their tables. */
  payloads(at: PathTally, rootA: number, rootB: number): void {
    this.#tables(at, this.#primary.rootTable(0), rootA, this.#shadow.rootTable(0), rootB);
  }

  #tables(at: PathTally, a: number, typeA: number, b: number, typeB: number): void {
    const pairs = this.#pairs.of(typeA, typeB);
    this.#tally.take(Math.ceil(pairs.length / FIELDS_PER_VALUE));
    for (const { name, primary, shadow, differsAbsent } of pairs) {
      if (!differsAbsent && isAbsent(this.#primary, a, primary) && isAbsent(this.#shadow, b, shadow))
        continue;
      if (this.#tally.take(1) === 0) return;
      const left = primary && fieldValue(this.#primary, a, typeA, primary);
      const right = shadow && fieldValue(this.#shadow, b, typeB, shadow);
      this.#values(this.#tally.member(at, name), left, right);
    }
  }

  #structs(at: PathTally, a: number, typeA: number, b: number, typeB: number): void {
    for (const { name, primary, shadow } of this.#pairs.of(typeA, typeB)) {
      if (this.#tally.take(1) === 0) return;
      const left = primary && valueAt(this.#primary, primary.field.type, a + primary.field.offset, 0);
      const right = shadow && valueAt(this.#shadow, shadow.field.type, b + shadow.field.offset, 0);
      this.#values(this.#tally.member(at, name), left, right);
    }
  }

  #values(at: PathTally, a: PayloadValue | undefined, b: PayloadValue | undefined): void {
    if (a === undefined || b === undefined) this.#oneSided(at, a, b);
    else if (a.kind === 'scalar' && b.kind === 'scalar' && a.type.scalar === b.type.scalar) {
      this.#tally.compared(at);
      this.#scalars.pair(at, a.type, a.value, b.type, b.value);
    } else if (a.kind === 'string' && b.kind === 'string') this.#strings(at, a, b);
    else if (a.kind === 'elements' && b.kind === 'elements' && areAlike(a.type, b.type))
      this.#elements(at, a, b);
    else if (a.kind === 'union' && b.kind === 'union') this.#unions(at, a, b);
    else {
      this.#tally.compared(at);
      if (a.kind === 'table' && b.kind === 'table') this.#tables(at, a.at, a.object, b.at, b.object);
      else if (a.kind === 'struct' && b.kind === 'struct') this.#structs(at, a.at, a.object, b.at, b.object);
      else this.#tally.differs(at, 'type', () => [typeText(this.#primary, a), typeText(this.#shadow, b)]);
    }
  }

  /** A vector that is absent has no elements: writers differ in whether they leave out an empty one. */
  #oneSided(at: PathTally, a: PayloadValue | undefined, b: PayloadValue | undefined): void {
    if (a === undefined && b === undefined) return;
    this.#tally.compared(at);
    const one = (a ?? b)!;
    if (one.kind === 'elements' && one.count === 0) return;
    const kind = one.kind === 'elements' ? 'length' : a === undefined ? 'extra' : 'missing';
    const text = (payload: VerifiedPayload, value: PayloadValue | undefined) =>
      value === undefined ? ABSENT : valueText(payload, value);
    this.#tally.differs(at, kind, () => [text(this.#primary, a), text(this.#shadow, b)]);
  }

  #strings(at: PathTally, a: Of<'string'>, b: Of<'string'>): void {
    const tally = this.#tally;
    tally.compared(at);
    const bytesA = this.#primary.memory.u8.subarray(a.start, a.end);
    const bytesB = this.#shadow.memory.u8.subarray(b.start, b.end);
    const taken = tally.takeBytes(Math.max(bytesA.length, bytesB.length));
    const place = firstDifference(bytesA, bytesB, taken);
    if (place < 0) return;
    tally.differs(at, 'value', () => [valueText(this.#primary, a, place), valueText(this.#shadow, b, place)]);
  }

  #elements(at: PathTally, a: PayloadElements, b: PayloadElements): void {
    const tally = this.#tally;
    tally.compared(at);
    if (a.count !== b.count) {
      tally.differs(at, 'length', () => [valueText(this.#primary, a), valueText(this.#shadow, b)]);
    }
    const count = Math.min(a.count, b.count);
    if (count === 0) return;
    const each = tally.element(at);
    if (a.type.kind === 'scalar') {
      this.#scalars.elements(each, a, b, count);
      return;
    }
    const [bytesA, bytesB] = [this.#primary.inlineBytes(a.type), this.#shadow.inlineBytes(b.type)];
    for (let index = 0; index < count; index++) {
      if (tally.take(1) === 0) return;
      tally.indices.push(index);
      const left = valueAt(this.#primary, a.type, a.first + index * bytesA, a.tags + index);
      const right = valueAt(this.#shadow, b.type, b.first + index * bytesB, b.tags + index);
      this.#values(each, left, right);
      tally.indices.pop();
    }
  }

  #unions(at: PathTally, a: Of<'union'>, b: Of<'union'>): void {
    if (a.tag !== b.tag) {
      this.#tally.compared(at);
      this.#tally.differs(at, 'type', () => [a.name, b.name]);
    } else if (a.member === undefined || b.member === undefined) this.#tally.leave('member');
    else this.#values(at, a.member, b.member);
  }
}

function isAbsent(payload: VerifiedPayload, table: number, plan: FieldPlan | undefined): boolean {
  return plan === undefined || payload.fieldAt(table, plan.field.offset) === 0;
}

/** Whether elements of two types can be held against each other; what is in tables and unions shows there. */
function areAlike(a: ElementType, b: ElementType): boolean {
  return a.kind === b.kind && (a.kind !== 'scalar' || b.kind !== 'scalar' || a.scalar === b.scalar);
}
