import { bfloat16ToFloat32, float16ToFloat32 } from '#half-float';
import { decodeUtf8, isUtf8 } from '../codec/utf8.js';
import { ModwireError } from '../errors.js';
import { splitElements } from './byte-elements.js';
import { type Datatype, formatOf, type TensorArrays } from './datatype.js';
import { elementsOf } from './element-memory.js';
import { invalidArgument } from './invalid-argument.js';
import { checkParameters, type InferParameters, NO_PARAMETERS } from './parameters.js';
import { contentsProblem, elementCount, shapeProblem } from './shape.js';
import { contentsFrom, type TensorValues } from './tensor-values.js';

export interface TensorOptions {
  /** As the model calls it. Tensors of a request or response have one, each its own. */
  readonly name?: string;
  readonly parameters?: InferParameters;
}

/** A tensor of any datatype. Comparing its `datatype` says of what type `data` is. */
export type AnyTensor = { [D in Datatype]: Tensor<D> }[Datatype];

/** Elements of one datatype in rows of rows. Nothing is copied: it borrows the memory of what it was made of. */
export class Tensor<D extends Datatype = Datatype> {
  readonly name: string;
  readonly datatype: D;
  /** From the outermost dimension to the innermost; of a single value it is empty. */
  readonly shape: readonly number[];
  readonly parameters: InferParameters;
  /** The elements as they travel: row by row, little-endian; of BYTES in the binary form. */
  readonly contents: Uint8Array;
  #data: TensorArrays[D] | undefined;

  /** Whoever calls it has verified what it is given. @internal */
  constructor(
    name: string,
    datatype: D,
    shape: readonly number[],
    contents: Uint8Array,
    parameters: InferParameters,
  ) {
    this.name = name;
    this.datatype = datatype;
    this.shape = shape;
    this.contents = contents;
    this.parameters = parameters;
  }

  /** Number of elements. */
  get size(): number {
    return elementCount(this.shape);
  }

  /**
   * The elements, row by row: a view of `contents` where their place in memory allows one, else a copy, made once. Of FP16
   * and BF16 the bits; of BYTES the binary form.
   */
  get data(): TensorArrays[D] {
    this.#data ??= elementsOf(this.contents, formatOf(this.datatype)) as TensorArrays[D];
    return this.#data;
  }

  /** FP16, BF16 and FP32 as FP32; a view for FP32, as `data`. Throws INVALID_ARGUMENT for other datatypes. */
  toFloat32(): Float32Array {
    const { datatype } = this;
    if (datatype === 'FP32') return this.data as Float32Array;
    if (datatype !== 'FP16' && datatype !== 'BF16') throw notOf('FP16, BF16 or FP32', this);
    const halves = this.data as Uint16Array;
    const wide = new Float32Array(halves.length);
    if (datatype === 'FP16') float16ToFloat32(halves, wide);
    else bfloat16ToFloat32(halves, wide);
    return wide;
  }

  /** Elements of BYTES, one by one: views. Throws INVALID_ARGUMENT for other datatypes. */
  elements(): Generator<Uint8Array, void, undefined> {
    if (this.datatype !== 'BYTES') throw notOf('BYTES', this);
    return splitElements(this.contents);
  }

  /** Elements of BYTES as texts. Throws INVALID_ARGUMENT for other datatypes, and when one is not UTF-8. */
  strings(): string[] {
    const texts: string[] = [];
    for (const element of this.elements()) {
      if (!isUtf8(element, 0, element.length)) {
        throw new ModwireError('INVALID_ARGUMENT', {
          what: 'an element is no text',
          expected: 'UTF-8',
          where: placeOf(this, `[${texts.length}]`),
        });
      }
      texts.push(decodeUtf8(element, 0, element.length));
    }
    return texts;
  }
}

/**
 * A tensor of values in rows of rows. Throws INVALID_ARGUMENT when shape and values do not fit one another or the datatype;
 * see TensorValues for what is copied.
 */
export function tensor<D extends Datatype>(
  datatype: D,
  shape: readonly number[],
  values: TensorValues<D>,
  options: TensorOptions = {},
): Tensor<D> {
  const format = formatOf(datatype);
  const { name = '', parameters = NO_PARAMETERS } = options;
  const where = name === '' ? 'tensor' : `tensor ${name}`;
  const problem = Array.isArray(shape) ? shapeProblem(shape) : `${typeof shape}, expected an array`;
  if (problem !== undefined) {
    throw new ModwireError('INVALID_ARGUMENT', { what: `not a shape: ${problem}`, where });
  }
  const contents = contentsFrom(format, values as ArrayLike<unknown>);
  const mismatch = contentsProblem(format, elementCount(shape), contents);
  if (mismatch !== undefined) {
    const what = `the values do not fill the shape [${shape}]: ${mismatch}`;
    throw new ModwireError('INVALID_ARGUMENT', { what, where });
  }
  checkParameters(parameters, 'parameters');
  return new Tensor(name, datatype, [...shape], contents, parameters);
}

function notOf(expected: string, one: Tensor): ModwireError {
  return invalidArgument('a tensor of another datatype', expected, one.datatype, placeOf(one, ''));
}

function placeOf({ name }: Tensor, element: string): string {
  return `tensor ${name === '' ? 'without a name' : name}${element}`;
}
