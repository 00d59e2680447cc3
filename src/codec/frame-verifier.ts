import {
  FIELD_NAMES,
  Field,
  FRAME_ALIGNMENT,
  FRAME_IDENTIFIER,
  INLINE_BYTES,
  PREAMBLE_BYTES,
} from './frame-layout.js';
import { FrameShape } from './frame-shape.js';
import type { FrameView } from './frame-view.js';
import type { Memory } from './memory.js';
import { isUtf8 } from './utf8.js';
import { Rule, type RuleNumber } from './verify-rule.js';

/**
 * How many bytes of text and tables a frame may make the verifier look at, as a multiple of its own size. Sharing
 * strings between headers is legal, making a small frame cost the work of a large one is not.
 */
const WORK_PER_BYTE = 4;
/** Bytes of work that one table costs beside its text. */
const WORK_PER_TABLE = 16;

/** Odd, and its bits look random. */
const HASH_MULTIPLIER = 0x85ebca6b;

/** Shapes remembered. */
const MAX_SHAPES = 16;

const STAMP_BYTES = INLINE_BYTES[Field.stamp]!;
const TEXT_FIELDS = [
  Field.tracestate,
  Field.baggage,
  Field.experiment,
  Field.variant,
  Field.assignmentKey,
] as const;

/**
 * Verifies frames against schemas/frame.fbs. It rejects whatever FlatBuffers' generated C++ verifier rejects, and
 * beyond that: text that is not UTF-8, fields outside their table, a stamp that shares bytes with anything else
 * (the broker writes it in place), and frames that cost more work than their size allows.
 */
export class FrameVerifier {
  /**
   * Start value and first multiplier of the subject hash, so that nobody can choose subjects that collide. The start
   * value alone would not do: a difference in the high bits of a word comes out of a known multiplication as a
   * difference that the next word can undo, whatever the start value.
   */
  readonly #seed: number;
  readonly #multiplier: number;
  /** Of the last frame. */
  #shape = new FrameShape();
  /** Of other frames of late: publishers of one broker send a handful of shapes, interleaved. */
  readonly #shapes: FrameShape[] = [];
  #nextShape = 0;
  #work = 0;

  constructor(seed = 0) {
    this.#seed = seed | 0;
    this.#multiplier = Math.imul(seed ^ 0x9e3779b9, HASH_MULTIPLIER) | 1;
  }

  /**
   * Verifies the size-prefixed frame at `start` and points `view` at it. Bytes from `limit` on belong to others.
   * Returns false when the bytes are no frame; `view.violation` then says why and everything else in `view` is void.
   */
  verify(memory: Memory, start: number, limit: number, view: FrameView): boolean {
    const { data } = memory;
    view.memory = memory;
    view.start = start;
    view.failedRule = Rule.ok;
    if (limit > memory.length) limit = memory.length;
    if (limit - start < PREAMBLE_BYTES) return fail(view, Rule.tooShort, start, '');
    const byteLength = data.getUint32(start, true) + 4;
    if (byteLength > limit - start) return fail(view, Rule.sizePrefix, start, '');
    if (byteLength % FRAME_ALIGNMENT !== 0) return fail(view, Rule.sizeAlignment, start, '');
    if (byteLength < PREAMBLE_BYTES) return fail(view, Rule.tooShort, start, '');
    if (data.getUint32(start + 8, true) !== FRAME_IDENTIFIER)
      return fail(view, Rule.identifier, start + 8, '');
    const end = start + byteLength;
    view.end = end;

    const rootOffset = data.getUint32(start + 4, true);
    const table = start + 4 + rootOffset;
    if (rootOffset === 0 || rootOffset % 4 !== 0 || table + 4 > end) {
      return fail(view, Rule.rootOffset, start + 4, '');
    }
    const vtable = table - data.getInt32(table, true);
    if (vtable < start || vtable + 4 > end || (vtable - start) % 2 !== 0) {
      return fail(view, Rule.vtableOffset, table, '');
    }
    const vtableBytes = data.getUint16(vtable, true);
    if (vtableBytes < 4 || vtableBytes % 2 !== 0 || vtable + vtableBytes > end) {
      return fail(view, Rule.vtableSize, vtable, '');
    }
    const phase = (table - start) % FRAME_ALIGNMENT;
    let shape = this.#shape;
    if (!shape.matches(data, vtable, vtableBytes, phase)) {
      const known = this.#recall(data, vtable, vtableBytes, phase);
      shape = known ?? new FrameShape();
      const rule = known === undefined ? shape.read(data, vtable, vtableBytes, phase) : Rule.ok;
      if (rule !== Rule.ok) {
        if (rule === Rule.tableBounds) return fail(view, rule, table, '');
        const field = shape.failedField;
        return fail(view, rule, vtable + 4 + 2 * field, FIELD_NAMES[field] ?? `field ${field}`);
      }
      if (known === undefined) this.#remember(shape);
      this.#shape = shape;
    }
    view.shape = shape;
    view.table = table;
    if (table + shape.tableBytes > end) return fail(view, Rule.tableBounds, table, '');
    const { offsets } = shape;
    const stampAt = table + offsets[Field.stamp]!;
    if (vtable < stampAt + STAMP_BYTES && vtable + vtableBytes > stampAt) {
      return fail(view, Rule.overlap, vtable, '');
    }
    view.originAt = table + offsets[Field.origin]!;
    view.stampAt = stampAt;
    this.#work = byteLength * WORK_PER_BYTE;

    const subject = this.#verifySubject(view, table + offsets[Field.subject]!);
    if (!subject) return false;

    const payloadOffset = offsets[Field.payload]!;
    if (payloadOffset === 0) {
      view.payloadStart = view.payloadEnd = end;
    } else {
      const slot = table + payloadOffset;
      const offset = data.getUint32(slot, true);
      const vector = slot + offset;
      if (offset === 0 || (vector - start) % 4 !== 0)
        return fail(view, Rule.offsetAlignment, slot, 'payload');
      if (vector + 4 > end) return fail(view, Rule.offsetBounds, slot, 'payload');
      const payloadEnd = vector + 4 + data.getUint32(vector, true);
      if (payloadEnd > end) return fail(view, Rule.vectorBounds, vector, 'payload');
      if (vector < stampAt + STAMP_BYTES && payloadEnd > stampAt) {
        return fail(view, Rule.overlap, vector, 'payload');
      }
      view.payloadStart = vector + 4;
      view.payloadEnd = payloadEnd;
    }
    return !shape.hasText || this.#verifyTexts(view);
  }

