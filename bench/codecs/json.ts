import type { Codec } from './codec.js';
import type { Message, MessageStamp } from './message.js';

/** Room for any message of the cases as text. Bytes. */
const TEXT_ROOM_BYTES = 4096;

interface JsonMessage extends Partial<MessageStamp> {
  readonly subject: string;
  readonly payload: string;
  readonly id: string;
  readonly publishedAt: number;
  readonly timeout: number;
  readonly kind: number;
  readonly contentType: number;
  readonly priority: number;
  readonly flags: number;
  readonly trace: { readonly traceId: string; readonly spanId: string; readonly flags: number };
  readonly correlationId: string;
  readonly causationId: string;
  readonly schemaId: string;
}

/**
 * JSON with the payload in base64 and the ids in hexadecimal, as W3C and most logs write them; to and from UTF-8
 * bytes, since bytes are what a socket takes and gives.
 */
export function jsonCodec(messages: readonly Message[]): Codec {
  const inputs = messages.map(withBuffers);
  const target = Buffer.alloc(TEXT_ROOM_BYTES);
  const encoded = inputs.map((input) => Buffer.from(JSON.stringify(toJson(input))));

  return {
    encode: (index) => target.write(JSON.stringify(toJson(inputs[index]!)), 'utf8'),
    decode: (index) => {
      const message = JSON.parse(encoded[index]!.toString('utf8')) as JsonMessage;
      // The length of the payload from the length of its text: JSON is spared the decoding.
      return message.sequence! + message.publishedAt + Buffer.byteLength(message.payload, 'base64');
    },
    roundTrip: (index) => fromJson(JSON.parse(encoded[index]!.toString('utf8')) as JsonMessage),
  };
}

function toJson({ fields, stamp }: ReturnType<typeof withBuffers>): JsonMessage {
  return {
    subject: fields.subject,
    payload: fields.payload.toString('base64'),
    id: fields.id.toString('hex'),
    publishedAt: fields.publishedAt,
    timeout: fields.timeout,
    kind: fields.kind,
    contentType: fields.contentType,
    priority: fields.priority,
    flags: fields.flags,
    trace: {
      traceId: fields.traceId.toString('hex'),
      spanId: fields.spanId.toString('hex'),
      flags: fields.traceFlags,
    },
    correlationId: fields.correlationId.toString('hex'),
    causationId: fields.causationId.toString('hex'),
    schemaId: fields.schemaId.toString('hex'),
    ...stamp,
  };
}

/** Bytes as Buffers, which print themselves as hexadecimal and base64. */
function withBuffers({ fields, stamp }: Message) {
  return {
    fields: {
      subject: fields.subject,
      payload: Buffer.from(fields.payload),
      id: Buffer.from(fields.id),
      publishedAt: fields.publishedAt,
      timeout: fields.timeout,
      kind: fields.kind,
      contentType: fields.contentType,
      priority: fields.priority,
      flags: fields.flags,
      traceId: Buffer.from(fields.trace.traceId),
      spanId: Buffer.from(fields.trace.spanId),
      traceFlags: fields.trace.flags,
      correlationId: Buffer.from(fields.correlationId),
      causationId: Buffer.from(fields.causationId),
      schemaId: Buffer.from(fields.schemaId),
    },
    stamp,
  };
}

function fromJson(json: JsonMessage): Message {
  const hex = (text: string) => Buffer.from(text, 'hex');
  const fields: Message['fields'] = {
    subject: json.subject,
    payload: Buffer.from(json.payload, 'base64'),
    id: hex(json.id),
    publishedAt: json.publishedAt,
    timeout: json.timeout,
    kind: json.kind,
    contentType: json.contentType,
    priority: json.priority,
    flags: json.flags,
    trace: {
      traceId: hex(json.trace.traceId),
      spanId: hex(json.trace.spanId),
      flags: json.trace.flags,
    },
    correlationId: hex(json.correlationId),
    causationId: hex(json.causationId),
    schemaId: hex(json.schemaId),
  };
  if (json.sequence === undefined) return { fields };
  return { fields, stamp: { sequence: json.sequence, epoch: json.epoch!, brokerTime: json.brokerTime! } };
}
