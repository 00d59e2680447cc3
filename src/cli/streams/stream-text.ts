import { isoMicros } from '../../codec/iso-micros.js';
import type { DescribedStream, StreamConfig } from '../../codec/stream-description.js';
import { formatQuantity } from '../config/quantity.js';
import { count } from '../contracts/count.js';
import { printable } from '../output/printable.js';
import { sizeText } from '../output/size-text.js';
import type { Style } from '../output/style.js';
import { textTable } from '../output/text-table.js';

const PLURALS = { message: 'messages', request: 'requests', reply: 'replies' } as const;

/** A stream for people. */
export function streamText({ config, info }: DescribedStream, style: Style): string[] {
  const { name, filters, kinds, dedupMs, storage } = config;
  const waiting = info.pendingBytes === 0 ? '' : `, ${sizeText(info.pendingBytes)} wait to be stored`;
  const where = storage === 'memory' ? 'in memory' : 'on disk';
  const facts = [
    `keeps ${kinds.map((kind) => PLURALS[kind]).join(', ')} of ${filters.join(', ')}`,
    `${storageText(config)}; ${boundsText(config)}`,
    `${recordsText(info)}; ${sizeText(info.storedBytes)} ${where}${waiting}`,
    ...timesText(info),
    dedupMs === 0
      ? 'stores again what is sent again'
      : `knows message ids for ${formatQuantity(dedupMs, 'ms')}: ${info.dedup.ids} at present`,
  ];
  return [
    style.bold(printable(name)),
    ...facts.map((line) => `  ${printable(line)}`),
    ...(info.failing === undefined ? [] : [`  ${style.red(printable(`takes nothing: ${info.failing}`))}`]),
  ];
}

/** Streams as a table. */
export function streamTable(streams: readonly DescribedStream[], style: Style): string[] {
  const rows = streams.map(({ config, info }) => [
    ...[config.name, config.filters.join(', '), config.storage],
    ...[String(info.records), sizeText(info.bytes), offsetsText(info)],
    info.failing === undefined ? 'ok' : 'takes nothing',
  ]);
  return textTable([['stream', 'keeps', 'storage', 'records', 'size', 'offsets', 'state'], ...rows], style);
}

function storageText({ storage, sync, syncMs }: StreamConfig): string {
  if (storage === 'memory') return 'in memory';
  if (sync === 'interval') return `on disk, synced every ${formatQuantity(syncMs, 'ms')}`;
  return sync === 'always' ? 'on disk, each record synced' : 'on disk, synced by the system';
}

function boundsText({ retention }: StreamConfig): string {
  const { maxAgeMs, maxBytes, maxRecords, maxPerSubject } = retention;
  const bounds = [
    ...(maxAgeMs > 0 ? [formatQuantity(maxAgeMs, 'ms')] : []),
    ...(maxBytes > 0 ? [sizeText(maxBytes)] : []),
    ...(maxRecords > 0 ? [count(maxRecords, 'record')] : []),
    ...(maxPerSubject > 0 ? [`${count(maxPerSubject, 'record')} a subject`] : []),
  ];
  return bounds.length === 0 ? 'without a bound' : `at most ${bounds.join(', ')}`;
}

function recordsText(info: DescribedStream['info']): string {
  if (info.records === 0) return 'no records';
  const { records, subjects, bytes } = info;
  return `${count(records, 'record')} (offsets ${offsetsText(info)}) of ${count(subjects, 'subject')}, ${sizeText(bytes)}`;
}

function offsetsText({ records, firstOffset, lastOffset }: DescribedStream['info']): string {
  return records === 0 ? '-' : `${firstOffset}-${lastOffset}`;
}

function timesText({ oldestMicros, newestMicros }: DescribedStream['info']): string[] {
  if (oldestMicros === undefined || newestMicros === undefined) return [];
  return [`from ${isoMicros(BigInt(oldestMicros))} to ${isoMicros(BigInt(newestMicros))}`];
}
