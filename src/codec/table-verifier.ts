import { FRAME_ALIGNMENT, PREAMBLE_BYTES } from './frame-layout.js';
import type { Memory } from './memory.js';
import { isUtf8 } from './utf8.js';
import { Rule, type RuleNumber, type Violation, violation } from './verify-rule.js';

/** A table of a schema, as the verifier needs it. Fields are listed by id; a union takes two ids. */
export interface TableShape {
  readonly fields: readonly FieldShape[];
}

export type FieldShape =
  | { readonly kind: 'scalar'; readonly name: string; readonly bytes: 1 | 2 | 4 | 8 }
  | { readonly kind: 'struct'; readonly name: string; readonly bytes: number; readonly alignment: number }
  | { readonly kind: 'string'; readonly name: string; readonly required?: boolean }
  | {
      /** A vector of structs or scalars. */
      readonly kind: 'structs';
      readonly name: string;
      readonly bytes: number;
      readonly alignment: number;
      readonly required?: boolean;
    }
  | { readonly kind: 'strings'; readonly name: string }
  | { readonly kind: 'tables'; readonly name: string; readonly of: TableShape }
  | { readonly kind: 'unionType'; readonly name: string }
  | { readonly kind: 'union'; readonly name: string; readonly members: readonly TableShape[] };

/** Control messages are flat: a body with a list in it. */
const MAX_DEPTH = 8;
/**
 * Largest vtable and table. Bytes. The wire allows twice as much, but the generated code that reads what was verified
 * here takes these numbers as signed: it would look for a field before its table, where nothing was verified.
 */
const MAX_VOFFSET = 0x7fff;
const WORK_PER_BYTE = 4;
const WORK_PER_TABLE = 16;

/** Verifies a size-prefixed FlatBuffers message against a shape. For messages that are not on the hot path. */
export function verifyTable(
  memory: Memory,
  start: number,
  end: number,
  identifier: number,
  root: TableShape,
): Violation | undefined {
  return new TableVerifier(memory, start, end).verify(identifier, root);
}

class TableVerifier {
  readonly #memory: Memory;
  readonly #start: number;
  readonly #end: number;
  #work: number;
  #violation: Violation | undefined;

  constructor(memory: Memory, start: number, end: number) {
    this.#memory = memory;
    this.#start = start;
    this.#end = Math.min(end, memory.length);
    this.#work = (end - start) * WORK_PER_BYTE;
  }

  verify(identifier: number, root: TableShape): Violation | undefined {
    const { data } = this.#memory;
    const start = this.#start;
    const available = this.#end - start;
    if (available < PREAMBLE_BYTES) return violation(Rule.tooShort, 0, '');
    const byteLength = data.getUint32(start, true) + 4;
    if (byteLength !== available) return violation(Rule.sizePrefix, 0, '');
    if (byteLength % FRAME_ALIGNMENT !== 0) return violation(Rule.sizeAlignment, 0, '');
    if (data.getUint32(start + 8, true) !== identifier) return violation(Rule.identifier, 8, '');
    const offset = data.getUint32(start + 4, true);
    if (offset === 0 || offset % 4 !== 0 || start + 4 + offset + 4 > this.#end) {
      return violation(Rule.rootOffset, 4, '');
    }
    this.#table(start + 4 + offset, root, '', 0);
    return this.#violation;
  }

