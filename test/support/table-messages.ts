import { MessageMap } from './message-map.js';

/** Tables, each with a list of the next one: `depth` of them, the last with an empty list. No file identifier. */
export function nest(depth: number): Uint8Array {
  // Preamble 12, vtable 8 (one field, padded), then 16 a level: table head, offset, list of one.
  const map = new MessageMap(new Uint8Array(Math.ceil((20 + 16 * depth) / 8) * 8));
  map.put32(0, map.bytes.length - 4);
  map.put32(4, 20 - 4);
  map.put16(12, 6);
  map.put16(14, 8);
  map.put16(16, 4);
  for (let level = 0; level < depth; level++) {
    const table = 20 + 16 * level;
    map.putVtable(table, 12);
    map.put32(table + 4, 4);
    map.put32(table + 8, level < depth - 1 ? 1 : 0);
    map.put32(table + 12, 4);
  }
  return map.bytes;
}

/** A list that names one table `count` times, which has a list of `elements` of 8 bytes. No file identifier. */
export function shareTable(count: number, elements: number): Uint8Array {
  const list = 28;
  const table = list + 4 + 4 * count;
  const map = new MessageMap(new Uint8Array(Math.ceil((table + 12 + 8 * elements) / 8) * 8));
  map.put32(0, map.bytes.length - 4);
  map.put32(4, 20 - 4);
  map.put16(12, 6);
  map.put16(14, 8);
  map.put16(16, 4);
  map.putVtable(20, 12);
  map.lead(24, list, []);
  map.put32(list, count);
  for (let entry = list + 4; entry < table; entry += 4) map.put32(entry, table - entry);
  map.putVtable(table, 12);
  map.lead(table + 4, table + 8, []);
  map.put32(table + 8, elements);
  return map.bytes;
}

/** Tables, each with a union of the next one; the last leads nowhere good. No file identifier. */
export function nestUnions(depth: number): Uint8Array {
  // Preamble 12, vtable 8, then 12 a level: table head, type, offset.
  const map = new MessageMap(new Uint8Array(Math.ceil((20 + 12 * depth) / 8) * 8));
  map.put32(0, map.bytes.length - 4);
  map.put32(4, 20 - 4);
  map.put16(12, 8);
  map.put16(14, 12);
  map.put16(16, 4);
  map.put16(18, 8);
  for (let level = 0; level < depth; level++) {
    const table = 20 + 12 * level;
    map.putVtable(table, 12);
    map.bytes[table + 4] = 1;
    map.put32(table + 8, 4);
  }
  return map.bytes;
}
