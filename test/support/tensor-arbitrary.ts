import fc from 'fast-check';
import {
  type AnyTensor,
  DATATYPES,
  type Datatype,
  type InferHead,
  type InferParameters,
  type TensorArrays,
  tensor,
} from '../../src/tensors/index.js';

/** Of each datatype its own kind of array, whatever bits are in it. */
const ARRAYS: { readonly [D in Datatype]: new (bytes: ArrayBuffer) => TensorArrays[D] } = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
  BF16: Uint16Array,
  BYTES: Uint8Array,
};

const WIDTHS: Readonly<Record<Datatype, number>> = {
  ...{ BOOL: 1, UINT8: 1, UINT16: 2, UINT32: 4, UINT64: 8, INT8: 1, INT16: 2, INT32: 4, INT64: 8 },
  ...{ FP16: 2, FP32: 4, FP64: 8, BF16: 2, BYTES: 0 },
};

/** Of up to 64 elements; some have none, some no dimension. */
const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });

/** What a tensor was made of, to hold against what comes back. */
export interface TensorPlan {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** An array of the datatype's own kind; of BYTES the elements. */
  readonly values: TensorArrays[Datatype] | readonly Uint8Array[];
  readonly parameters: InferParameters;
}

const texts = fc.string({ unit: 'binary', maxLength: 12 });

export const parameters: fc.Arbitrary<InferParameters> = fc.dictionary(
  texts,
  fc.oneof(
    fc.boolean(),
    fc.double(),
    fc.maxSafeInteger(),
    texts,
    // Those below are numbers when they come back.
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
    fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
  ),
  { maxKeys: 4, noNullPrototype: false },
);

export const tensorPlans: fc.Arbitrary<TensorPlan> = fc
  .tuple(fc.constantFrom(...DATATYPES), shapes, parameters)
  .chain(([datatype, shape, own]) => {
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    return valuesOf(datatype, size).map((values) => ({ datatype, shape, values, parameters: own }));
  });

export const tensorLists = fc.array(tensorPlans, { maxLength: 5 });

export const heads: fc.Arbitrary<InferHead> = fc.record(
  { modelName: fc.string({ unit: 'binary', minLength: 1 }), modelVersion: texts, id: texts, parameters },
  { requiredKeys: ['modelName'] },
);

/** With names `t0`, `t1`, …. */
export function makeTensors(plans: readonly TensorPlan[]): AnyTensor[] {
  return plans.map(
    ({ datatype, shape, values, parameters: own }, index) =>
      tensor(datatype, shape, values as never, { name: `t${index}`, parameters: own }) as AnyTensor,
  );
}

function valuesOf(datatype: Datatype, size: number): fc.Arbitrary<TensorPlan['values']> {
  if (datatype === 'BYTES') {
    return fc.array(fc.uint8Array({ maxLength: 9 }), { minLength: size, maxLength: size });
  }
  const bytes = size * WIDTHS[datatype];
  const bits = fc.uint8Array({ minLength: bytes, maxLength: bytes });
  return bits.map((one) => new ARRAYS[datatype](one.slice().buffer));
}
