import { Builder } from 'flatbuffers';
import type { FrameFields } from '../../src/codec/frame-fields.js';
import { Frame, FrameT } from '../../src/codec/generated/modwire/frame.js';
import { HeaderT } from '../../src/codec/generated/modwire/header.js';
import { IdT } from '../../src/codec/generated/modwire/id.js';
import { OriginT } from '../../src/codec/generated/modwire/origin.js';
import { StampT } from '../../src/codec/generated/modwire/stamp.js';
import { TraceT } from '../../src/codec/generated/modwire/trace.js';

/** A frame made by FlatBuffers' generated builder, as another implementation of the protocol would make it. */
export function buildGenerated(fields: FrameFields): Uint8Array {
  const builder = new Builder(1024);
  const frame = new FrameT(
    new OriginT(
      idOf(fields.id),
      BigInt(fields.publishedAt),
      BigInt(fields.timeout ?? 0),
      fields.kind ?? 0,
      fields.contentType ?? 0,
      fields.priority ?? 0,
      fields.flags ?? 0,
    ),
    new StampT(),
    fields.subject,
    [...(fields.payload ?? [])],
    fields.trace === undefined
      ? null
      : new TraceT(idOf(fields.trace.traceId), [...fields.trace.spanId], fields.trace.flags),
    fields.correlationId === undefined ? null : idOf(fields.correlationId),
    fields.causationId === undefined ? null : idOf(fields.causationId),
    fields.schemaId === undefined ? null : idOf(fields.schemaId),
    fields.tracestate ?? null,
    fields.baggage ?? null,
    fields.experiment ?? null,
    fields.variant ?? null,
    fields.assignmentKey ?? null,
    (fields.headers ?? []).map(([name, value]) => new HeaderT(name, value)),
  );
  builder.finishSizePrefixed(frame.pack(builder), 'MCP1');
  return padTo8(builder.asUint8Array());
}

/**
 * The same, but its table has the offsets first, then ids and trace, and the stamp behind them: all offsets can be
 * made to lead to places right before, in and behind the stamp. Every field must be there.
 */
export function buildOffsetsFirst(fields: Required<FrameFields>): Uint8Array {
  const builder = new Builder(1024);
  const string = (text: string | undefined) => builder.createString(text!);
  const headers = fields.headers!.map(([name, value]) => new HeaderT(name, value).pack(builder));
  const list = Frame.createHeadersVector(builder, headers);
  const texts = [fields.tracestate, fields.baggage, fields.experiment, fields.variant, fields.assignmentKey];
  const [tracestate, baggage, experiment, variant, assignmentKey] = texts.map(string);
  const payload = Frame.createPayloadVector(builder, fields.payload!);
  const subject = string(fields.subject);
  const { traceId, spanId, flags } = fields.trace!;
  Frame.startFrame(builder);
  // What is added first lies last.
  const { kind, contentType, priority } = fields;
  const times = [BigInt(fields.publishedAt), BigInt(fields.timeout!)] as const;
  const bits = [kind!, contentType!, priority!, fields.flags!] as const;
  Frame.addOrigin(builder, new OriginT(idOf(fields.id), ...times, ...bits).pack(builder));
  Frame.addStamp(builder, new StampT().pack(builder));
  Frame.addTrace(builder, new TraceT(idOf(traceId), [...spanId], flags).pack(builder));
  Frame.addCorrelationId(builder, idOf(fields.correlationId!).pack(builder));
  Frame.addCausationId(builder, idOf(fields.causationId!).pack(builder));
  Frame.addSchemaId(builder, idOf(fields.schemaId!).pack(builder));
  Frame.addSubject(builder, subject);
  Frame.addPayload(builder, payload);
  Frame.addTracestate(builder, tracestate!);
  Frame.addBaggage(builder, baggage!);
  Frame.addExperiment(builder, experiment!);
  Frame.addVariant(builder, variant!);
  Frame.addAssignmentKey(builder, assignmentKey!);
  Frame.addHeaders(builder, list);
  builder.finishSizePrefixed(Frame.endFrame(builder), 'MCP1');
  return padTo8(builder.asUint8Array());
}

/** Pads a size-prefixed message to a multiple of 8 bytes, as every entry of a batch is. */
export function padTo8(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil(message.length / 8) * 8);
  padded.set(message);
  new DataView(padded.buffer).setUint32(0, padded.length - 4, true);
  return padded;
}

function idOf(bytes: Uint8Array): IdT {
  return new IdT([...bytes]);
}