  /** Apart from `verify`, where a closure would cost every call an allocation. */
  #recall(data: DataView, vtable: number, vtableBytes: number, phase: number): FrameShape | undefined {
    return this.#shapes.find((shape) => shape.matches(data, vtable, vtableBytes, phase));
  }

  /** In the place of the oldest. Views that were retained keep theirs: a shape never changes once it was read. */
  #remember(shape: FrameShape): void {
    this.#shapes[this.#nextShape] = shape;
    this.#nextShape = (this.#nextShape + 1) % MAX_SHAPES;
  }

  /** The subject is checked, and hashed on the way, a word at a time: it is read in every frame. */
  #verifySubject(view: FrameView, slot: number): boolean {
    const { memory, start, end } = view;
    const { data } = memory;
    const offset = data.getUint32(slot, true);
    const string = slot + offset;
    if (offset === 0 || (string - start) % 4 !== 0) return fail(view, Rule.offsetAlignment, slot, 'subject');
    if (string + 4 > end) return fail(view, Rule.offsetBounds, slot, 'subject');
    const first = string + 4;
    const last = first + data.getUint32(string, true);
    if (last >= end) return fail(view, Rule.stringBounds, string, 'subject');
    if (memory.u8[last] !== 0) return fail(view, Rule.stringTerminator, last, 'subject');
    if (string < view.stampAt + STAMP_BYTES && last >= view.stampAt) {
      return fail(view, Rule.overlap, string, 'subject');
    }
    let hash = this.#seed ^ (last - first);
    const multiplier = this.#multiplier;
    let bits = 0;
    let at = first;
    for (; at + 4 <= last; at += 4) {
      const word = data.getInt32(at, true);
      bits |= word;
      hash = Math.imul(hash ^ word, multiplier);
      hash = Math.imul(hash ^ (hash >>> 15), HASH_MULTIPLIER);
    }
    if (at < last) {
      let word = 0;
      for (; at < last; at++) word = (word << 8) | memory.u8[at]!;
      bits |= word;
      hash = Math.imul(hash ^ word, multiplier);
      hash = Math.imul(hash ^ (hash >>> 15), HASH_MULTIPLIER);
    }
    if ((bits & 0x80808080) !== 0 && !isUtf8(memory.u8, first, last)) {
      return fail(view, Rule.utf8, first, 'subject');
    }
    view.subjectText = undefined;
    view.subjectHash = hash;
    view.subjectStart = first;
    view.subjectEnd = last;
    return true;
  }

  #verifyTexts(view: FrameView): boolean {
    const { offsets } = view.shape;
    for (const field of TEXT_FIELDS) {
      const offset = offsets[field]!;
      if (offset !== 0 && !this.#verifyString(view, view.table + offset, FIELD_NAMES[field]!)) return false;
    }
    const headers = offsets[Field.headers]!;
    return headers === 0 || this.#verifyHeaders(view, view.table + headers);
  }

  #verifyString(view: FrameView, slot: number, path: string): boolean {
    const { memory, start, end } = view;
    const offset = memory.data.getUint32(slot, true);
    const string = slot + offset;
    if (offset === 0 || (string - start) % 4 !== 0) return fail(view, Rule.offsetAlignment, slot, path);
    if (string + 4 > end) return fail(view, Rule.offsetBounds, slot, path);
    const first = string + 4;
    const last = first + memory.data.getUint32(string, true);
    if (last >= end) return fail(view, Rule.stringBounds, string, path);
    if (memory.u8[last] !== 0) return fail(view, Rule.stringTerminator, last, path);
    if (touchesStamp(view, string, last + 1)) return fail(view, Rule.overlap, string, path);
    if (!this.#spend(last - first)) return fail(view, Rule.workBudget, string, path);
    if (!isUtf8(memory.u8, first, last)) return fail(view, Rule.utf8, first, path);
    return true;
  }

  #verifyHeaders(view: FrameView, slot: number): boolean {
    const { memory, start, end } = view;
    const { data } = memory;
    const offset = data.getUint32(slot, true);
    const vector = slot + offset;
    if (offset === 0 || (vector - start) % 4 !== 0) return fail(view, Rule.offsetAlignment, slot, 'headers');
    if (vector + 4 > end) return fail(view, Rule.offsetBounds, slot, 'headers');
    const count = data.getUint32(vector, true);
    const vectorEnd = vector + 4 + 4 * count;
    if (vectorEnd > end) return fail(view, Rule.vectorBounds, vector, 'headers');
    if (touchesStamp(view, vector, vectorEnd)) return fail(view, Rule.overlap, vector, 'headers');
    for (let index = 0; index < count; index++) {
      if (!this.#verifyHeader(view, vector + 4 + 4 * index, index)) return false;
    }
    return true;
  }

  #verifyHeader(view: FrameView, slot: number, index: number): boolean {
    const { start, end } = view;
    const { data } = view.memory;
    if (!this.#spend(WORK_PER_TABLE)) return failHeader(view, Rule.workBudget, slot, index);
    const offset = data.getUint32(slot, true);
    const table = slot + offset;
    if (offset === 0 || (table - start) % 4 !== 0) return failHeader(view, Rule.offsetAlignment, slot, index);
    if (table + 4 > end) return failHeader(view, Rule.offsetBounds, slot, index);
    const vtable = table - data.getInt32(table, true);
    if (vtable < start || vtable + 4 > end || (vtable - start) % 2 !== 0) {
      return failHeader(view, Rule.vtableOffset, table, index);
    }
    const vtableBytes = data.getUint16(vtable, true);
    if (vtableBytes < 4 || vtableBytes % 2 !== 0 || vtable + vtableBytes > end) {
      return failHeader(view, Rule.vtableSize, vtable, index);
    }
    const tableBytes = data.getUint16(vtable + 2, true);
    if (tableBytes < 4 || table + tableBytes > end) return failHeader(view, Rule.tableBounds, table, index);
    if (touchesStamp(view, vtable, vtable + vtableBytes) || touchesStamp(view, table, table + tableBytes)) {
      return failHeader(view, Rule.overlap, table, index);
    }
    if (vtableBytes < 8) return failHeader(view, Rule.requiredField, vtable, index);
    for (let field = 0; field < 2; field++) {
      const name = field === 0 ? '.name' : '.value';
      const entry = data.getUint16(vtable + 4 + 2 * field, true);
      const at = vtable + 4 + 2 * field;
      if (entry === 0) return failHeader(view, Rule.requiredField, at, index, name);
      if (entry < 4 || entry + 4 > tableBytes)
        return failHeader(view, Rule.fieldOutsideTable, at, index, name);
      if ((table + entry - start) % 4 !== 0) return failHeader(view, Rule.fieldAlignment, at, index, name);
      if (!this.#verifyString(view, table + entry, '')) {
        view.failedPath = `headers[${index}]${name}`;
        return false;
      }
    }
    return true;
  }

  #spend(bytes: number): boolean {
    this.#work -= bytes;
    return this.#work >= 0;
  }
}

function fail(view: FrameView, rule: RuleNumber, at: number, path: string): false {
  view.failedRule = rule;
  view.failedAt = at;
  view.failedPath = path;
  return false;
}

function failHeader(view: FrameView, rule: RuleNumber, at: number, index: number, field = ''): false {
  return fail(view, rule, at, `headers[${index}]${field}`);
}

function touchesStamp({ stampAt }: FrameView, from: number, to: number): boolean {
  return from < stampAt + STAMP_BYTES && to > stampAt;
}
