import { printable } from './printable.js';
import type { Style } from './style.js';

const MARGIN = '  ';

/** Rows as lines in columns, the first row being their heads. */
export function textTable(rows: readonly (readonly string[])[], style: Style): string[] {
  const cells = rows.map((row) => row.map(printable));
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells.map((row, index) => {
    const line = row.map((cell, column) => cell.padEnd(widths[column]!)).join(MARGIN);
    return MARGIN + (index === 0 ? style.dim(line.trimEnd()) : line.trimEnd());
  });
}
