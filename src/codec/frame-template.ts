import {
  alignUp,
  FIELD_COUNT,
  Field,
  FRAME_ALIGNMENT,
  FRAME_IDENTIFIER,
  INLINE_BYTES,
  PREAMBLE_BYTES,
} from './frame-layout.js';
import { Memory } from './memory.js';
import { encodeUtf8 } from './utf8.js';

/** Order of the fields inside the table: widest alignment first, so that nothing is padded but the trace at the end. */
const TABLE_ORDER = [
  Field.origin,
  Field.stamp,
  Field.subject,
  Field.payload,
  Field.tracestate,
  Field.baggage,
  Field.experiment,
  Field.variant,
  Field.assignmentKey,
  Field.headers,
  Field.correlationId,
  Field.causationId,
  Field.schemaId,
  Field.trace,
];

/** Fields that lie outside the table, are reached by an offset, and differ from frame to frame. */
export const TEXT_MASK =
  (1 << Field.tracestate) | (1 << Field.baggage) | (1 << Field.assignmentKey) | (1 << Field.headers);

/** The same of those that many frames have in common: a template holds them unless they are long. */
export const NAME_MASK = (1 << Field.experiment) | (1 << Field.variant);

/** What a template holds of one frame's experiment and variant. */
export interface TemplateNames {
  readonly experiment?: string | undefined;
  readonly variant?: string | undefined;
}

/**
 * Everything that frames of one subject with the same fields have in common: preamble, vtable, table with its
 * offsets to subject and payload, the subject itself, experiment and variant. A frame is a copy of it plus patches plus
 * the payload.
 */
export interface FrameTemplate {
  readonly bytes: Uint8Array;
  /** Where each field lies, from the frame's start; 0 when absent. Indexed by field id. Bytes. */
  readonly at: readonly number[];
  /** Where the payload's first byte goes, a multiple of 8 from the frame's start; 0 when there is none. */
  readonly payloadAt: number;
}

/** Builds the template for a set of fields, given as bits by field id. */
export function buildTemplate(
  subject: string,
  mask: number,
  { experiment, variant }: TemplateNames,
): FrameTemplate {
  const entryCount = 32 - Math.clz32(mask);
  const vtable = PREAMBLE_BYTES;
  const vtableBytes = 4 + 2 * entryCount;
  // The table begins 4 bytes before a multiple of 8, so that its first struct is aligned.
  const table = alignUp(vtable + vtableBytes + 4, FRAME_ALIGNMENT) - 4;

  const at: number[] = new Array(FIELD_COUNT).fill(0);
  let next = table + 4;
  for (const field of TABLE_ORDER) {
    if ((mask & (1 << field)) === 0) continue;
    at[field] = next;
    next += INLINE_BYTES[field]!;
  }
  const tableBytes = alignUp(next - table, 4);

  const texts: [field: number, text: Uint8Array, at: number][] = [];
  let stringEnd = table + tableBytes;
  const place = (field: number, text: string | undefined) => {
    if (text === undefined) return;
    const bytes = encodeUtf8(text);
    texts.push([field, bytes, stringEnd]);
    stringEnd = alignUp(stringEnd + 4 + bytes.length + 1, 4);
  };
  place(Field.subject, subject);
  place(Field.experiment, experiment);
  place(Field.variant, variant);
  const hasPayload = at[Field.payload] !== 0;
  const payloadAt = hasPayload ? alignUp(stringEnd + 4, FRAME_ALIGNMENT) : 0;

  const memory = Memory.allocate(hasPayload ? payloadAt : stringEnd);
  const { data, u8 } = memory;
  data.setUint32(4, table - 4, true);
  data.setUint32(8, FRAME_IDENTIFIER, true);
  data.setUint16(vtable, vtableBytes, true);
  data.setUint16(vtable + 2, tableBytes, true);
  for (let field = 0; field < entryCount; field++) {
    const offset = at[field]!;
    data.setUint16(vtable + 4 + 2 * field, offset === 0 ? 0 : offset - table, true);
  }
  data.setInt32(table, table - vtable, true);
  for (const [field, text, string] of texts) {
    data.setUint32(at[field]!, string - at[field]!, true);
    data.setUint32(string, text.length, true);
    u8.set(text, string + 4);
  }
  if (hasPayload) data.setUint32(at[Field.payload]!, payloadAt - 4 - at[Field.payload]!, true);
  return { bytes: u8, at, payloadAt };
}
