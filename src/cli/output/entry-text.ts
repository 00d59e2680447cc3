import { contentTypeName, frameRecord } from '../../codec/frame-record.js';
import type { FrameView } from '../../codec/frame-view.js';
import { formatUuid } from '../../codec/message-id.js';
import type { Violation } from '../../codec/verify-rule.js';
import type { Entry, Place } from '../inspection.js';
import { frameJson } from './frame-record.js';
import { hexDump, hexDumpAround, offsetText } from './hex-dump.js';
import { readableText } from './payload-text.js';
import { printable, toJsonLine } from './printable.js';
import type { Style } from './style.js';

/** More of a payload is only counted. Bytes. */
const MAX_DUMP_BYTES = 128;

/** An entry as a JSON object on one line. `entry` counts from 1. */
export function entryJson(entry: Entry, number: number): string {
  const { offset, size, kind } = entry;
  const head = toJsonLine({ entry: number, offset, size, kind }).slice(0, -1);
  if (entry.kind === 'frame') return `${head},"frame":${frameJson(entry.frame)}}`;
  if (entry.kind === 'control') return `${head},"message":${toJsonLine(plain(entry.message))}}`;
  const { rule, path, offset: inEntry } = entry.violation;
  const reason = reasonOf(entry.violation);
  return `${head},"violation":${toJsonLine({ rule, path, offset: offset + inEntry, offsetInEntry: inEntry, reason })}}`;
}

/** An entry as lines for people. `input` is what all the entries lie in. */
export function entryText(entry: Entry, number: number, input: Uint8Array, style: Style): string[] {
  const title = (what: string) =>
    `${style.bold(`entry ${number}: ${what}`)}, ${entry.size} bytes at ${offsetText(entry.offset)}`;
  switch (entry.kind) {
    case 'frame':
      return [
        title('frame'),
        ...rows({ ...frameRecord(entry.frame), payload: payloadPlace(entry.frame) }, style),
        ...indent(payloadLines(entry.frame, style)),
      ];
    case 'control': {
      const { type, ...fields } = entry.message;
      return [title(`control message ${type}`), ...rows(plain(fields) as object, style)];
    }
    case 'malformed':
      return [
        title(style.red('does not verify')),
        ...rows(violationFields(entry.violation, entry), style),
        ...indent(hexDumpAround(input, entry.offset + entry.violation.offset, style)),
      ];
  }
}

/** Why something does not verify. Without the place, which counts from the start of the entry there. */
export function reasonOf({ text }: Violation): string {
  return text.replace(/, at 0x[0-9a-f]+$/, '');
}

function violationFields(violation: Violation, place: Place): object {
  const { rule, path, offset } = violation;
  const inInput = offsetText(place.offset + offset);
  return {
    rule,
    ...(path === '' ? {} : { field: path }),
    offset: place.offset === 0 ? inInput : `${inInput} (${offsetText(offset)} in the entry)`,
    reason: reasonOf(violation),
  };
}

function rows(fields: object, style: Style): string[] {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  const columns = Math.max(...entries.map(([name]) => name.length));
  return entries.flatMap(([name, value]) => {
    const label = style.cyan(name.padEnd(columns));
    // A list of objects or pairs takes a line for each.
    const lines = Array.isArray(value) && typeof value[0] === 'object' ? value : [value];
    return lines.map((line, index) => `  ${index === 0 ? label : ' '.repeat(columns)}  ${valueText(line)}`);
  });
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return printable(value);
  if (!Array.isArray(value)) return toJsonLine(value);
  if (value.length === 0) return 'none';
  // A header is a pair; flags are words.
  return value.map((item) => printable(String(item))).join(value.length === 2 ? ': ' : ', ');
}

function payloadPlace(frame: FrameView): string {
  const what = `${frame.payloadLength} bytes of ${contentTypeName(frame.contentType)}`;
  return frame.payloadLength === 0 ? what : `${what} at ${offsetText(frame.payloadStart)}`;
}

function payloadLines(frame: FrameView, style: Style): string[] {
  const text = readableText(frame);
  if (text !== undefined) return text === '' ? [] : [text];
  const end = Math.min(frame.payloadEnd, frame.payloadStart + MAX_DUMP_BYTES);
  const more = frame.payloadEnd > end ? [style.dim(`… ${frame.payloadEnd - end} bytes more`)] : [];
  return [...hexDump(frame.memory.u8, frame.payloadStart, end, style), ...more];
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `    ${line}`);
}

/** A control message with its ids as text. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return formatUuid(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}
