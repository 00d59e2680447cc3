import type { Builder } from 'flatbuffers';
import { Tensor as TensorTable } from '../codec/generated/modwire/inference/tensor.js';
import { formatNumbered, formatOf } from './datatype.js';
import { invalidArgument } from './invalid-argument.js';
import { readParameters, writeParameters } from './parameters.js';
import { type AnyTensor, Tensor } from './tensor.js';
import { TENSOR_LIMITS } from './tensor-limits.js';

/**
 * Where contents lie: at a multiple of this from the payload's start, for vector units and the tensors of other runtimes.
 * Bytes. FlatBuffers' own alignment of vectors ends at 32.
 */
export const CONTENTS_ALIGNMENT = 64;

const { maxTensors } = TENSOR_LIMITS;

/** What a tensor needs beside its contents: table, alignment, name, and a dimension. Bytes. */
const TENSOR_BYTES = 256;
const DIMENSION_BYTES = 8;
const MESSAGE_BYTES = 1024;

/** Room for a message with these tensors, so that the builder need not grow as a rule. Bytes. */
export function roomFor(tensors: readonly AnyTensor[]): number {
  let bytes = MESSAGE_BYTES;
  for (const { contents, shape } of tensors) {
    bytes += TENSOR_BYTES + DIMENSION_BYTES * shape.length + contents.length;
  }
  // A builder writes from its end: so contents lie in its memory as they lie in the payload.
  return Math.ceil(bytes / CONTENTS_ALIGNMENT) * CONTENTS_ALIGNMENT;
}

/** Throws INVALID_ARGUMENT for more tensors, or outputs asked for, than one message may have. */
export function checkCount(list: readonly unknown[], where: string): void {
  if (list.length <= maxTensors) return;
  throw invalidArgument(`too many ${where}`, `at most ${maxTensors}`, String(list.length), where);
}

/** Throws INVALID_ARGUMENT unless each is a tensor with a name of its own. */
export function checkTensors(tensors: readonly AnyTensor[], where: string): void {
  if (!Array.isArray(tensors))
    throw invalidArgument(`${where} is no list`, 'an array of tensors', typeof tensors);
  checkCount(tensors, where);
  const names = new Set<string>();
  tensors.forEach((one, index) => {
    const place = `${where}[${index}]`;
    if (!(one instanceof Tensor))
      throw invalidArgument('not a tensor', 'what tensor() returns', typeof one, place);
    const { name } = one;
    if (typeof name !== 'string' || name === '') {
      throw invalidArgument('a tensor has no name', "tensor(…, { name: '…' })", JSON.stringify(name), place);
    }
    if (names.has(name)) throw invalidArgument('two tensors have one name', 'a name for each', name, place);
    names.add(name);
  });
}

/** Offsets of the tables of tensors that are checked. */
export function writeTensors(builder: Builder, tensors: readonly AnyTensor[]): number[] {
  return tensors.map((one) => {
    const { name, datatype, shape, contents, parameters } = one;
    let contentsOffset = 0;
    if (contents.length > 0) {
      builder.prep(CONTENTS_ALIGNMENT, contents.length);
      contentsOffset = builder.createByteVector(contents);
    }
    const shapeOffset = TensorTable.createShapeVector(builder, shape.map(BigInt));
    const parametersOffset = writeParameters(builder, parameters);
    const nameOffset = builder.createString(name);
    return TensorTable.createTensor(
      builder,
      nameOffset,
      formatOf(datatype).wire,
      shapeOffset,
      parametersOffset,
      contentsOffset,
    );
  });
}

/** The tensor of a verified table, over the table's memory. */
export function readTensor(table: TensorTable): AnyTensor {
  const { datatype } = formatNumbered(table.datatype())!;
  return new Tensor(
    table.name(),
    datatype,
    shapeOf(table),
    contentsOfTable(table),
    readParameters(table),
  ) as AnyTensor;
}

/** Numbers beyond 2^53 are not exact, and are no dimensions either. */
export function shapeOf(table: TensorTable): number[] {
  return Array.from({ length: table.shapeLength() }, (_, index) => Number(table.shape(index)));
}

export function contentsOfTable(table: TensorTable): Uint8Array {
  return table.contentsArray() ?? new Uint8Array(0);
}
