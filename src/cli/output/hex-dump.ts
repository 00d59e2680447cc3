import type { Style } from './style.js';

const ROW_BYTES = 16;

/** Rows of 16 bytes, `from` to `to`, with their offsets and what of them is ASCII. */
export function hexDump(bytes: Uint8Array, from: number, to: number, style: Style): string[] {
  const rows: string[] = [];
  for (let at = from; at < to; at += ROW_BYTES) {
    const row = bytes.subarray(at, Math.min(at + ROW_BYTES, to));
    const hex = [...row].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const ascii = [...row]
      .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'))
      .join('');
    rows.push(`${style.dim(offsetText(at))}  ${hex.padEnd(3 * ROW_BYTES - 1)}  ${style.dim(ascii)}`);
  }
  return rows;
}

/** The bytes around an offset, with a mark under the byte that lies there, or where it is missing. */
export function hexDumpAround(bytes: Uint8Array, offset: number, style: Style): string[] {
  const row = offset - (offset % ROW_BYTES);
  const before = hexDump(bytes, Math.max(0, row - ROW_BYTES), row, style);
  const marked = hexDump(bytes, row, Math.min(bytes.length, row + ROW_BYTES), style);
  const after = hexDump(bytes, row + ROW_BYTES, Math.min(bytes.length, row + 2 * ROW_BYTES), style);
  if (marked.length === 0) marked.push(style.dim(offsetText(row)));
  const indent = offsetText(row).length + 2 + 3 * (offset - row);
  return [...before, ...marked, `${' '.repeat(indent)}${style.red('^^')}`, ...after];
}

/** An offset as it is printed everywhere: `0x001c`. */
export function offsetText(offset: number): string {
  return `0x${offset.toString(16).padStart(4, '0')}`;
}
