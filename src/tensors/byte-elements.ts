import { encodeUtf8 } from '../codec/utf8.js';
import { invalidArgument } from './invalid-argument.js';

/**
 * The binary form of BYTES, the Open Inference Protocol's: before each element its length, 4 bytes, little-endian. What
 * lies in it has no alignment.
 */
const LENGTH_BYTES = 4;

/** Elements in their binary form; texts as UTF-8. Throws INVALID_ARGUMENT for one that is neither text nor bytes. */
export function joinElements(elements: ArrayLike<string | Uint8Array>): Uint8Array {
  const parts = Array.from(elements, bytesOf);
  const contents = new Uint8Array(parts.reduce((bytes, part) => bytes + LENGTH_BYTES + part.length, 0));
  const data = new DataView(contents.buffer);
  let at = 0;
  for (const part of parts) {
    data.setUint32(at, part.length, true);
    contents.set(part, at + LENGTH_BYTES);
    at += LENGTH_BYTES + part.length;
  }
  return contents;
}

/** Each element of contents that have no `joinedProblem`: views, no copies. */
export function* splitElements(contents: Uint8Array): Generator<Uint8Array, void, undefined> {
  const data = new DataView(contents.buffer, contents.byteOffset, contents.length);
  for (let at = 0; at < contents.length; ) {
    const first = at + LENGTH_BYTES;
    at = first + data.getUint32(at, true);
    yield contents.subarray(first, at);
  }
}

/** Why these are not the contents of so many elements, as half a sentence; undefined when they are. */
export function joinedProblem(contents: Uint8Array, count: number): string | undefined {
  const data = new DataView(contents.buffer, contents.byteOffset, contents.length);
  const end = contents.length;
  let at = 0;
  let found = 0;
  for (; found < count && at < end; found++) {
    if (at + LENGTH_BYTES > end) return `the length of element ${found} runs past the contents`;
    at += LENGTH_BYTES + data.getUint32(at, true);
    if (at > end) return `element ${found} runs ${counted(at - end, 'byte')} past the contents`;
  }
  if (found < count) return `contents hold ${counted(found, 'element')}, the shape has ${count}`;
  return at === end
    ? undefined
    : `${counted(end - at, 'byte')} after the last of ${counted(count, 'element')}`;
}

function bytesOf(element: string | Uint8Array, index: number): Uint8Array {
  if (typeof element === 'string') return encodeUtf8(element);
  if (element instanceof Uint8Array) return element;
  throw invalidArgument(
    'not an element of a tensor of BYTES',
    'a string or a Uint8Array',
    typeof element,
    `values[${index}]`,
  );
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
