import { decodeUtf8, isUtf8 } from '../codec/utf8.js';
import { shown } from '../contracts/json/json-place.js';

/** What a value is shown as where there is none. */
export const ABSENT = 'absent';

/** Of a text that is shown: more than `shown` takes of one. Bytes. */
const MOST_BYTES = 160;
/** What is shown of a text before the place where it differs. Characters, or bytes. */
const LEAD = 16;

/** A text around character `differsAt` of it. Never long. */
export function shownText(text: string, differsAt: number): string {
  return differsAt > 2 * LEAD ? `…${shown(text.slice(differsAt - LEAD))}` : shown(text);
}

/** Bytes around the one that is the first to differ: a text where they are one. Never long. */
export function shownBytes(bytes: Uint8Array, differsAt: number): string {
  const { length } = bytes;
  if (!isUtf8(bytes, 0, length)) return byteText(bytes, differsAt);
  const from = differsAt > 2 * LEAD ? characterAt(bytes, Math.min(length, differsAt) - LEAD) : 0;
  const to = length - from <= MOST_BYTES ? length : characterAt(bytes, from + MOST_BYTES);
  return `${from === 0 ? '' : '…'}${shown(decodeUtf8(bytes, from, to))}`;
}

/** Bytes that are no text, by the first that differs. */
export function byteText(bytes: Uint8Array, differsAt: number): string {
  const byte = bytes[differsAt];
  return `${byte === undefined ? 'the end' : `0x${byte.toString(16).padStart(2, '0')}`} of ${bytes.length} bytes`;
}

export function countedElements(count: number): string {
  return `${count} element${count === 1 ? '' : 's'}`;
}

/** Of two runs of bytes the first byte that differs, as far as the first `most` tell; -1 where they are the same up to there. */
export function firstDifference(a: Uint8Array, b: Uint8Array, most: number): number {
  const common = Math.min(a.length, b.length, most);
  let at = 0;
  while (at < common && a[at] === b[at]) at++;
  return at < common || a.length !== b.length ? at : -1;
}

/** The start of the character that byte `at` belongs to; `at` itself behind the last. */
function characterAt(bytes: Uint8Array, at: number): number {
  while (at > 0 && at < bytes.length && (bytes[at]! & 0xc0) === 0x80) at--;
  return at;
}
