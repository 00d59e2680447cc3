import type { Memory } from '../codec/memory.js';
import { Rule, type Violation, violation } from '../codec/verify-rule.js';
import { headBytes, PayloadReader } from './payload-reader.js';
import type { Program } from './program.js';
import {
  FIELD_ALIGNMENT_SHIFT,
  FIELD_BYTES_MASK,
  Header,
  OP_ENTRY_SHIFT,
  OP_KIND_MASK,
  OP_WIDE_LENGTH,
  OP_WIDE_OFFSET,
  OP_WORDS,
  OpKind,
  TAG_WORDS,
  TableRecord,
  UnionRecord,
  VERIFY_LIMITS,
} from './program-ops.js';

const { minBytes, maxBytes, maxVoffset, work, workPerByte, workPerTable, workVtableShift, workPerValue } =
  VERIFY_LIMITS;
const MAX_DEPTH = VERIFY_LIMITS.depth;
const MAX_TABLES = VERIFY_LIMITS.tables;
const OP_MASK = OP_KIND_MASK | OP_WIDE_OFFSET | OP_WIDE_LENGTH;

/** Vtables that are remembered, by the number of the table's record. A power of two. */
const SEEN = 64;
const MAX_RUNS = 0x7fff_ffff;

/**
 * Verifies payloads by programs, check for check as docs/verifier.md has it and native/verify.cc does it. One instance
 * serves one payload after another, of any programs.
 */
export class ProgramVerifier extends PayloadReader {
  #program: Program | undefined;
  #tables = 0;
  /**
   * Where the vtable lies that a table of this record had last, and how the table was aligned: with the same again its
   * fields need no second look. Entries of payloads before count for nothing.
   */
  readonly #seenVtable = new Int32Array(SEEN);
  readonly #seenKind = new Int32Array(SEEN);
  readonly #seenRun = new Int32Array(SEEN);
  #run = 0;

  /** The first violation of the payload at `start` to `end`, if there is one. */
  verify(program: Program, memory: Memory, start: number, end: number): Violation | undefined {
    if (this.accepts(program, memory, start, end)) return undefined;
    return violation(this.failedRule, this.failedAt, this.path, this.past);
  }

  /** Whether the payload verifies; if not, `failedRule` and `failedAt` say why. */
  accepts(program: Program, memory: Memory, start: number, end: number): boolean {
    if (program !== this.#program) {
      this.#program = program;
      this.code = program.code;
      this.names = program.names;
    }
    this.u8 = memory.u8;
    this.data = memory.data;
    this.start = start;
    this.end = end;
    this.work = work + (end - start) * workPerByte;
    this.#tables = MAX_TABLES;
    if (++this.#run === MAX_RUNS) this.#forget();
    if (this.#root(start, end - start)) return true;
    this.failedAt -= start;
    return false;
  }

  /** Before the numbers of payloads begin anew. */
  #forget(): void {
    this.#seenRun.fill(0);
    this.#run = 1;
  }

  #root(start: number, bytes: number): boolean {
    const code = this.code;
    if (bytes < minBytes) return this.fail(Rule.tooShort, start);
    if (bytes > maxBytes) return this.fail(Rule.tooLong, start);
    const identifier = code[Header.identifier]!;
    if (identifier !== 0 && this.data.getInt32(start + 4, true) !== identifier) {
      return this.fail(Rule.identifier, start + 4);
    }
    return this.#rootTable(code[Header.words]!, start, 1);
  }