  #table(table: number, shape: TableShape, path: string, depth: number): boolean {
    const { data } = this.#memory;
    if (depth >= MAX_DEPTH) return this.#fail(Rule.depth, table, path);
    if (!this.#spend(WORK_PER_TABLE)) return this.#fail(Rule.workBudget, table, path);
    const vtable = table - data.getInt32(table, true);
    if (vtable < this.#start || vtable + 4 > this.#end || (vtable - this.#start) % 2 !== 0) {
      return this.#fail(Rule.vtableOffset, table, path);
    }
    const vtableBytes = data.getUint16(vtable, true);
    if (
      vtableBytes < 4 ||
      vtableBytes % 2 !== 0 ||
      vtableBytes > MAX_VOFFSET ||
      vtable + vtableBytes > this.#end
    ) {
      return this.#fail(Rule.vtableSize, vtable, path);
    }
    const tableBytes = data.getUint16(vtable + 2, true);
    if (tableBytes < 4 || tableBytes > MAX_VOFFSET || table + tableBytes > this.#end) {
      return this.#fail(Rule.tableBounds, table, path);
    }
    let unionType = 0;
    for (let id = 0; id < shape.fields.length; id++) {
      const field = shape.fields[id]!;
      const place = path === '' ? field.name : `${path}.${field.name}`;
      const slot = vtable + 4 + 2 * id;
      const offset = slot + 2 <= vtable + vtableBytes ? data.getUint16(slot, true) : 0;
      if (offset === 0) {
        if (field.kind === 'union' || ('required' in field && field.required)) {
          return this.#fail(field.kind === 'union' ? Rule.unionBody : Rule.requiredField, slot, place);
        }
        continue;
      }
      const size = inlineBytes(field);
      if (offset < 4 || offset + size > tableBytes) return this.#fail(Rule.fieldOutsideTable, slot, place);
      const at = table + offset;
      if ((at - this.#start) % inlineAlignment(field) !== 0)
        return this.#fail(Rule.fieldAlignment, at, place);
      if (field.kind === 'unionType') unionType = this.#memory.u8[at]!;
      else if (!this.#value(at, field, place, unionType, depth)) return false;
    }
    return true;
  }

  #value(at: number, field: FieldShape, path: string, unionType: number, depth: number): boolean {
    switch (field.kind) {
      case 'string':
        return this.#string(at, path);
      case 'structs':
        return this.#vector(at, field.bytes, field.alignment, path) >= 0;
      case 'strings': {
        const first = this.#vector(at, 4, 4, path);
        if (first < 0) return false;
        const count = this.#memory.data.getUint32(first - 4, true);
        for (let index = 0; index < count; index++) {
          if (!this.#string(first + 4 * index, `${path}[${index}]`)) return false;
        }
        return true;
      }
      case 'tables': {
        const first = this.#vector(at, 4, 4, path);
        if (first < 0) return false;
        const count = this.#memory.data.getUint32(first - 4, true);
        for (let index = 0; index < count; index++) {
          const table = this.#target(first + 4 * index, `${path}[${index}]`);
          if (table < 0 || !this.#table(table, field.of, `${path}[${index}]`, depth + 1)) return false;
        }
        return true;
      }
      case 'union': {
        const member = field.members[unionType - 1];
        if (member === undefined) return this.#fail(Rule.unionBody, at, path);
        const table = this.#target(at, path);
        return table >= 0 && this.#table(table, member, path, depth + 1);
      }
      default:
        return true;
    }
  }

  /** Where the offset at `slot` leads, with 4 bytes in bounds there; -1 after a violation. */
  #target(slot: number, path: string): number {
    const offset = this.#memory.data.getUint32(slot, true);
    const target = slot + offset;
    if (offset === 0 || (target - this.#start) % 4 !== 0) {
      this.#fail(Rule.offsetAlignment, slot, path);
      return -1;
    }
    if (target + 4 > this.#end) {
      this.#fail(Rule.offsetBounds, slot, path);
      return -1;
    }
    return target;
  }

  /** First element of the vector behind `slot`, in bounds with all its elements; -1 after a violation. */
  #vector(slot: number, elementBytes: number, alignment: number, path: string): number {
    const vector = this.#target(slot, path);
    if (vector < 0) return -1;
    const count = this.#memory.data.getUint32(vector, true);
    const first = vector + 4;
    if (first + count * elementBytes > this.#end) {
      this.#fail(Rule.vectorBounds, vector, path);
      return -1;
    }
    if (count > 0 && (first - this.#start) % alignment !== 0) {
      this.#fail(Rule.fieldAlignment, first, path);
      return -1;
    }
    if (!this.#spend(count * elementBytes)) {
      this.#fail(Rule.workBudget, vector, path);
      return -1;
    }
    return first;
  }

  #string(slot: number, path: string): boolean {
    const string = this.#target(slot, path);
    if (string < 0) return false;
    const { data, u8 } = this.#memory;
    const first = string + 4;
    const last = first + data.getUint32(string, true);
    if (last >= this.#end) return this.#fail(Rule.stringBounds, string, path);
    if (u8[last] !== 0) return this.#fail(Rule.stringTerminator, last, path);
    if (!this.#spend(last - first)) return this.#fail(Rule.workBudget, string, path);
    return isUtf8(u8, first, last) || this.#fail(Rule.utf8, first, path);
  }

  #spend(bytes: number): boolean {
    this.#work -= bytes;
    return this.#work >= 0;
  }

  #fail(rule: RuleNumber, at: number, path: string): false {
    this.#violation = violation(rule, at - this.#start, path);
    return false;
  }
}

function inlineBytes(field: FieldShape): number {
  if (field.kind === 'scalar' || field.kind === 'struct') return field.bytes;
  return field.kind === 'unionType' ? 1 : 4;
}

function inlineAlignment(field: FieldShape): number {
  if (field.kind === 'scalar') return field.bytes;
  if (field.kind === 'struct') return field.alignment;
  return field.kind === 'unionType' ? 1 : 4;
}
