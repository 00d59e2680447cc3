import type { AssignmentTexts } from './assignment-texts.js';
import { Field, FRAME_ALIGNMENT, FRAME_IDENTIFIER, PREAMBLE_BYTES } from './frame-layout.js';
import { FrameShape } from './frame-shape.js';
import { FrameSlab } from './frame-slab.js';
import { FrameVerifier } from './frame-verifier.js';
import { FrameView } from './frame-view.js';
import { FrameWriter } from './frame-writer.js';
import { Memory } from './memory.js';
import { hasHeaderShapeBefore } from './text-places.js';

/** What two more offsets take in a table. Bytes. */
const GROWTH = 8;
/** Offset to the vtable, which a table begins with, and the two behind it. Bytes. */
const TABLE_HEAD_BYTES = 4 + GROWTH;
const EXPERIMENT_OFFSET = 4;
const VARIANT_OFFSET = 8;
const MAX_U16 = 0xffff;

/** What frames of one shape begin with once they say what they were assigned to. */
interface Head {
  /** Up to the first field that was there before. */
  readonly bytes: Uint8Array;
  /** Where the table lies in those. */
  readonly table: number;
  readonly shape: FrameShape;
}

/**
 * Writes copies of frames that say which experiment and variant they were assigned to, whatever they said before. All else is
 * taken over as it is, also what this version does not know: the table begins two offsets earlier, behind a vtable of its own,
 * and everything from its first field on stays where it was to it. No text is read.
 */
export class AssignmentWriter {
  readonly #slab: FrameSlab;
  readonly #heads = new WeakMap<FrameShape, Head | null>();
  readonly #writer = new FrameWriter();
  readonly #verifier = new FrameVerifier();
  #lastShape: FrameShape | undefined;
  #last: Head | null = null;

  /** Small copies share slabs of this many bytes. */
  constructor(slabBytes: number) {
    this.#slab = new FrameSlab(slabBytes);
  }

  /** A view of a copy of its own of a verified frame. */
  write(frame: FrameView, texts: AssignmentTexts): FrameView {
    const { shape } = frame;
    if (shape !== this.#lastShape) {
      this.#last = this.#headOf(frame);
      this.#lastShape = shape;
    }
    const head = this.#last;
    const first = frame.table + 4;
    return head === null || hasHeaderShapeBefore(frame, first)
      ? this.#anew(frame, texts)
      : this.#behind(head, frame, first, texts);
  }

  #behind(head: Head, frame: FrameView, first: number, texts: AssignmentTexts): FrameView {
    const headBytes = head.bytes.length;
    const textsAt = headBytes + frame.end - first;
    const byteLength = textsAt + texts.bytes.length;
    const place = this.#slab.reserve(byteLength);
    const memory = place < 0 ? Memory.allocate(byteLength) : this.#slab.memory;
    const start = Math.max(0, place);
    const { u8, data } = memory;
    u8.set(head.bytes, start);
    const from = frame.memory.u8;
    u8.set(from.subarray(first, frame.end), start + headBytes);
    u8.set(texts.bytes, start + textsAt);
    data.setUint32(start, byteLength - 4, true);
    const slot = head.table + EXPERIMENT_OFFSET;
    data.setUint32(start + slot, textsAt - slot, true);
    const next = head.table + VARIANT_OFFSET;
    data.setUint32(start + next, textsAt + texts.variantAt - next, true);
    const view = frame.moved(memory, start + headBytes - first);
    view.start = start;
    view.end = start + byteLength;
    view.table = start + head.table;
    view.shape = head.shape;
    return view;
  }

  /** Null for a shape that has no room for more. */
  #headOf(frame: FrameView): Head | null {
    let head = this.#heads.get(frame.shape);
    if (head === undefined) {
      head = makeHead(frame);
      this.#heads.set(frame.shape, head);
    }
    return head;
  }

  /** What nobody's writer makes is written from what it says. */
  #anew(frame: FrameView, { experiment, variant }: AssignmentTexts): FrameView {
    const { id, publishedAt, timeout, kind, contentType, priority, flags, subject, payload } = frame;
    const { correlationId, causationId, schemaId, tracestate, baggage, assignmentKey, headers } = frame;
    const { traceId, spanId, traceFlags } = frame;
    const bytes = this.#writer.encode({
      ...{ id, publishedAt, timeout, kind, contentType, priority, flags, subject, payload },
      ...{ correlationId, causationId, schemaId, tracestate, baggage, assignmentKey, headers },
      ...{ experiment, variant },
      trace: frame.has('trace') ? { traceId, spanId, flags: traceFlags } : undefined,
    });
    const view = new FrameView();
    this.#verifier.verify(new Memory(bytes), 0, bytes.length, view);
    // Its own hash is of another seed.
    view.subjectHash = frame.subjectHash;
    return view;
  }
}

function makeHead({ memory, start, table }: FrameView): Head | null {
  const { data } = memory;
  const vtable = table - data.getInt32(table, true);
  const had = (data.getUint16(vtable, true) >> 1) - 2;
  const tableBytes = data.getUint16(vtable + 2, true) + GROWTH;
  if (tableBytes > MAX_U16) return null;
  const entries = Math.max(had, Field.variant + 1);
  const vtableBytes = 4 + 2 * entries;
  const phase = (table - start) % FRAME_ALIGNMENT;
  let newTable = PREAMBLE_BYTES + vtableBytes;
  while (newTable % FRAME_ALIGNMENT !== phase) newTable += 2;
  const head = Memory.allocate(newTable + TABLE_HEAD_BYTES);
  head.data.setUint32(4, newTable - 4, true);
  head.data.setUint32(8, FRAME_IDENTIFIER, true);
  head.data.setUint16(PREAMBLE_BYTES, vtableBytes, true);
  head.data.setUint16(PREAMBLE_BYTES + 2, tableBytes, true);
  for (let field = 0; field < had; field++) {
    const offset = data.getUint16(vtable + 4 + 2 * field, true);
    head.data.setUint16(PREAMBLE_BYTES + 4 + 2 * field, offset === 0 ? 0 : offset + GROWTH, true);
  }
  head.data.setUint16(PREAMBLE_BYTES + 4 + 2 * Field.experiment, EXPERIMENT_OFFSET, true);
  head.data.setUint16(PREAMBLE_BYTES + 4 + 2 * Field.variant, VARIANT_OFFSET, true);
  head.data.setInt32(newTable, newTable - PREAMBLE_BYTES, true);
  const shape = new FrameShape();
  shape.read(head.data, PREAMBLE_BYTES, vtableBytes, phase);
  return { bytes: head.u8, table: newTable, shape };
}
