import { ByteStack } from '../contracts/json/byte-stack.js';
import type { JsonScanner } from '../contracts/json/json-scanner.js';
import type { Datatype } from '../tensors/datatype.js';
import { elementCount } from '../tensors/shape.js';
import { notUnderstood } from './not-understood.js';

const INTEGER = /^-?\d+$/;

/** What becomes an infinity when it is rounded to the datatype. */
const TOO_LARGE: Readonly<Partial<Record<Datatype, number>>> = {
  FP16: 65_520,
  BF16: 2 ** 128 - 2 ** 119,
  FP32: 2 ** 128 - 2 ** 103,
  FP64: Number.POSITIVE_INFINITY,
};

/** Values of a tensor, for `tensor()`: of BYTES the binary form. */
export type TensorData = Float64Array | BigInt64Array | BigUint64Array | Uint8Array;

/**
 * Reads the values of a tensor, which come next: in one list, row by row, or in lists of lists as the shape says. All that it
 * builds is off the heap and bounded by `jsonBytes`, the length of the JSON. Throws INVALID_ARGUMENT, with the place, for
 * lists of other lengths and for what is no value of the datatype.
 */
export function readTensorData(
  scanner: JsonScanner,
  datatype: Datatype,
  shape: readonly number[],
  where: string,
  jsonBytes: number,
): TensorData {
  return new TensorDataReader(scanner, datatype, shape, where).read(jsonBytes);
}

class TensorDataReader {
  readonly #scanner: JsonScanner;
  readonly #datatype: Datatype;
  readonly #shape: readonly number[];
  readonly #where: string;
  readonly #tooLarge: number | undefined;
  #numbers = new Float64Array(0);
  #wide: BigInt64Array | BigUint64Array | undefined;
  readonly #texts = new ByteStack();
  #count = 0;
  #isNested = false;

  constructor(scanner: JsonScanner, datatype: Datatype, shape: readonly number[], where: string) {
    this.#scanner = scanner;
    this.#datatype = datatype;
    this.#shape = shape;
    this.#where = where;
    this.#tooLarge = TOO_LARGE[datatype];
  }

  read(jsonBytes: number): TensorData {
    const scanner = this.#scanner;
    const datatype = this.#datatype;
    const expected = elementCount(this.#shape);
    // With more there cannot be as many in the JSON: they are only counted.
    const room = expected <= jsonBytes ? expected : 0;
    if (datatype === 'INT64') this.#wide = new BigInt64Array(room);
    else if (datatype === 'UINT64') this.#wide = new BigUint64Array(room);
    else if (datatype !== 'BYTES') this.#numbers = new Float64Array(room);
    if (scanner.kind() !== 'array') throw this.#unfit('a list of values', scanner.kind());
    const start = scanner.position;
    this.#isNested = scanner.firstElement() && scanner.kind() === 'array';
    scanner.seek(start);
    this.#list(0);
    if (this.#count !== expected) {
      const shape = `${expected} values, as the shape [${this.#shape}] says`;
      throw notUnderstood('not as many values as the shape has', shape, String(this.#count), this.#where);
    }
    if (datatype === 'BYTES') return this.#texts.bytes.slice(0, this.#texts.length);
    return this.#wide ?? this.#numbers;
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

  /** What is written beyond the end of an array is lost: it counts all the same. */
  #value(): void {
    const kind = this.#scanner.kind();
    const datatype = this.#datatype;
    if (datatype === 'BYTES') this.#text(kind);
    else if (this.#wide !== undefined) this.#wide[this.#count] = this.#wideInteger(kind);
    else if (this.#tooLarge !== undefined) this.#numbers[this.#count] = this.#real(kind, this.#tooLarge);
    // Whether it is whole and in range, whoever makes a tensor of it asks.
    else if (kind === 'number') this.#numbers[this.#count] = Number(this.#scanner.number());
    else if (kind === 'boolean' && datatype === 'BOOL') {
      this.#numbers[this.#count] = Number(this.#scanner.boolean());
    } else throw this.#unfit(datatype === 'BOOL' ? 'true or false' : 'a whole number', kind);
    this.#count++;
  }

  #text(kind: string): void {
    const scanner = this.#scanner;
    if (kind !== 'string') throw this.#unfit('a string', kind);
    scanner.string();
    const { text, textStart, textEnd } = scanner;
    this.#texts.pushUint32(textEnd - textStart);
    const at = this.#texts.push(textEnd - textStart);
    this.#texts.bytes.set(text.subarray(textStart, textEnd), at);
  }

  #real(kind: string, tooLarge: number): number {
    if (kind !== 'number') throw this.#unfit('a number', kind);
    const text = this.#scanner.number();
    const value = Number(text);
    if (Math.abs(value) < tooLarge) return value;
    throw this.#unfit(`a number that fits ${this.#datatype}`, text);
  }

  /** Exact, whatever its length. */
  #wideInteger(kind: string): bigint {
    if (kind !== 'number') throw this.#unfit('a whole number', kind);
    const text = this.#scanner.number();
    const value = Number(text);
    const isWhole = INTEGER.test(text) || Number.isSafeInteger(value);
    const exact = isWhole ? BigInt(INTEGER.test(text) ? text : value) : 0n;
    const fit = this.#datatype === 'INT64' ? BigInt.asIntN(64, exact) : BigInt.asUintN(64, exact);
    if (isWhole && fit === exact) return exact;
    throw this.#unfit(`a whole number that fits ${this.#datatype}`, text);
  }

  #unfit(expected: string, got: string): Error {
    return notUnderstood(
      ...([
        `not a value of ${this.#datatype}`,
        expected,
        got,
        `${this.#where}, value ${this.#count}`,
      ] as const),
    );
  }
}
