import type { InferResponse } from '../tensors/infer-response.js';
import type { InferParameters, ParameterValue } from '../tensors/parameters.js';
import type { AnyTensor } from '../tensors/tensor.js';
import type { PathTally } from './path-tally.js';
import type { ReplyTally } from './reply-tally.js';
import { ABSENT, firstDifference, shownBytes, shownText } from './shown-value.js';
import { isSame, type Tolerance, type Tolerances } from './tolerance.js';

/** Elements that are read by their place: numbers, of 64 bits as bigints. */
type NumberArray = ArrayLike<number> | ArrayLike<bigint>;

/**
 * Compares what two models answered: outputs by name, and parameters. Who answered and to which request is not compared:
 * model, version, id.
 */
export class TensorComparison {
  readonly #tally: ReplyTally;
  readonly #tolerances: Tolerances;

  constructor(tally: ReplyTally, tolerances: Tolerances) {
    this.#tally = tally;
    this.#tolerances = tolerances;
  }

  responses(primary: InferResponse, shadow: InferResponse): void {
    const { root } = this.#tally;
    const others = new Map(shadow.outputs.map((output) => [output.name, output]));
    for (const output of primary.outputs) {
      this.#outputs(output.name, output, others.get(output.name));
      others.delete(output.name);
    }
    for (const [name, output] of others) this.#outputs(name, undefined, output);
    this.#parameters(root, primary.parameters, shadow.parameters);
  }

  #outputs(name: string, a: AnyTensor | undefined, b: AnyTensor | undefined): void {
    const tally = this.#tally;
    if (tally.take(1) === 0) return;
    const at = tally.member(tally.member(tally.root, 'outputs'), name);
    if (a !== undefined && b !== undefined && a.datatype === b.datatype && haveSameShape(a, b)) {
      this.#contents(at, a, b);
    } else {
      tally.compared(at);
      const kind =
        a === undefined
          ? 'extra'
          : b === undefined
            ? 'missing'
            : a.datatype === b.datatype
              ? 'length'
              : 'type';
      tally.differs(at, kind, () => [tensorText(a), tensorText(b)]);
    }
    if (a !== undefined && b !== undefined) this.#parameters(at, a.parameters, b.parameters);
  }

  #contents(at: PathTally, a: AnyTensor, b: AnyTensor): void {
    const taken = this.#tally.take(a.size);
    // One without elements is compared all the same.
    this.#tally.compared(at, a.size === 0 ? 1 : taken);
    if (taken === 0) return;
    if (a.datatype === 'BYTES') this.#texts(at, a, b, taken);
    else if (a.datatype === 'BOOL') this.#booleans(at, a.contents, b.contents, taken);
    else {
      const tolerance = toleranceOf(a, this.#tolerances);
      if (tolerance === undefined) this.#integers(at, a.data, b.data as NumberArray, taken);
      else this.#floats(at, floatsOf(a), floatsOf(b), taken, tolerance);
    }
  }

  #floats(
    at: PathTally,
    a: ArrayLike<number>,
    b: ArrayLike<number>,
    count: number,
    tolerance: Tolerance,
  ): void {
    for (let index = 0; index < count; index++) {
      if (!isSame(a[index]!, b[index]!, tolerance)) this.#numbers(at, index, a[index]!, b[index]!);
    }
  }

  #integers(at: PathTally, a: NumberArray, b: NumberArray, count: number): void {
    for (let index = 0; index < count; index++) {
      if (a[index] !== b[index]) this.#numbers(at, index, a[index]!, b[index]!);
    }
  }

  #numbers(at: PathTally, index: number, a: number | bigint, b: number | bigint): void {
    this.#differs(at, index, () => [String(a), String(b)]);
    at.measure(a, b);
  }

  #booleans(at: PathTally, a: Uint8Array, b: Uint8Array, count: number): void {
    for (let index = 0; index < count; index++) {
      // Any byte but 0 is true.
      if ((a[index] === 0) !== (b[index] === 0)) {
        this.#differs(at, index, () => [String(a[index] !== 0), String(b[index] !== 0)]);
      }
    }
  }

  #texts(at: PathTally, a: AnyTensor, b: AnyTensor, count: number): void {
    const others = b.elements();
    let index = 0;
    for (const one of a.elements()) {
      if (index === count) return;
      const other: Uint8Array = others.next().value!;
      const most = this.#tally.takeBytes(Math.max(one.length, other.length));
      const place = firstDifference(one, other, most);
      if (place >= 0) {
        this.#differs(at, index, () => [shownBytes(one, place), shownBytes(other, place)]);
      }
      index++;
    }
  }

  #parameters(parent: PathTally, a: InferParameters, b: InferParameters): void {
    const tally = this.#tally;
    for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
      if (tally.take(1) === 0) return;
      const at = tally.member(tally.member(parent, 'parameters'), name);
      const [left, right] = [a[name], b[name]];
      tally.compared(at);
      if (left === undefined) tally.differs(at, 'extra', () => [ABSENT, parameterText(right!)]);
      else if (right === undefined) tally.differs(at, 'missing', () => [parameterText(left), ABSENT]);
      else if (!this.#areSame(left, right)) {
        const kind = typeName(left) === typeName(right) ? 'value' : 'type';
        tally.differs(at, kind, () => [parameterText(left), parameterText(right)]);
        if (typeof left === 'number' && typeof right === 'number') at.measure(left, right);
      }
    }
  }

  #areSame(a: ParameterValue, b: ParameterValue): boolean {
    if (typeof a !== 'number' || typeof b !== 'number') return a === b;
    const areWhole = Number.isInteger(a) && Number.isInteger(b);
    return areWhole ? a === b : isSame(a, b, this.#tolerances.FP64);
  }

  #differs(at: PathTally, index: number, shownValues: () => readonly [string, string]): void {
    this.#tally.indices.push(index);
    this.#tally.differs(at, 'value', shownValues);
    this.#tally.indices.pop();
  }
}

function toleranceOf({ datatype }: AnyTensor, tolerances: Tolerances): Tolerance | undefined {
  const isFloat = datatype === 'FP16' || datatype === 'BF16' || datatype === 'FP32' || datatype === 'FP64';
  return isFloat ? tolerances[datatype] : undefined;
}

function floatsOf(one: AnyTensor): ArrayLike<number> {
  return one.datatype === 'FP64' ? one.data : one.toFloat32();
}

function haveSameShape(a: AnyTensor, b: AnyTensor): boolean {
  return (
    a.shape.length === b.shape.length && a.shape.every((dimension, index) => dimension === b.shape[index])
  );
}

function tensorText(one: AnyTensor | undefined): string {
  return one === undefined ? ABSENT : `${one.datatype} [${one.shape.join(', ')}]`;
}

/** Whole numbers are of one type, whatever their size. */
function typeName(value: ParameterValue): string {
  return typeof value === 'bigint' ? 'number' : typeof value;
}

function parameterText(value: ParameterValue): string {
  return typeof value === 'string' ? shownText(value, 0) : String(value);
}
