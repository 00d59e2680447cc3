/** Where things lie in a frame: the numbers behind schemas/frame.fbs, checked against its generated code by a test. */

/** 'MCP1', little-endian. */
export const FRAME_IDENTIFIER = 0x3150434d;
/** 'MCC1', little-endian. */
export const CONTROL_IDENTIFIER = 0x3143434d;

/** Every entry of a batch begins at a multiple of this and is a multiple of it long. Bytes. */
export const FRAME_ALIGNMENT = 8;
/** Size prefix, root offset and file identifier. Bytes. */
export const PREAMBLE_BYTES = 12;

/** Field ids of the table Frame: positions in its vtable. */
export const Field = {
  origin: 0,
  stamp: 1,
  subject: 2,
  payload: 3,
  trace: 4,
  correlationId: 5,
  causationId: 6,
  schemaId: 7,
  tracestate: 8,
  baggage: 9,
  experiment: 10,
  variant: 11,
  assignmentKey: 12,
  headers: 13,
} as const;

export type FieldName = keyof typeof Field;

export const FIELD_NAMES = Object.keys(Field) as FieldName[];
export const FIELD_COUNT = FIELD_NAMES.length;

/** Bytes that each field takes inside the table: a struct's own size, or 4 for an offset to what lies elsewhere. */
export const INLINE_BYTES: readonly number[] = [40, 24, 4, 4, 25, 16, 16, 16, 4, 4, 4, 4, 4, 4];

/** Alignment of each field inside the table, relative to the frame's start. Bytes. */
export const INLINE_ALIGNMENT: readonly number[] = [8, 8, 4, 4, 1, 1, 1, 1, 4, 4, 4, 4, 4, 4];

/** Offsets inside the struct Origin. */
export const Origin = {
  id: 0,
  publishedAt: 16,
  timeout: 24,
  kind: 32,
  contentType: 33,
  priority: 34,
  flags: 35,
} as const;

/** Offsets inside the struct Stamp. */
export const Stamp = { sequence: 0, epoch: 8, brokerTime: 16 } as const;

/** Offsets inside the struct Trace. */
export const Trace = { traceId: 0, spanId: 16, flags: 24 } as const;

export const ID_BYTES = 16;
export const SPAN_ID_BYTES = 8;

export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
