import type { JsonScanner } from '../contracts/json/json-scanner.js';
import type { Datatype } from '../tensors/datatype.js';
import { elementCount } from '../tensors/shape.js';
import { notUnderstood } from './not-understood.js';

const INTEGER = /^-?\d+$/;
/** Integers of so many characters are exact as numbers. */
const EXACT_CHARACTERS = 15;

/** What becomes an infinity when it is rounded to the datatype. */
const TOO_LARGE: Readonly<Partial<Record<Datatype, number>>> = {
  FP16: 65_520,
  BF16: 2 ** 128 - 2 ** 119,
  FP32: 2 ** 128 - 2 ** 103,
  FP64: Number.POSITIVE_INFINITY,
};

/** Values of a tensor as JSON has them, for `tensor()`. */
export type TensorData = Float64Array | (number | bigint | boolean | string)[];

/**
 * Reads the values of a tensor, which come next: in one list, row by row, or in lists of lists as the shape says. Throws
 * INVALID_ARGUMENT, with the place, for lists of other lengths and for what is no value of the datatype.
 */
export function readTensorData(
  scanner: JsonScanner,
  datatype: Datatype,
  shape: readonly number[],
  where: string,
): TensorData {
  return new TensorDataReader(scanner, datatype, shape, where).read();
}

class TensorDataReader {
  readonly #scanner: JsonScanner;
  readonly #datatype: Datatype;
  readonly #shape: readonly number[];
  readonly #where: string;
  readonly #bound: number | undefined;
  readonly #values: number[] = [];
  readonly #others: (number | bigint | boolean | string)[] = [];
  #isNested = false;

  constructor(scanner: JsonScanner, datatype: Datatype, shape: readonly number[], where: string) {
    this.#scanner = scanner;
    this.#datatype = datatype;
    this.#shape = shape;
    this.#where = where;
    this.#bound = TOO_LARGE[datatype];
  }

  read(): TensorData {
    const scanner = this.#scanner;
    if (scanner.kind() !== 'array') throw this.#unfit('a list of values', scanner.kind());
    const start = scanner.position;
    this.#isNested = scanner.firstElement() && scanner.kind() === 'array';
    scanner.seek(start);
    this.#list(0);
    const count = this.#values.length + this.#others.length;
    const expected = elementCount(this.#shape);
    if (count !== expected) {
      const shape = `${expected} values, as the shape [${this.#shape}] says`;
      throw notUnderstood('not as many values as the shape has', shape, String(count), this.#where);
    }
    return this.#bound === undefined ? this.#others : Float64Array.from(this.#values);
  }

  #list(level: number): void {
    const scanner = this.#scanner;
    const shape = this.#shape;
    const hasLists = this.#isNested && level + 1 < shape.length;
    let length = 0;
    for (let more = scanner.firstElement(); more; more = scanner.nextElement()) {
      length++;
      if (!hasLists) this.#value();
      else if (scanner.kind() === 'array') this.#list(level + 1);
      else throw this.#unfit(`a list, as the shape [${shape}] says`, scanner.kind());
    }
    if (this.#isNested && length !== shape[level]) {
      throw this.#unfit(`lists of ${shape[level]} in dimension ${level} of [${shape}]`, `one of ${length}`);
    }
  }

  #value(): void {
    const scanner = this.#scanner;
    const kind = scanner.kind();
    const datatype = this.#datatype;
    if (this.#bound !== undefined) {
      if (kind !== 'number') throw this.#unfit('a number', kind);
      const text = scanner.number();
      const value = Number(text);
      if (Math.abs(value) >= this.#bound) throw this.#unfit(`a number that fits ${datatype}`, text);
      this.#values.push(value);
    } else if (datatype === 'BYTES') {
      if (kind !== 'string') throw this.#unfit('a string', kind);
      this.#others.push(scanner.stringText());
    } else if (kind === 'number') this.#others.push(wholeNumber(scanner.number()));
    else if (kind === 'boolean' && datatype === 'BOOL') this.#others.push(scanner.boolean());
    else throw this.#unfit(datatype === 'BOOL' ? 'true or false' : 'a whole number', kind);
  }

  #unfit(expected: string, got: string): Error {
    const place = this.#values.length + this.#others.length;
    return notUnderstood(`not a value of ${this.#datatype}`, expected, got, `${this.#where}, value ${place}`);
  }
}

/** Exact, whatever its length; a number that is not whole stays as it is. */
function wholeNumber(text: string): number | bigint {
  return text.length > EXACT_CHARACTERS && INTEGER.test(text) ? BigInt(text) : Number(text);
}
