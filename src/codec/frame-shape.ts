import { FIELD_COUNT, Field, INLINE_ALIGNMENT, INLINE_BYTES } from './frame-layout.js';
import { Rule, type RuleNumber } from './verify-rule.js';

/** Vtables longer than this belong to versions with many more fields; they verify, but are not remembered. Entries. */
const REMEMBERED_ENTRIES = 32;

/** Size of the offset to the vtable that every table begins with. Bytes. */
const TABLE_HEAD_BYTES = 4;

/**
 * What a vtable says about a frame's table: where each field lies. Producers send the same few shapes over and
 * over, so the verifier remembers the last one and compares instead of checking again.
 */
export class FrameShape {
  /** Offset of each known field from the start of the table; 0 when absent. */
  readonly offsets = new Uint16Array(FIELD_COUNT);
  /** Bytes of the table itself. */
  tableBytes = 0;
  /** Bytes of the vtable. */
  vtableBytes = 0;
  /** Where the table lies modulo 8: alignment of its fields depends on it. */
  phase = 0;
  /** Whether the frame has fields out of line besides subject and payload. */
  hasText = false;

  /** Id of the field whose rule was broken by `read`; later versions have ids from FIELD_COUNT on. */
  failedField = 0;

  readonly #entries = new Uint16Array(REMEMBERED_ENTRIES);

  /** Whether the vtable at `vtable`, of `vtableBytes`, in bounds, is the one remembered. */
  matches(data: DataView, vtable: number, vtableBytes: number, phase: number): boolean {
    if (vtableBytes !== this.vtableBytes || phase !== this.phase) return false;
    const entries = this.#entries;
    for (let index = 1, at = vtable + 2; index < vtableBytes >> 1; index++, at += 2) {
      if (data.getUint16(at, true) !== entries[index]) return false;
    }
    return true;
  }

  /** Checks a vtable, in bounds, and takes it over. Field bounds are held against the table's own size. */
  read(data: DataView, vtable: number, vtableBytes: number, phase: number): RuleNumber {
    const tableBytes = data.getUint16(vtable + 2, true);
    this.vtableBytes = 0;
    if (tableBytes < TABLE_HEAD_BYTES) return Rule.tableBounds;
    const entryCount = (vtableBytes >> 1) - 2;
    for (let field = 0; field < FIELD_COUNT; field++) {
      const offset = field < entryCount ? data.getUint16(vtable + 4 + 2 * field, true) : 0;
      this.offsets[field] = offset;
      if (offset === 0) continue;
      this.failedField = field;
      if (offset < TABLE_HEAD_BYTES || offset + INLINE_BYTES[field]! > tableBytes)
        return Rule.fieldOutsideTable;
      if ((phase + offset) % INLINE_ALIGNMENT[field]! !== 0) return Rule.fieldAlignment;
    }
    for (const field of [Field.origin, Field.stamp, Field.subject]) {
      this.failedField = field;
      if (this.offsets[field] === 0) return Rule.requiredField;
    }
    const stamp = this.offsets[Field.stamp]!;
    const stampEnd = stamp + INLINE_BYTES[Field.stamp]!;
    for (let field = 0; field < entryCount; field++) {
      const offset = data.getUint16(vtable + 4 + 2 * field, true);
      if (offset === 0 || field === Field.stamp) continue;
      this.failedField = field;
      // Fields that this version does not know take at least one byte.
      const fieldEnd = offset + (INLINE_BYTES[field] ?? 1);
      if (offset < TABLE_HEAD_BYTES || fieldEnd > tableBytes) return Rule.fieldOutsideTable;
      if (offset < stampEnd && fieldEnd > stamp) return Rule.overlap;
    }
    this.tableBytes = tableBytes;
    this.phase = phase;
    this.hasText = this.offsets.some((offset, field) => offset !== 0 && field >= Field.tracestate);
    if (entryCount + 2 <= REMEMBERED_ENTRIES) {
      this.vtableBytes = vtableBytes;
      for (let index = 0; index < entryCount + 2; index++) {
        this.#entries[index] = data.getUint16(vtable + 2 * index, true);
      }
    }
    return Rule.ok;
  }
}
