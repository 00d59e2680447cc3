import type { FrameView, U64Field } from './frame-view.js';
import { ContentType } from './generated/modwire/content-type.js';
import { FrameFlags } from './generated/modwire/frame-flags.js';
import { Kind } from './generated/modwire/kind.js';
import { isoMicros } from './iso-micros.js';
import { formatUuid, toHex } from './message-id.js';

/** What a frame says, for people and programs to read: fields that it has not are absent. */
export type FrameRecord = Record<string, unknown>;

const FLAG_NAMES = Object.keys(FrameFlags).filter((name) => Number.isNaN(Number(name))) as Array<
  keyof typeof FrameFlags
>;

/** Every field of a verified frame but its payload, in the order in which they are shown. docs/cli.md explains them. */
export function frameRecord(frame: FrameView): FrameRecord {
  const record: FrameRecord = {
    subject: frame.subject,
    sequence: numberOf(frame, 'sequence'),
    epoch: numberOf(frame, 'epoch'),
    id: formatUuid(frame.id),
    traceId: hex(frame.traceId),
    spanId: hex(frame.spanId),
    traceFlags: frame.has('trace') ? frame.traceFlags : undefined,
    publishedAt: isoMicros(frame.u64('publishedAt')),
    brokerTime: frame.u64('brokerTime') === 0n ? undefined : isoMicros(frame.u64('brokerTime')),
    timeout: frame.u64('timeout') === 0n ? undefined : numberOf(frame, 'timeout'),
    contentType: contentTypeName(frame.contentType),
    kind: Kind[frame.kind] ?? frame.kind,
    priority: frame.priority,
    flags: frame.flags === 0 ? undefined : flagNames(frame.flags),
    headers: frame.has('headers') ? frame.headers : undefined,
    correlationId: uuid(frame.correlationId),
    causationId: uuid(frame.causationId),
    schemaId: hex(frame.schemaId),
    tracestate: frame.tracestate,
    baggage: frame.baggage,
    experiment: frame.experiment,
    variant: frame.variant,
    assignmentKey: frame.assignmentKey,
  };
  for (const name of Object.keys(record)) if (record[name] === undefined) delete record[name];
  return record;
}

/** The name of a content type; its number when this version does not know it. */
export function contentTypeName(contentType: number): string | number {
  return ContentType[contentType] ?? contentType;
}

/** A number, or its digits as text where a number would lose some: such values come from broken producers only. */
function numberOf(frame: FrameView, field: U64Field): number | string {
  const value = frame.u64(field);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
}

function flagNames(flags: number): Array<string | number> {
  const names: Array<string | number> = FLAG_NAMES.filter((name) => (flags & FrameFlags[name]) !== 0);
  const unknown = FLAG_NAMES.reduce((rest, name) => rest & ~FrameFlags[name], flags);
  return unknown === 0 ? names : [...names, unknown];
}

function uuid(id: Uint8Array | undefined): string | undefined {
  return id === undefined ? undefined : formatUuid(id);
}

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : toHex(bytes);
}
