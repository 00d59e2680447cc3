import { scalarAt } from '../contracts/json/scalar-to-json.js';
import type { ScalarValue } from '../contracts/json/transcode-plan.js';
import type { VerifiedPayload } from '../contracts/json/verified-payload.js';
import { SCALAR_BYTES, type ScalarName } from '../contracts/schema-model.js';
import type { PathTally } from './path-tally.js';
import { type PayloadElements, type ScalarType, scalarText } from './payload-value.js';
import type { ReplyTally } from './reply-tally.js';
import { isSame, type Tolerance, type Tolerances } from './tolerance.js';

/** Compares scalars of two payloads. Both are of the same type, but their enums may be those of different schemas. */
export class ScalarComparison {
  readonly #primary: VerifiedPayload;
  readonly #shadow: VerifiedPayload;
  readonly #tally: ReplyTally;
  readonly #tolerances: Tolerances;

  constructor(primary: VerifiedPayload, shadow: VerifiedPayload, tally: ReplyTally, tolerances: Tolerances) {
    this.#primary = primary;
    this.#shadow = shadow;
    this.#tally = tally;
    this.#tolerances = tolerances;
  }

  /** Two values that are counted as compared. */
  pair(at: PathTally, typeA: ScalarType, a: ScalarValue, typeB: ScalarType, b: ScalarValue): void {
    const { scalar } = typeA;
    if (this.#areSame(scalar, a, b)) return;
    this.#tally.differs(at, 'value', () => [
      scalarText(this.#primary, typeA, a),
      scalarText(this.#shadow, typeB, b),
    ]);
    if (scalar !== 'bool' && typeA.enum === undefined) at.measure(a, b);
  }

  /** The first `count` elements of both, as far as they may be compared. */
  elements(at: PathTally, a: PayloadElements, b: PayloadElements, count: number): void {
    const [typeA, typeB] = [a.type as ScalarType, b.type as ScalarType];
    const tally = this.#tally;
    const { u8: bytesA, data: dataA } = this.#primary.memory;
    const { u8: bytesB, data: dataB } = this.#shadow.memory;
    const { scalar } = typeA;
    const width = SCALAR_BYTES[scalar];
    const taken = tally.take(count);
    if (taken > 0) tally.compared(at, taken);
    for (let index = 0; index < taken; index++) {
      const atA = a.first + index * width;
      const atB = b.first + index * width;
      // The same bytes are the same value, of a NaN too; and most are.
      let byte = 0;
      while (byte < width && bytesA[atA + byte] === bytesB[atB + byte]) byte++;
      if (byte === width) continue;
      tally.indices.push(index);
      this.pair(at, typeA, scalarAt(dataA, atA, scalar), typeB, scalarAt(dataB, atB, scalar));
      tally.indices.pop();
    }
  }

  #areSame(scalar: ScalarName, a: ScalarValue, b: ScalarValue): boolean {
    const tolerance = this.#toleranceOf(scalar);
    if (tolerance !== undefined) return isSame(a as number, b as number, tolerance);
    // Any byte but 0 is true.
    return scalar === 'bool' ? (a === 0) === (b === 0) : a === b;
  }

  #toleranceOf(scalar: ScalarName): Tolerance | undefined {
    if (scalar === 'float') return this.#tolerances.FP32;
    return scalar === 'double' ? this.#tolerances.FP64 : undefined;
  }
}
