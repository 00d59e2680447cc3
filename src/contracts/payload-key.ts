import { HIGH, type Memory } from '../codec/memory.js';
import { encodeUtf8 } from '../codec/utf8.js';
import type { FieldPath, FieldPathLeaf } from './field-path.js';
import { defaultText, scalarAt, scalarText } from './json/scalar-to-json.js';
import type { ScalarName } from './schema-model.js';

const MAX_DIGITS = 24;
const ZERO = 0x30;
const MINUS = 0x2d;

type Scalar = FieldPathLeaf & { readonly kind: 'scalar' };

/**
 * Reads one field of payloads as a key: the UTF-8 of a string, and of a scalar what it is in JSON, with numbers for
 * enums and without quotation marks. So a number gives the same key as its text in a header.
 *
 * No key have payloads in which a string, a scalar without a default, or a table or struct on the way is absent. Any
 * other absent scalar is its default: it cannot be told from one that was written.
 */
export class PayloadKey {
  /** Of the key read last: bytes `start` to `end` of `bytes`, valid until the next one. */
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  readonly #path: FieldPath;
  readonly #default: Uint8Array | undefined;
  readonly #digits = new Uint8Array(MAX_DIGITS);

  constructor(path: FieldPath) {
    this.#path = path;
    this.#default = path.leaf.kind === 'scalar' ? defaultKey(path.leaf) : undefined;
  }

  /** Whether the payload from `start` on has a key. It has been verified against the schema that the path is of. */
  read(memory: Memory, start: number): boolean {
    const { data } = memory;
    const { tables, entry, inner, leaf } = this.#path;
    let table = start + data.getUint32(start, true);
    for (const onTheWay of tables) {
      const slot = slotOf(data, table, onTheWay);
      if (slot === 0) return false;
      table = slot + data.getUint32(slot, true);
    }
    const slot = slotOf(data, table, entry);
    if (slot === 0) return this.#default !== undefined && this.#set(this.#default, 0, this.#default.length);
    if (leaf.kind === 'scalar') return this.#scalar(data, slot + inner, leaf.scalar);
    const high = leaf.wide ? data.getUint32(slot + 4, true) * HIGH : 0;
    const string = slot + high + data.getUint32(slot, true);
    return this.#set(memory.u8, string + 4, string + 4 + data.getUint32(string, true));
  }

  #scalar(data: DataView, at: number, scalar: ScalarName): boolean {
    const value = integerAt(data, at, scalar);
    if (Number.isSafeInteger(value)) return this.#integer(value);
    const key = encodeUtf8(unquoted(scalarText(data, at, scalar, undefined)));
    return this.#set(key, 0, key.length);
  }

  #integer(value: number): boolean {
    const digits = this.#digits;
    let start = MAX_DIGITS;
    let rest = Math.abs(value);
    do {
      const tens = Math.floor(rest / 10);
      digits[--start] = ZERO + (rest - tens * 10);
      rest = tens;
    } while (rest > 0);
    if (value < 0) digits[--start] = MINUS;
    return this.#set(digits, start, MAX_DIGITS);
  }

  #set(bytes: Uint8Array, start: number, end: number): true {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    return true;
  }
}

/** Where a field lies; 0 when it is absent. */
function slotOf(data: DataView, table: number, entry: number): number {
  const vtable = table - data.getInt32(table, true);
  const offset = entry < data.getUint16(vtable, true) ? data.getUint16(vtable + entry, true) : 0;
  return offset === 0 ? 0 : table + offset;
}

/** NaN for all that is not an integer; of 64 bits the nearest double. */
function integerAt(data: DataView, at: number, scalar: ScalarName): number {
  switch (scalar) {
    case 'bool':
    case 'float':
    case 'double':
      return Number.NaN;
    // Without a bigint, which would be made anew for each payload.
    case 'long':
      return data.getInt32(at + 4, true) * HIGH + data.getUint32(at, true);
    case 'ulong':
      return data.getUint32(at + 4, true) * HIGH + data.getUint32(at, true);
    default:
      return scalarAt(data, at, scalar) as number;
  }
}

function defaultKey({ scalar, default: text }: Scalar): Uint8Array | undefined {
  if (text === undefined) return undefined;
  const value = scalar === 'long' || scalar === 'ulong' ? BigInt(text) : Number(text);
  return encodeUtf8(unquoted(defaultText(value, scalar, undefined)));
}

function unquoted(json: string): string {
  return json.startsWith('"') ? json.slice(1, -1) : json;
}
