import { decodeUtf8 } from '../../codec/utf8.js';
import { ModwireError } from '../../errors.js';

/** Of what is decoded: keys, numbers, and texts that are not copied as they are. Bytes. */
const MOST_DECODED = 1024 * 1024;

/** A key, a number or a short text. Such lie on the heap of a worker, which is bounded. */
export function decodeShort(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= MOST_DECODED) return decodeUtf8(bytes, start, end);
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'a key, number or short text is too long',
    ...{ expected: `at most ${MOST_DECODED} bytes`, got: String(end - start), where: `at byte ${start}` },
  });
}

/** The error of a text that ends to be JSON at this byte. */
export function notJson(bytes: Uint8Array, at: number, expected: string): ModwireError {
  const byte = bytes[at];
  let got = 'the end of the text';
  if (byte !== undefined) {
    got = byte > 0x20 && byte < 0x7f ? `'${String.fromCharCode(byte)}'` : `byte 0x${byte.toString(16)}`;
  }
  return new ModwireError('INVALID_ARGUMENT', {
    what: 'the text is not JSON',
    ...{ expected, got, where: `at byte ${at}` },
  });
}
