import protobuf from 'protobufjs';
import type { Codec } from './codec.js';
import type { Message, MessageStamp } from './message.js';

// Clocks as fixed64: that long, a varint costs more to read.
const SCHEMA = `
syntax = "proto3";
message Trace {
  bytes traceId = 1;
  bytes spanId = 2;
  uint32 flags = 3;
}
message Frame {
  string subject = 1;
  bytes payload = 2;
  bytes id = 3;
  fixed64 publishedAt = 4;
  uint64 timeout = 5;
  uint32 kind = 6;
  uint32 contentType = 7;
  uint32 priority = 8;
  uint32 flags = 9;
  Trace trace = 10;
  bytes correlationId = 11;
  bytes causationId = 12;
  bytes schemaId = 13;
  uint64 sequence = 14;
  fixed64 epoch = 15;
  fixed64 brokerTime = 16;
}`;

type ProtoMessage = Message['fields'] & Partial<MessageStamp>;

/**
 * protobufjs by reflection, which generates the same functions as its static code, with one writer for all messages
 * and with 64-bit numbers as plain numbers: Long objects are slower, and nothing here is above 2^53.
 */
export function protobufjsCodec(messages: readonly Message[]): Codec {
  protobuf.util.Long = undefined as never;
  protobuf.configure();
  const frame = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType('Frame');
  const writer = protobuf.Writer.create();
  const inputs = messages.map(nativeFields);
  const encoded = inputs.map((input) => Buffer.from(frame.encode(input).finish()));

  return {
    encode: (index) => {
      writer.reset();
      return frame.encode(inputs[index]!, writer).finish().length;
    },
    decode: (index) => {
      const message = frame.decode(encoded[index]!) as unknown as ProtoMessage;
      return message.sequence! + message.publishedAt + message.payload.length;
    },
    roundTrip: (index) => {
      writer.reset();
      const message = frame.decode(frame.encode(inputs[index]!, writer).finish());
      return fromProto(frame.toObject(message, { defaults: true }) as ProtoMessage, messages[index]!);
    },
  };
}

/** Bytes as Buffers, for which protobufjs has its faster path. */
function nativeFields({ fields, stamp }: Message): ProtoMessage {
  const { trace } = fields;
  return {
    ...fields,
    payload: Buffer.from(fields.payload),
    id: Buffer.from(fields.id),
    trace: { traceId: Buffer.from(trace.traceId), spanId: Buffer.from(trace.spanId), flags: trace.flags },
    correlationId: Buffer.from(fields.correlationId),
    causationId: Buffer.from(fields.causationId),
    schemaId: Buffer.from(fields.schemaId),
    ...stamp,
  };
}

/** proto3 does not tell an absent number from 0, so `like` says whether there is a stamp. */
function fromProto({ sequence, epoch, brokerTime, ...fields }: ProtoMessage, like: Message): Message {
  if (like.stamp === undefined) return { fields };
  return { fields, stamp: { sequence: sequence!, epoch: epoch!, brokerTime: brokerTime! } };
}
