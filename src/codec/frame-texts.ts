import type { FrameFields } from './frame-fields.js';
import { alignUp, Field } from './frame-layout.js';
import type { Memory } from './memory.js';
import { writeUtf8 } from './utf8.js';

/** Writes what few frames carry: strings beside the subject, and headers. */

type StringField = 'tracestate' | 'baggage' | 'experiment' | 'variant' | 'assignmentKey';

const STRING_FIELDS: readonly StringField[] = ['tracestate', 'baggage', 'assignmentKey'];
/** Where no template holds the names. */
const WITH_NAMES: readonly StringField[] = [
  'tracestate',
  'baggage',
  'experiment',
  'variant',
  'assignmentKey',
];

/**
 * Writes a frame's strings and headers from `next` on, a multiple of 4, and points the table's offsets at them. `withNames`:
 * experiment and variant too.
 */
export function writeTexts(
  memory: Memory,
  start: number,
  at: readonly number[],
  next: number,
  fields: FrameFields,
  withNames: boolean,
): void {
  for (const field of withNames ? WITH_NAMES : STRING_FIELDS) {
    const text = fields[field];
    if (text !== undefined) next = writeString(memory, start + at[Field[field]]!, next, text);
  }
  if (fields.headers !== undefined && fields.headers.length > 0) {
    writeHeaders(memory, start + at[Field.headers]!, next, fields.headers);
  }
}

/** Room for the strings and headers of a frame, worst case for alignment. */
export function textBytes(fields: FrameFields, withNames: boolean): number {
  let bytes = 0;
  for (const field of withNames ? WITH_NAMES : STRING_FIELDS) {
    const text = fields[field];
    if (text !== undefined) bytes += stringBytes(text);
  }
  const { headers } = fields;
  if (headers !== undefined && headers.length > 0) {
    bytes += HEADER_VTABLE_BYTES + 4 + headers.length * (4 + HEADER_TABLE_BYTES);
    for (const [name, value] of headers) bytes += stringBytes(name) + stringBytes(value);
  }
  // What precedes the texts is padded to 4.
  return bytes === 0 ? 0 : bytes + 3;
}

function stringBytes(text: string): number {
  return alignUp(4 + utf8Length(text) + 1, 4);
}

function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    bytes++;
    if (unit < 0x800) continue;
    const next = text.charCodeAt(index + 1);
    // A surrogate pair is 4 bytes from 2 units, any other unit above 0x7ff is 3 bytes; lone surrogates too (U+FFFD).
    if (unit >= 0xd800 && unit <= 0xdbff && next >= 0xdc00 && next <= 0xdfff) {
      bytes++;
      index++;
    } else bytes++;
  }
  return bytes;
}

/** Writes a string at `at`, points the offset in `slot` at it, and returns where the next thing may lie. */
function writeString(memory: Memory, slot: number, at: number, text: string): number {
  const byteLength = writeUtf8(text, memory.u8, at + 4);
  memory.data.setUint32(slot, at - slot, true);
  memory.data.setUint32(at, byteLength, true);
  return at + alignUp(4 + byteLength + 1, 4);
}

const HEADER_VTABLE_BYTES = 8;
const HEADER_TABLE_BYTES = 12;

function writeHeaders(
  memory: Memory,
  slot: number,
  at: number,
  headers: ReadonlyArray<readonly [string, string]>,
): void {
  const { data } = memory;
  const vtable = at;
  data.setUint16(vtable, HEADER_VTABLE_BYTES, true);
  data.setUint16(vtable + 2, HEADER_TABLE_BYTES, true);
  data.setUint16(vtable + 4, 4, true);
  data.setUint16(vtable + 6, 8, true);
  const vector = vtable + HEADER_VTABLE_BYTES;
  data.setUint32(slot, vector - slot, true);
  data.setUint32(vector, headers.length, true);
  const tables = vector + 4 + 4 * headers.length;
  let next = tables + headers.length * HEADER_TABLE_BYTES;
  for (let index = 0; index < headers.length; index++) {
    const [name, value] = headers[index]!;
    const table = tables + index * HEADER_TABLE_BYTES;
    const entry = vector + 4 + 4 * index;
    data.setUint32(entry, table - entry, true);
    data.setInt32(table, table - vtable, true);
    next = writeString(memory, table + 4, next, name);
    next = writeString(memory, table + 8, next, value);
  }
}
