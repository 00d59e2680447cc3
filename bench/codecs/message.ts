import { ContentType, type FrameFields, FrameFlags, Kind, toHex } from 'modwire/codec';
import { randomBytes } from '../random.js';

/** The fields of a frame that a producer of a service mesh of models usually fills in. */
export type MessageFields = Required<
  Pick<
    FrameFields,
    | 'subject'
    | 'payload'
    | 'id'
    | 'publishedAt'
    | 'timeout'
    | 'kind'
    | 'contentType'
    | 'priority'
    | 'flags'
    | 'trace'
    | 'correlationId'
    | 'causationId'
    | 'schemaId'
  >
>;

/** What the broker adds. */
export interface MessageStamp {
  readonly sequence: number;
  /** Microseconds since the Unix epoch. */
  readonly epoch: number;
  /** Microseconds since the Unix epoch. */
  readonly brokerTime: number;
}

/** The information that every system encodes, whole. Without a stamp as a producer sends it, with one as a consumer gets it. */
export interface Message {
  readonly fields: { readonly [Field in keyof MessageFields]: NonNullable<MessageFields[Field]> };
  readonly stamp?: MessageStamp;
}

/** Messages in rotation: more than one, so that no system profits from a single one; a power of two for cheap wrapping. */
export const MESSAGE_COUNT = 64;
export const PAYLOAD_BYTES = 256;

/** 2026-01-01T00:00:00Z, so that runs and machines encode the same digits. */
const START_MICROSECONDS = 1_767_225_600_000_000;

/** The messages of the codec cases: the same in every process. */
export function makeMessages(stamped: boolean): Message[] {
  return Array.from({ length: MESSAGE_COUNT }, (_, index) => {
    const random = randomBytes(PAYLOAD_BYTES + 100, index + 1);
    const take = (from: number, length: number) => random.slice(from, from + length);
    const fields: Message['fields'] = {
      subject: 'features.user.42',
      payload: take(0, PAYLOAD_BYTES),
      id: take(256, 16),
      publishedAt: START_MICROSECONDS + index * 1_003,
      timeout: 250_000 + index,
      kind: Kind.message,
      contentType: ContentType.flatbuffer,
      priority: 1 + (index & 3),
      flags: FrameFlags.ack,
      trace: { traceId: take(272, 16), spanId: take(288, 8), flags: 1 },
      correlationId: take(296, 16),
      causationId: take(312, 16),
      schemaId: take(328, 16),
    };
    if (!stamped) return { fields };
    const stamp = {
      sequence: 1_000_000 + index,
      epoch: START_MICROSECONDS - 60_000_000,
      brokerTime: fields.publishedAt + 180,
    };
    return { fields, stamp };
  });
}

/** A text that is equal for two messages exactly when they carry the same information. */
export function canonical(value: unknown): string {
  if (value instanceof Uint8Array) return toHex(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, part]) => `${name}:${canonical(part)}`).join()}}`;
}
