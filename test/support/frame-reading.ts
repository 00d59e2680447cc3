import { ByteBuffer, Encoding } from 'flatbuffers';
import type { FrameFields } from '../../src/codec/frame-fields.js';
import type { FrameView } from '../../src/codec/frame-view.js';
import { Frame } from '../../src/codec/generated/modwire/frame.js';
import { toHex } from '../../src/codec/message-id.js';

/** Everything that can be read from a frame, as plain values, whoever reads it. */
export interface Reading {
  subject: string;
  /** Hexadecimal, as are all bytes here; absent and empty payloads read the same. */
  payload: string;
  id: string;
  publishedAt: bigint;
  timeout: bigint;
  kind: number;
  contentType: number;
  priority: number;
  flags: number;
  sequence: bigint;
  epoch: bigint;
  brokerTime: bigint;
  traceId: string | undefined;
  spanId: string | undefined;
  traceFlags: number;
  correlationId: string | undefined;
  causationId: string | undefined;
  schemaId: string | undefined;
  tracestate: string | undefined;
  baggage: string | undefined;
  experiment: string | undefined;
  variant: string | undefined;
  assignmentKey: string | undefined;
  headers: [string, string][];
}

export function readingOfView(view: FrameView): Reading {
  return {
    subject: view.subject,
    payload: toHex(view.payload),
    id: toHex(view.id),
    publishedAt: view.u64('publishedAt'),
    timeout: view.u64('timeout'),
    kind: view.kind,
    contentType: view.contentType,
    priority: view.priority,
    flags: view.flags,
    sequence: view.u64('sequence'),
    epoch: view.u64('epoch'),
    brokerTime: view.u64('brokerTime'),
    // What the frame itself carries; without a trace the view derives both from the message id.
    traceId: view.has('trace') ? hexOf(view.traceId) : undefined,
    spanId: view.has('trace') ? hexOf(view.spanId) : undefined,
    traceFlags: view.traceFlags,
    correlationId: hexOf(view.correlationId),
    causationId: hexOf(view.causationId),
    schemaId: hexOf(view.schemaId),
    tracestate: view.tracestate,
    baggage: view.baggage,
    experiment: view.experiment,
    variant: view.variant,
    assignmentKey: view.assignmentKey,
    headers: view.headers.map(([name, value]) => [name, value]),
  };
}

/** What a frame written from these fields must read as, before any broker has stamped it. */
export function readingOfFields(fields: FrameFields): Reading {
  return {
    subject: fields.subject,
    payload: toHex(fields.payload ?? new Uint8Array(0)),
    id: toHex(fields.id),
    publishedAt: BigInt(fields.publishedAt),
    timeout: BigInt(fields.timeout ?? 0),
    kind: fields.kind ?? 0,
    contentType: fields.contentType ?? 0,
    priority: fields.priority ?? 0,
    flags: fields.flags ?? 0,
    sequence: 0n,
    epoch: 0n,
    brokerTime: 0n,
    traceId: hexOf(fields.trace?.traceId),
    spanId: hexOf(fields.trace?.spanId),
    traceFlags: fields.trace?.flags ?? 0,
    correlationId: hexOf(fields.correlationId),
    causationId: hexOf(fields.causationId),
    schemaId: hexOf(fields.schemaId),
    tracestate: fields.tracestate,
    baggage: fields.baggage,
    experiment: fields.experiment,
    variant: fields.variant,
    assignmentKey: fields.assignmentKey,
    headers: (fields.headers ?? []).map(([name, value]) => [name, value]),
  };
}

/** Reads a frame through FlatBuffers' generated code alone. For bytes that are known to be good. */
export function readingOfGenerated(bytes: Uint8Array): Reading {
  const frame = Frame.getSizePrefixedRootAsFrame(new ByteBuffer(bytes));
  const origin = frame.origin()!.unpack();
  const stamp = frame.stamp()!.unpack();
  const trace = frame.trace()?.unpack();
  return {
    // FlatBuffers' own decoder drops a byte order mark, so strings are taken as bytes.
    subject: textOf(frame.subject(Encoding.UTF8_BYTES))!,
    payload: toHex(frame.payloadArray() ?? new Uint8Array(0)),
    id: toHex(Uint8Array.from(origin.id!.bytes)),
    publishedAt: origin.publishedAt,
    timeout: origin.timeout,
    kind: origin.kind,
    contentType: origin.contentType,
    priority: origin.priority,
    flags: origin.flags,
    sequence: stamp.sequence,
    epoch: stamp.epoch,
    brokerTime: stamp.brokerTime,
    traceId: hexOf(trace?.traceId?.bytes),
    spanId: hexOf(trace?.spanId),
    traceFlags: trace?.flags ?? 0,
    correlationId: hexOf(frame.correlationId()?.unpack().bytes),
    causationId: hexOf(frame.causationId()?.unpack().bytes),
    schemaId: hexOf(frame.schemaId()?.unpack().bytes),
    tracestate: textOf(frame.tracestate(Encoding.UTF8_BYTES)),
    baggage: textOf(frame.baggage(Encoding.UTF8_BYTES)),
    experiment: textOf(frame.experiment(Encoding.UTF8_BYTES)),
    variant: textOf(frame.variant(Encoding.UTF8_BYTES)),
    assignmentKey: textOf(frame.assignmentKey(Encoding.UTF8_BYTES)),
    headers: Array.from({ length: frame.headersLength() }, (_, index) => {
      const header = frame.headers(index)!;
      return [textOf(header.name(Encoding.UTF8_BYTES))!, textOf(header.value(Encoding.UTF8_BYTES))!];
    }),
  };
}

function hexOf(bytes: ArrayLike<number> | undefined): string | undefined {
  return bytes === undefined ? undefined : toHex(Uint8Array.from(bytes));
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(text: string | Uint8Array | null): string | undefined {
  return text === null ? undefined : decoder.decode(text as Uint8Array);
}
