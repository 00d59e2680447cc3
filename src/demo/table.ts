import type { Latency } from './latency.js';

/** Spaces between columns. */
const GAP = '  ';

/** Columns that a narrow terminal does without, the first one first. */
const DISPENSABLE = ['MB/s', 'replies/s', 'handled', 'max', 'frames/s', 'calls/s', 'replies', 'p50'];

/**
 * Rows as text in columns, the first row being their heads: the first column to the left, the others, which are
 * numbers, to the right. Leaves out what is dispensable until no line is longer than `width`.
 */
export function formatTable(rows: readonly (readonly string[])[], width: number): string[] {
  const lines = alignColumns(rows);
  if (Math.max(...lines.map((line) => line.length)) <= width) return lines;
  const dropped = DISPENSABLE.find((head) => rows[0]!.includes(head));
  if (dropped === undefined) return lines;
  const at = rows[0]!.indexOf(dropped);
  return formatTable(
    rows.map((row) => row.toSpliced(at, 1)),
    width,
  );
}

function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join(GAP)
      .trimEnd(),
  );
}

/** A whole number with its thousands apart. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Bytes as megabytes. */
export function formatMegabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/** Microseconds as milliseconds, with no more digits than are worth reading. */
export function formatMillis(micros: number): string {
  const ms = micros / 1000;
  return ms >= 100 ? formatCount(ms) : ms.toFixed(ms >= 10 ? 1 : 2);
}

export const LATENCY_HEADS = ['p50', 'p99', 'p99.9', 'max'] as const;

/** Cells for `LATENCY_HEADS`. */
export function latencyCells(latency: Latency | undefined): string[] {
  if (latency === undefined) return LATENCY_HEADS.map(() => '-');
  return [latency.p50, latency.p99, latency.p999, latency.max].map(formatMillis);
}