  #rootTable(record: number, start: number, depth: number): boolean {
    const table = start + this.data.getUint32(start, true);
    if (table === start || ((table - start) & 3) !== 0 || table + 4 > this.end) {
      return this.fail(Rule.rootOffset, start);
    }
    return this.#table(record, table, depth);
  }

  #table(record: number, table: number, depth: number): boolean {
    const { data, start, end } = this;
    const code = this.code;
    if (depth > MAX_DEPTH) return this.fail(Rule.depth, table);
    const vtable = table - data.getInt32(table, true);
    if (vtable < start || vtable + 4 > end || ((vtable - start) & 1) !== 0) {
      return this.fail(Rule.vtableOffset, table);
    }
    const vtableBytes = data.getUint16(vtable, true);
    if (vtableBytes < 4 || (vtableBytes & 1) !== 0 || vtableBytes > maxVoffset) {
      return this.fail(Rule.vtableSize, vtable);
    }
    if (vtable + vtableBytes > end) return this.fail(Rule.vtableSize, vtable, vtable + vtableBytes - end);
    const tableBytes = data.getUint16(vtable + 2, true);
    if (tableBytes < 4 || tableBytes > maxVoffset) return this.fail(Rule.tableBounds, table);
    if (table + tableBytes > end) return this.fail(Rule.tableBounds, table, table + tableBytes - end);
    if (--this.#tables < 0) return this.fail(Rule.tableCount, table);
    if (!this.spend(workPerTable + (vtableBytes >> workVtableShift)))
      return this.fail(Rule.workBudget, table);
    const index = code[record]!;
    const phase = (table - start) & code[record + TableRecord.phaseMask]!;
    const slot = index & (SEEN - 1);
    const kind = (index << 8) | phase;
    if (
      this.#seenVtable[slot] !== vtable ||
      this.#seenKind[slot] !== kind ||
      this.#seenRun[slot] !== this.#run
    ) {
      if (!this.fields(record, table, phase, vtable, vtableBytes, tableBytes)) return false;
      this.#seenVtable[slot] = vtable;
      this.#seenKind[slot] = kind;
      this.#seenRun[slot] = this.#run;
    }
    const ops = code[record + TableRecord.ops]!;
    return ops === 0 || this.#values(record, ops, table, vtable, vtableBytes, depth);
  }

  /** What the fields refer to. */
  #values(
    record: number,
    ops: number,
    table: number,
    vtable: number,
    vtableBytes: number,
    depth: number,
  ): boolean {
    const { data } = this;
    const code = this.code;
    let at = record + TableRecord.words + code[record + TableRecord.fields]!;
    for (const last = at + ops * OP_WORDS; at < last; at += OP_WORDS) {
      const word = code[at]!;
      const entry = word >> OP_ENTRY_SHIFT;
      const offset = entry < vtableBytes ? data.getUint16(vtable + entry, true) : 0;
      const slot = table + offset;
      let good: boolean;
      if (offset === 0) {
        const kind = word & OP_KIND_MASK;
        if (kind !== OpKind.union && kind !== OpKind.unions) {
          // Those behind it are missing too.
          if (entry >= vtableBytes) break;
          continue;
        }
        good = this.#absentUnion(at, table, vtable, vtableBytes);
      } else {
        switch (word & OP_MASK) {
          case OpKind.string:
            good = this.string(this.target(slot, 4, 3));
            break;
          case OpKind.vector:
            good = this.vector(slot, code[at + 1]!, code[at + 2]!) >= 0;
            break;
          case OpKind.table: {
            const target = this.target(slot, 4, 3);
            good = target >= 0 && this.#table(code[at + 1]!, target, depth + 1);
            break;
          }
          case OpKind.tables:
            good = this.#tableVector(slot, code[at + 1]!, depth);
            break;
          case OpKind.strings:
            good = this.strings(slot);
            break;
          case OpKind.union:
          case OpKind.unions: {
            const tagEntry = code[at + 2]!;
            const tagOffset = tagEntry < vtableBytes ? data.getUint16(vtable + tagEntry, true) : 0;
            const tag = tagOffset === 0 ? -1 : table + tagOffset;
            good =
              (word & OP_KIND_MASK) === OpKind.union
                ? this.#member(slot, tag < 0 ? 0 : this.u8[tag]!, code[at + 1]!, depth, true)
                : this.#unions(slot, tag, code[at + 1]!, vtable + entry, depth);
            break;
          }
          default:
            good = this.#others(slot, at, depth);
        }
      }
      if (!good) return this.withinField(record, (entry >> 1) - 2);
    }
    return true;
  }

  /** Nested buffers, and all that is 64 bits wide. */
  #others(slot: number, op: number, depth: number): boolean {
    const code = this.code;
    const word = code[op]!;
    const kind = word & OP_KIND_MASK;
    if (kind === OpKind.string) return this.string(this.wideTarget(slot, 4));
    if (kind === OpKind.vector) return this.wideVector(slot, word, code[op + 1]!, code[op + 2]!) >= 0;
    const first = this.wideVector(slot, word, 1, 0);
    return first >= 0 && this.#nested(first, first - headBytes(word), code[op + 1]!, depth);
  }

  #tableVector(slot: number, record: number, depth: number): boolean {
    const first = this.vector(slot, 4, 3);
    if (first < 0) return false;
    const count = this.data.getUint32(first - 4, true);
    for (let index = 0, at = first; index < count; index++, at += 4) {
      const target = this.target(at, 4, 3);
      if (target < 0 || !this.#table(record, target, depth + 1)) return this.withinElement(index);
    }
    return true;
  }

  /** Of a union or a vector of unions without a value. */
  #absentUnion(op: number, table: number, vtable: number, vtableBytes: number): boolean {
    const code = this.code;
    const tagEntry = code[op + 2]!;
    const tagOffset = tagEntry < vtableBytes ? this.data.getUint16(vtable + tagEntry, true) : 0;
    if (tagOffset === 0) return true;
    const word = code[op]!;
    const entry = word >> OP_ENTRY_SHIFT;
    const at = entry < vtableBytes ? vtable + entry : vtable;
    if ((word & OP_KIND_MASK) === OpKind.unions) return this.fail(Rule.unionVectors, at);
    // FlatBuffers takes a tag without a value for no value at all, but for structs.
    const kind = this.memberKind(code[op + 1]!, this.u8[table + tagOffset]!);
    return kind !== OpKind.struct || this.fail(Rule.unionBody, at);
  }

  /** `tagSlot` is -1 when there are no tags. */
  #unions(slot: number, tagSlot: number, record: number, entry: number, depth: number): boolean {
    if (tagSlot < 0) return this.fail(Rule.unionVectors, entry);
    const first = this.vector(slot, 4, 3);
    if (first < 0) return false;
    const { data } = this;
    const count = data.getUint32(first - 4, true);
    const tags = tagSlot + data.getUint32(tagSlot, true);
    if (data.getUint32(tags, true) !== count) return this.fail(Rule.unionVectors, first - 4);
    for (let index = 0, at = first; index < count; index++, at += 4) {
      const tag = this.u8[tags + 4 + index]!;
      if (!this.#member(at, tag, record, depth, false)) return this.withinElement(index);
    }
    return true;
  }

  /** `always`: whether the offset is looked at also when nothing is known about what it leads to. */
  #member(slot: number, tag: number, record: number, depth: number, always: boolean): boolean {
    if (!this.spend(workPerValue)) return this.fail(Rule.workBudget, slot);
    const kind = this.memberKind(record, tag);
    if (kind === OpKind.pass) return !always || this.target(slot, 1, 0) >= 0;
    const argument = this.code[record + UnionRecord.words + tag * TAG_WORDS + 1]!;
    if (kind === OpKind.struct) {
      return this.target(slot, argument & FIELD_BYTES_MASK, argument >> FIELD_ALIGNMENT_SHIFT) >= 0;
    }
    const target = this.target(slot, 4, 3);
    if (kind === OpKind.string) return this.string(target);
    return target >= 0 && this.#table(argument, target, depth + 1);
  }

  /** The bytes of a vector as a buffer of their own. */
  #nested(first: number, vector: number, record: number, depth: number): boolean {
    const bytes = this.data.getUint32(vector, true);
    if (bytes < minBytes) return this.fail(Rule.tooShort, first);
    const { start, end } = this;
    this.start = first;
    this.end = first + bytes;
    const good = this.#rootTable(record, first, depth + 1);
    this.start = start;
    this.end = end;
    return good;
  }
}
