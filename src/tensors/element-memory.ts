import type { ElementArray, ElementFormat } from './datatype.js';

/** Contents are little-endian, which is what nearly every machine is. */
const HOST_IS_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * Contents as elements: a view without a copy where their place in memory divides by the size of an element, else a copy.
 * `hostIsLittle`: whether this machine is little-endian; if not, it is always a copy.
 */
export function elementsOf(
  contents: Uint8Array,
  { bytes: width, arrayType }: ElementFormat,
  hostIsLittle = HOST_IS_LITTLE,
): ElementArray {
  if (width <= 1) return new arrayType(contents.buffer, contents.byteOffset, contents.length);
  const inPlace = hostIsLittle && contents.byteOffset % width === 0;
  const own = inPlace ? contents : new Uint8Array(contents);
  if (!hostIsLittle) turnElements(own, width);
  return new arrayType(own.buffer, own.byteOffset, own.length / width);
}

/** Elements as contents: the same memory; a copy where this machine is not little-endian. */
export function contentsOf(elements: ElementArray, hostIsLittle = HOST_IS_LITTLE): Uint8Array {
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT: width } = elements;
  const contents = new Uint8Array(buffer, byteOffset, byteLength);
  if (hostIsLittle || width === 1) return contents;
  const own = new Uint8Array(contents);
  turnElements(own, width);
  return own;
}

/** Turns the bytes of every element around. */
function turnElements(bytes: Uint8Array, width: number): void {
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}
