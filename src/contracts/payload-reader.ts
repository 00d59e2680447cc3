import { HIGH } from '../codec/memory.js';
import { isUtf8 } from '../codec/utf8.js';
import { Rule, type RuleNumber } from '../codec/verify-rule.js';
import {
  FIELD_ALIGNMENT_MASK,
  FIELD_ALIGNMENT_SHIFT,
  FIELD_BYTES_MASK,
  FIELD_REQUIRED,
  OP_WIDE_LENGTH,
  OP_WIDE_OFFSET,
  TAG_WORDS,
  TableRecord,
  UnionRecord,
  VERIFY_LIMITS,
} from './program-ops.js';

const { workPerValue } = VERIFY_LIMITS;

/** The parts that payloads are made of, each without what lies behind it, and the work that is left. */
export class PayloadReader {
  /** Of the payload verified last. */
  failedRule: RuleNumber = Rule.ok;
  /** From the payload's start. Bytes. */
  failedAt = 0;
  /** By how much too long, where that is known; else 0. Bytes. */
  protected past = 0;
  protected path = '';

  protected u8: Uint8Array = new Uint8Array(0);
  protected data: DataView = new DataView(new ArrayBuffer(0));
  /** Of the buffer in work: the payload, or one nested in it. */
  protected start = 0;
  protected end = 0;
  protected work = 0;

  protected code: Int32Array = new Int32Array(0);
  protected names: readonly string[] = [];

  /** Where the offset at `slot` leads, with `bytes` in bounds there; -1 after a violation. */
  protected target(slot: number, bytes: number, alignmentMask: number): number {
    const target = slot + this.data.getUint32(slot, true);
    if (target !== slot && target + bytes <= this.end && ((target - this.start) & alignmentMask) === 0) {
      return target;
    }
    return this.#noTarget(slot, target, bytes);
  }

  protected wideTarget(slot: number, bytes: number): number {
    const { data } = this;
    const target = slot + data.getUint32(slot, true) + data.getUint32(slot + 4, true) * HIGH;
    if (target !== slot && target + bytes <= this.end && ((target - this.start) & (bytes - 1)) === 0) {
      return target;
    }
    return this.#noTarget(slot, target, bytes);
  }

