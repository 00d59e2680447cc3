import type { DamagedRange } from '../../broker/streams/stream-verification.js';
import { ModwireError } from '../../errors.js';
import { count } from '../contracts/count.js';
import type { StreamsApi } from '../http/streams-api.js';
import { printable } from '../output/printable.js';
import { sizeText } from '../output/size-text.js';
import type { Style } from '../output/style.js';
import { textTable } from '../output/text-table.js';
import { type Progress, percentOf } from './progress.js';

/** What was found in a stream. */
export interface VerifiedStream {
  readonly stream: string;
  /** What is wrong with its file as a whole; null when nothing is. */
  readonly fault: string | null;
  /** Whole records. */
  readonly records: number;
  /** Of their frames. */
  readonly bytes: number;
  readonly damaged: readonly DamagedRange[];
}

/** Has a broker look at all that a stream has now, bit by bit. */
export async function verifyThere(
  api: StreamsApi,
  name: string,
  progress: Progress,
): Promise<VerifiedStream> {
  const found = { records: 0, bytes: 0, damaged: [] as DamagedRange[] };
  let end: number | undefined;
  for (let next: number | null = 1; next !== null && next <= (end ?? next); ) {
    const part = await api.verify(name, next);
    end ??= part.lastOffset;
    found.records += part.records;
    found.bytes += part.bytes;
    found.damaged.push(...part.damaged);
    next = part.next;
    const text = () =>
      `${name}: ${count(found.records, 'record')}, ${sizeText(found.bytes)}, ${percentOf(next ?? end!, 1, end!)}`;
    progress.show(text);
  }
  return { stream: name, fault: null, ...found };
}

/** For people. */
export function verifiedText(
  { stream, fault, records, bytes, damaged }: VerifiedStream,
  style: Style,
): string[] {
  const name = style.bold(printable(stream));
  const size = sizeText(bytes);
  if (fault === null && damaged.length === 0) {
    return [`${style.green('whole')} ${name} ${count(records, 'record')}, ${size}`];
  }
  const rows = damaged.map((range) => [String(range.first), String(range.last), range.fault]);
  return [
    `${style.red('damaged')} ${name} ${count(records, 'whole record')}, ${size}`,
    ...(fault === null ? [] : [`  ${printable(fault)}`]),
    ...(rows.length === 0 ? [] : textTable([['from offset', 'to', 'what is wrong'], ...rows], style)),
  ];
}

/** Throws DATA_LOSS when something is damaged. */
export function checkWhole(verified: readonly VerifiedStream[]): void {
  const damaged = verified.filter(({ fault, damaged: ranges }) => fault !== null || ranges.length > 0);
  if (damaged.length === 0) return;
  throw new ModwireError('DATA_LOSS', {
    what: 'streams are damaged',
    got: damaged.map(({ stream }) => stream).join(', '),
    advice: 'restore them from a backup; what is whole can be exported',
  });
}
