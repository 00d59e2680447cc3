import { Memory } from '../codec/memory.js';
import { HEADER_BYTES, tableBytes, writeHead } from './block-format.js';
import type { BlockReader } from './block-reader.js';
import type { StoredBlock } from './stream-store.js';

/** A block of some records of another, at least one, as they are: those that are damaged stay so. */
export function blockOf(reader: BlockReader, indices: readonly number[]): StoredBlock {
  const framesAt = HEADER_BYTES + tableBytes(indices.length);
  const frameBytes = indices.reduce((sum, index) => sum + reader.end(index) - reader.start(index), 0);
  const memory = Memory.allocate(framesAt + frameBytes);
  const ends: number[] = [];
  let at = framesAt;
  for (const index of indices) {
    const frame = reader.memory.u8.subarray(reader.start(index), reader.end(index));
    memory.u8.set(frame, at);
    at += frame.length;
    ends.push(at);
  }
  const offsets = indices.map((index) => reader.offset(index));
  const checks = indices.map((index) => reader.check(index));
  writeHead(memory, framesAt, { offsets, ends, checks, first: 0, last: indices.length });
  return { lastOffset: offsets[offsets.length - 1]!, bytes: memory.u8 };
}
