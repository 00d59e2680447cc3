import { joinedProblem } from './byte-elements.js';
import type { ElementFormat } from './datatype.js';
import { TENSOR_LIMITS } from './tensor-limits.js';

const { maxRank } = TENSOR_LIMITS;

/** Why a shape cannot have so many dimensions, as half a sentence; undefined when it can. */
export function rankProblem(rank: number): string | undefined {
  return rank > maxRank ? `${rank} dimensions, at most ${maxRank} are allowed` : undefined;
}

/** Why this is no shape, as half a sentence; undefined when it is one. */
export function shapeProblem(shape: readonly number[]): string | undefined {
  const tooMany = rankProblem(shape.length);
  if (tooMany !== undefined) return tooMany;
  let elements = 1;
  for (let index = 0; index < shape.length; index++) {
    const dimension = shape[index]!;
    if (!Number.isSafeInteger(dimension) || dimension < 0) {
      return `dimension ${index} is ${String(dimension)}, expected a whole number from 0 to 2^53-1`;
    }
    // Also beside a zero: who multiplies in another order would overflow before coming to it.
    if (dimension !== 0) elements *= dimension;
    if (elements > Number.MAX_SAFE_INTEGER) return `[${shape}] has more than 2^53-1 elements`;
  }
  return undefined;
}

/** Number of elements of a tensor with this shape, which is one. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((elements, dimension) => elements * dimension, 1);
}

/** Why contents are not those of so many elements, as half a sentence; undefined when they are. */
export function contentsProblem(
  { datatype, bytes }: ElementFormat,
  count: number,
  contents: Uint8Array,
): string | undefined {
  if (bytes === 0) return joinedProblem(contents, count);
  if (count * bytes === contents.length) return undefined;
  return `${count} of ${datatype} take ${count * bytes} bytes, got ${contents.length}`;
}
