import { Builder } from 'flatbuffers';
import type { Codec } from './codec.js';
import { Frame, Id, Origin, Stamp, Trace } from './generated.js';
import type { Message } from './message.js';
import { readFrame } from './modwire.js';

const BUILDER_BYTES = 1024;

/**
 * The classes that flatc generates from schemas/frame.fbs, used the way its documentation shows, with one builder
 * for all messages. It has no decode: the FlatBuffers runtime for JavaScript does not verify, and reading unchecked
 * bytes is another job.
 */
export function flatbuffersCodec(messages: readonly Message[]): Codec {
  const builder = new Builder(BUILDER_BYTES);
  const inputs = messages.map(nativeFields);

  function encode(index: number): number {
    const input = inputs[index]!;
    builder.clear();
    const subject = builder.createString(input.subject);
    const payload = Frame.createPayloadVector(builder, input.payload);
    Frame.startFrame(builder);
    Frame.addOrigin(
      builder,
      Origin.createOrigin(
        builder,
        input.id,
        input.publishedAt,
        input.timeout,
        input.kind,
        input.contentType,
        input.priority,
        input.flags,
      ),
    );
    // Required, and zero as long as the broker has not written it.
    Frame.addStamp(builder, Stamp.createStamp(builder, 0n, 0n, 0n));
    Frame.addSubject(builder, subject);
    Frame.addPayload(builder, payload);
    Frame.addTrace(builder, Trace.createTrace(builder, input.traceId, input.spanId, input.traceFlags));
    Frame.addCorrelationId(builder, Id.createId(builder, input.correlationId));
    Frame.addCausationId(builder, Id.createId(builder, input.causationId));
    Frame.addSchemaId(builder, Id.createId(builder, input.schemaId));
    Frame.finishSizePrefixedFrameBuffer(builder, Frame.endFrame(builder));
    return builder.asUint8Array().length;
  }

  return {
    encode,
    roundTrip: (index) => {
      encode(index);
      return readFrame(builder.asUint8Array(), false);
    },
  };
}

/** Fields in the types that the generated code asks for. */
function nativeFields({ fields }: Message) {
  return {
    subject: fields.subject,
    payload: fields.payload,
    id: [...fields.id],
    publishedAt: BigInt(fields.publishedAt),
    timeout: BigInt(fields.timeout),
    kind: fields.kind,
    contentType: fields.contentType,
    priority: fields.priority,
    flags: fields.flags,
    traceId: [...fields.trace.traceId],
    spanId: [...fields.trace.spanId],
    traceFlags: fields.trace.flags,
    correlationId: [...fields.correlationId],
    causationId: [...fields.causationId],
    schemaId: [...fields.schemaId],
  };
}
