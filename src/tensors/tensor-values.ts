import { float32ToBfloat16, float32ToFloat16 } from '#half-float';
import { joinElements } from './byte-elements.js';
import type { Datatype, ElementArray, ElementFormat, TensorArrays, WholeRange } from './datatype.js';
import { contentsOf } from './element-memory.js';
import { invalidArgument } from './invalid-argument.js';

/**
 * What a tensor can be made of. An array of the datatype's own kind is taken as it is, without a copy: of FP16 and BF16 its
 * bits, of BYTES the binary form. Anything else is copied, and each value has to fit.
 */
export type TensorValues<D extends Datatype> = TensorArrays[D] | ListedValues[D];

interface ListedValues {
  readonly BOOL: ArrayLike<boolean | number>;
  readonly UINT8: ArrayLike<number>;
  readonly UINT16: ArrayLike<number>;
  readonly UINT32: ArrayLike<number>;
  readonly UINT64: ArrayLike<bigint | number>;
  readonly INT8: ArrayLike<number>;
  readonly INT16: ArrayLike<number>;
  readonly INT32: ArrayLike<number>;
  readonly INT64: ArrayLike<bigint | number>;
  readonly FP16: ArrayLike<number>;
  readonly FP32: ArrayLike<number>;
  readonly FP64: ArrayLike<number>;
  readonly BF16: ArrayLike<number>;
  readonly BYTES: ArrayLike<string | Uint8Array>;
}

type Values = ArrayLike<unknown>;

/** Values as contents of a tensor. Throws INVALID_ARGUMENT, with the place, for a value that does not fit. */
export function contentsFrom(format: ElementFormat, values: Values): Uint8Array {
  if (values instanceof format.arrayType) return contentsOf(values as ElementArray);
  if (typeof values !== 'object' || values === null || !Number.isSafeInteger(values.length)) {
    throw invalidArgument(
      'the values of a tensor are no array',
      `an array: ${format.arrayType.name} or any other`,
      typeof values,
    );
  }
  const { datatype, range } = format;
  if (datatype === 'BYTES') return joinElements(values as ArrayLike<string | Uint8Array>);
  if (datatype === 'FP16' || datatype === 'BF16') return contentsOf(halvesOf(datatype, values));
  const elements = new format.arrayType(values.length);
  if (range === undefined) fillReal(elements as Float32Array | Float64Array, values);
  else fillWhole(elements, values, range);
  return contentsOf(elements);
}

function halvesOf(datatype: 'FP16' | 'BF16', values: Values): Uint16Array {
  const halves = new Uint16Array(values.length);
  let wide: Float32Array;
  if (values instanceof Float32Array) wide = values;
  else {
    wide = new Float32Array(values.length);
    fillReal(wide, values);
  }
  if (datatype === 'FP16') float32ToFloat16(wide, halves);
  else float32ToBfloat16(wide, halves);
  return halves;
}

function fillReal(elements: Float32Array | Float64Array, values: Values): void {
  for (let index = 0; index < elements.length; index++) {
    const value = values[index];
    if (typeof value !== 'number') throw unfit(value, 'a number', index);
    elements[index] = value;
  }
}

function fillWhole(elements: ElementArray, values: Values, [least, most]: WholeRange): void {
  const isWide = typeof least === 'bigint';
  for (let index = 0; index < elements.length; index++) {
    let value = values[index];
    // Of a BOOL, whose range is that of a bit.
    if (typeof value === 'boolean' && most === 1) value = Number(value);
    const isWhole = Number.isSafeInteger(value) || (isWide && typeof value === 'bigint');
    if (!isWhole || (value as number) < least || (value as number) > most) {
      throw unfit(value, `a whole number from ${least} to ${most}`, index);
    }
    elements[index] = isWide ? BigInt(value as number) : (value as number);
  }
}

function unfit(value: unknown, expected: string, index: number): Error {
  const got = typeof value === 'symbol' || typeof value === 'object' ? typeof value : String(value);
  return invalidArgument(
    'a value does not fit the datatype of its tensor',
    expected,
    got,
    `values[${index}]`,
  );
}
