import { Datatype as WireDatatype } from '../codec/generated/modwire/inference/datatype.js';
import { invalidArgument } from './invalid-argument.js';

/** What the elements of a tensor of each datatype stand in. Halves are bits; of BYTES it is the binary form. */
export interface TensorArrays {
  /** 0 is false. */
  readonly BOOL: Uint8Array;
  readonly UINT8: Uint8Array;
  readonly UINT16: Uint16Array;
  readonly UINT32: Uint32Array;
  readonly UINT64: BigUint64Array;
  readonly INT8: Int8Array;
  readonly INT16: Int16Array;
  readonly INT32: Int32Array;
  readonly INT64: BigInt64Array;
  readonly FP16: Uint16Array;
  readonly FP32: Float32Array;
  readonly FP64: Float64Array;
  readonly BF16: Uint16Array;
  readonly BYTES: Uint8Array;
}

/** Names of the Open Inference Protocol. */
export type Datatype = keyof TensorArrays;

/** Any of the arrays that elements stand in. */
export type ElementArray = TensorArrays[Datatype];

export interface ElementFormat {
  readonly datatype: Datatype;
  /** Number in the enum of schemas/inference.fbs. */
  readonly wire: WireDatatype;
  /** Bytes of an element; 0 of BYTES, whose elements say it themselves. */
  readonly bytes: number;
  readonly arrayType: ElementArrayType;
  /** Whole numbers that an element can be, both included; undefined where it is no whole number. */
  readonly range?: WholeRange;
}

/** Bigints where the elements are. */
export type WholeRange = readonly [least: number, most: number] | readonly [least: bigint, most: bigint];

/** Constructor of an array over memory that is there. */
export interface ElementArrayType {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): ElementArray;
  new (length: number): ElementArray;
}

const FORMATS: Readonly<Record<Datatype, ElementFormat>> = {
  BOOL: format('BOOL', Uint8Array, [0, 1]),
  UINT8: format('UINT8', Uint8Array, [0, 0xff]),
  UINT16: format('UINT16', Uint16Array, [0, 0xffff]),
  UINT32: format('UINT32', Uint32Array, [0, 0xffff_ffff]),
  UINT64: format('UINT64', BigUint64Array, [0n, 2n ** 64n - 1n]),
  INT8: format('INT8', Int8Array, [-0x80, 0x7f]),
  INT16: format('INT16', Int16Array, [-0x8000, 0x7fff]),
  INT32: format('INT32', Int32Array, [-0x8000_0000, 0x7fff_ffff]),
  INT64: format('INT64', BigInt64Array, [-(2n ** 63n), 2n ** 63n - 1n]),
  FP16: format('FP16', Uint16Array),
  FP32: format('FP32', Float32Array),
  FP64: format('FP64', Float64Array),
  BF16: format('BF16', Uint16Array),
  BYTES: { ...format('BYTES', Uint8Array), bytes: 0 },
};

/** Every datatype, in the order of their numbers. */
export const DATATYPES = Object.keys(FORMATS) as Datatype[];

const BY_NUMBER: ReadonlyMap<number, ElementFormat> = new Map(
  Object.values(FORMATS).map((one) => [one.wire, one]),
);

/** Throws INVALID_ARGUMENT for what is no datatype. */
export function formatOf(datatype: Datatype): ElementFormat {
  if (Object.hasOwn(FORMATS, datatype)) return FORMATS[datatype];
  const expected = `one of ${DATATYPES.join(', ')}`;
  throw invalidArgument('not a datatype', expected, JSON.stringify(datatype) ?? String(datatype));
}

/** The datatype of this number on the wire; undefined when this version has none. */
export function formatNumbered(wire: number): ElementFormat | undefined {
  return BY_NUMBER.get(wire);
}

function format(datatype: Datatype, arrayType: ElementArrayType, range?: WholeRange): ElementFormat {
  const own = { datatype, wire: WireDatatype[datatype], bytes: arrayType.BYTES_PER_ELEMENT, arrayType };
  return range === undefined ? own : { ...own, range };
}
