import { encodeUtf8 } from '../../codec/utf8.js';
import type { ModwireError } from '../../errors.js';
import type { ByteStack } from './byte-stack.js';
import { outputTooLarge } from './expansion.js';
import type { JsonPlace } from './json-place.js';

/** The value of one field, on a stack of bytes until its table is written. */
export interface Slot {
  readonly id: number;
  /** Place on the stack. An offset is kept as the position that it will lead to. */
  readonly at: number;
  readonly size: number;
  readonly alignment: number;
  readonly isOffset: boolean;
}

/** Payloads start where any scalar may: a multiple of this. */
const LEAST_ALIGNMENT = 8;
/** Of tables and vtables: generated readers take their sizes as signed 16-bit numbers. */
const MAX_TABLE_BYTES = 0x7fff;

/**
 * Writes a FlatBuffer from its end to its start, so that everything is written before what refers to it. Positions
 * count from the end. The runtime's own builder looks for an equal vtable among all others, which a hostile text makes
 * quadratic, and copies vectors element by element: this one does neither.
 */
export class PayloadBuilder {
  readonly #bound: number;
  readonly #place: JsonPlace;
  #bytes = new Uint8Array(1024);
  #data = new DataView(this.#bytes.buffer);
  #length = 0;
  #alignment = LEAST_ALIGNMENT;
  /** Positions of vtables by what they say. */
  readonly #vtables = new Map<string, number>();

  /** `bound`: largest payload in bytes; a larger one is RESOURCE_EXHAUSTED. `place`: for messages. */
  constructor(bound: number, place: JsonPlace) {
    this.#bound = bound;
    this.#place = place;
  }

  /** Largest alignment of anything written so far. Bytes. */
  get alignment(): number {
    return this.#alignment;
  }

  /** Writes a string of UTF-8 bytes and returns its position. */
  string(bytes: Uint8Array, start: number, end: number): number {
    this.#align(4, end - start + 1);
    this.#reserve(1);
    this.#bytes[this.#at] = 0;
    this.#copy(bytes, start, end);
    return this.#uint32(end - start);
  }

  /** Writes a vector of `count` elements that lie side by side, and returns its position. */
  vector(bytes: Uint8Array, start: number, end: number, count: number, alignment: number): number {
    this.#align(Math.max(4, alignment), end - start);
    this.#copy(bytes, start, end);
    return this.#uint32(count);
  }

  /** Writes a vector of offsets to `positions`. */
  offsets(positions: Uint32Array): number {
    this.#align(4, 4 * positions.length);
    for (let index = positions.length - 1; index >= 0; index--) this.#offset(positions[index]!);
    return this.#uint32(positions.length);
  }

  /** Writes a struct outside of any table, as a member of a union, and returns its position. */
  struct(bytes: Uint8Array, start: number, end: number, alignment: number): number {
    this.#align(Math.max(4, alignment), end - start);
    this.#copy(bytes, start, end);
    return this.#length;
  }

  /** Writes a table of values that lie on `stack`, and returns its position. */
  table(slots: Slot[], stack: ByteStack): number {
    slots.sort((a, b) => b.alignment - a.alignment || b.id - a.id);
    this.#align(4, 0);
    const before = this.#length;
    const places: number[] = [];
    for (const slot of slots) {
      this.#align(slot.alignment, slot.size);
      if (slot.isOffset) this.#offset(stack.uint32(slot.at));
      else this.#copy(stack.bytes, slot.at, slot.at + slot.size);
      places.push(this.#length);
    }
    this.#align(4, 0);
    const table = this.#uint32(0);
    const tableBytes = table - before;
    let fieldCount = 0;
    let key = `${tableBytes}`;
    for (const [index, slot] of slots.entries()) {
      fieldCount = Math.max(fieldCount, slot.id + 1);
      key += ` ${slot.id}:${table - places[index]!}`;
    }
    const vtableBytes = 4 + 2 * fieldCount;
    if (tableBytes > MAX_TABLE_BYTES || vtableBytes > MAX_TABLE_BYTES) throw tableTooLarge(this.#place);
    let vtable = this.#vtables.get(key);
    if (vtable === undefined) {
      this.#reserve(vtableBytes);
      const at = this.#at;
      this.#bytes.fill(0, at, at + vtableBytes);
      this.#data.setUint16(at, vtableBytes, true);
      this.#data.setUint16(at + 2, tableBytes, true);
      for (const [index, slot] of slots.entries()) {
        this.#data.setUint16(at + 4 + 2 * slot.id, table - places[index]!, true);
      }
      vtable = this.#length;
      this.#vtables.set(key, vtable);
    }
    this.#data.setInt32(this.#bytes.length - table, vtable - table, true);
    return table;
  }

  /** The payload. `identifier`: of four bytes, or empty. */
  finish(root: number, identifier: string): Uint8Array {
    const name = encodeUtf8(identifier);
    this.#align(this.#alignment, 4 + name.length);
    this.#copy(name, 0, name.length);
    this.#offset(root);
    return this.#bytes.slice(this.#at);
  }

  /** Bytes written so far, for comparing keys: what has position `p` starts at `bytes.length - p`. */
  get written(): DataView {
    return this.#data;
  }

  get #at(): number {
    return this.#bytes.length - this.#length;
  }

  #offset(position: number): void {
    this.#reserve(4);
    this.#data.setUint32(this.#at, this.#length - position, true);
  }

  #uint32(value: number): number {
    this.#reserve(4);
    this.#data.setUint32(this.#at, value, true);
    return this.#length;
  }

  #copy(bytes: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    this.#bytes.set(new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start), this.#at);
  }

  /** Pads so that what starts after `following` more bytes is aligned. */
  #align(alignment: number, following: number): void {
    if (alignment > this.#alignment) this.#alignment = alignment;
    const excess = (this.#length + following) % alignment;
    if (excess === 0) return;
    const padding = alignment - excess;
    this.#reserve(padding);
    this.#bytes.fill(0, this.#at, this.#at + padding);
  }

  #reserve(size: number): void {
    const length = this.#length + size;
    if (length > this.#bound) throw outputTooLarge('the payload', this.#bound);
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      larger.set(this.#bytes, larger.length - this.#bytes.length);
      this.#bytes = larger;
      this.#data = new DataView(larger.buffer);
    }
    this.#length = length;
  }
}

function tableTooLarge(place: JsonPlace): ModwireError {
  return place.fault('a table is too large for FlatBuffers', {
    expected: `at most ${MAX_TABLE_BYTES} bytes of fields`,
  });
}