  #noTarget(slot: number, target: number, bytes: number): number {
    const past = target + bytes - this.end;
    if (target === slot) this.fail(Rule.offsetZero, slot);
    else if (past > 0) this.fail(Rule.offsetBounds, slot, past);
    else this.fail(Rule.offsetAlignment, slot);
    return -1;
  }

  /** Of a string that lies at `string`, or nowhere when that is -1. */
  protected string(string: number): boolean {
    if (string < 0) return false;
    const { u8 } = this;
    const first = string + 4;
    const bytes = this.data.getUint32(string, true);
    const last = first + bytes;
    if (last >= this.end) return this.fail(Rule.stringBounds, string, last + 1 - this.end);
    if (u8[last] !== 0) return this.fail(Rule.stringTerminator, last);
    if (!this.spend(workPerValue + bytes)) return this.fail(Rule.workBudget, string);
    let at = first;
    // Most texts are ASCII to their end.
    while (u8[at]! < 0x80 && at < last) at++;
    return at >= last || isUtf8(u8, at, last) || this.fail(Rule.utf8, first);
  }

  /** First element of the vector behind `slot`, in bounds with all its elements; -1 after a violation. */
  protected vector(slot: number, elementBytes: number, alignmentMask: number): number {
    const vector = this.target(slot, 4, 3);
    if (vector < 0) return -1;
    return this.#elements(vector, 4, this.data.getUint32(vector, true), elementBytes, alignmentMask);
  }

  /** The same, behind an offset or with a length that may be 64 bits wide. */
  protected wideVector(slot: number, flags: number, elementBytes: number, alignmentMask: number): number {
    const { data } = this;
    const head = headBytes(flags);
    const vector =
      (flags & OP_WIDE_OFFSET) === 0 ? this.target(slot, head, head - 1) : this.wideTarget(slot, head);
    if (vector < 0) return -1;
    const high = head === 8 ? data.getUint32(vector + 4, true) * HIGH : 0;
    return this.#elements(vector, head, high + data.getUint32(vector, true), elementBytes, alignmentMask);
  }

  #elements(
    vector: number,
    head: number,
    count: number,
    elementBytes: number,
    alignmentMask: number,
  ): number {
    const first = vector + head;
    const past = first + count * elementBytes - this.end;
    if (past > 0) this.fail(Rule.vectorBounds, vector, past);
    else if (count > 0 && ((first - this.start) & alignmentMask) !== 0) this.fail(Rule.fieldAlignment, first);
    else if (!this.spend(workPerValue)) this.fail(Rule.workBudget, vector);
    else return first;
    return -1;
  }

  protected strings(slot: number): boolean {
    const first = this.vector(slot, 4, 3);
    if (first < 0) return false;
    const count = this.data.getUint32(first - 4, true);
    for (let index = 0, at = first; index < count; index++, at += 4) {
      if (!this.string(this.target(at, 4, 3))) return this.withinElement(index);
    }
    return true;
  }

  /** Whether the fields lie in their table, aligned, and none is missing. */
  protected fields(
    record: number,
    table: number,
    phase: number,
    vtable: number,
    vtableBytes: number,
    tableBytes: number,
  ): boolean {
    const { data } = this;
    const code = this.code;
    const fields = code[record + TableRecord.fields]!;
    const entries = (vtableBytes >> 1) - 2;
    const known = entries < fields ? entries : fields;
    const words = record + TableRecord.words;
    for (let id = 0, entry = vtable + 4; id < known; id++, entry += 2) {
      const field = code[words + id]!;
      const offset = data.getUint16(entry, true);
      if (offset === 0) {
        if (field >= FIELD_REQUIRED) return this.#failField(Rule.requiredField, entry, record, id);
      } else if (field !== 0) {
        if (offset < 4 || offset + (field & FIELD_BYTES_MASK) > tableBytes) {
          return this.#failField(Rule.fieldOutsideTable, entry, record, id);
        }
        if (((phase + offset) & (field >> FIELD_ALIGNMENT_SHIFT) & FIELD_ALIGNMENT_MASK) !== 0) {
          return this.#failField(Rule.fieldAlignment, table + offset, record, id);
        }
      }
    }
    for (let id = known; id < code[record + TableRecord.requiredEnd]!; id++) {
      // The vtable ends before its entry.
      if (code[words + id]! >= FIELD_REQUIRED) return this.#failField(Rule.requiredField, vtable, record, id);
    }
    return true;
  }

  protected memberKind(record: number, tag: number): number {
    const code = this.code;
    return tag < code[record + UnionRecord.tags]! ? code[record + UnionRecord.words + tag * TAG_WORDS]! : 0;
  }

  protected spend(work: number): boolean {
    this.work -= work;
    return this.work >= 0;
  }

  protected fail(rule: RuleNumber, at: number, past = 0): false {
    this.failedRule = rule;
    this.failedAt = at;
    this.past = past;
    this.path = '';
    return false;
  }

  /** The path is written on the way back, from its end: the way there costs nothing. */
  protected within(part: string): false {
    const { path } = this;
    this.path = path === '' || path.startsWith('[') ? part + path : `${part}.${path}`;
    return false;
  }

  #failField(rule: RuleNumber, at: number, record: number, id: number): false {
    this.fail(rule, at);
    return this.withinField(record, id);
  }

  protected withinField(record: number, id: number): false {
    return this.within(this.names[this.code[record + TableRecord.names]! + id]!);
  }

  protected withinElement(index: number): false {
    return this.within(`[${index}]`);
  }
}

/** What the length of a vector takes. Bytes. */
export function headBytes(flags: number): 4 | 8 {
  return (flags & OP_WIDE_LENGTH) === 0 ? 4 : 8;
}
