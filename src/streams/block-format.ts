import { Memory, writeU64 } from '../codec/memory.js';
import { kernels } from '../native/kernels.js';

/**
 * A block is records side by side: a header, a table with one entry a record, and their frames as they travel, so that the
 * frames of a block are a batch that can be sent as it is. Numbers are little-endian; docs/streams.md has it byte by byte.
 */

/** 'MWB1', little-endian. */
export const BLOCK_MAGIC = 0x3142574d;

/** Offsets inside the header. */
export const Header = {
  magic: 0,
  check: 4,
  firstOffset: 8,
  count: 16,
  frameBytes: 20,
  reserved: 24,
} as const;
export const HEADER_BYTES = 32;
/** The check covers what lies behind it, to the end of the table. */
const CHECKED_FROM = 8;

/** Offsets inside an entry of the table. */
export const Entry = { offset: 0, end: 4, check: 8 } as const;
export const ENTRY_BYTES = 12;

/** Frames of one block, unless one frame alone has more. Bytes. */
export const MAX_FRAME_BYTES = 64 * 1024;
export const MAX_BLOCK_RECORDS = 512;

/** Bytes of the table; padded, so that frames begin at a multiple of 8. */
export function tableBytes(count: number): number {
  return Math.ceil((count * ENTRY_BYTES) / 8) * 8;
}

const offsetBytes = Memory.allocate(8);

/** CRC-32C of a record's offset and its frame, which lies from `start` to `end`. */
export function recordCheck({ u8 }: Memory, offset: number, start: number, end: number): number {
  writeU64(offsetBytes.data, 0, offset);
  const { crc32c } = kernels();
  return crc32c(u8, start, end, crc32c(offsetBytes.u8, 0, 8));
}

/** CRC-32C of the header and table of the block at `start`; its frames begin at `framesAt`. */
export function headCheck({ u8 }: Memory, start: number, framesAt: number): number {
  return kernels().crc32c(u8, start + CHECKED_FROM, framesAt);
}

/** Records of a block, side by side in each of the lists from `first` to before `last`. */
export interface BlockRecords {
  readonly offsets: readonly number[];
  /** First byte after each frame in the memory that they lie in. */
  readonly ends: readonly number[];
  readonly checks: readonly number[];
  readonly first: number;
  readonly last: number;
}

/** Writes header and table right before the frames, which begin at `framesAt`. Returns where the block begins. */
export function writeHead(memory: Memory, framesAt: number, records: BlockRecords): number {
  const { data, u8 } = memory;
  const { offsets, ends, checks, first, last } = records;
  const count = last - first;
  const start = framesAt - tableBytes(count) - HEADER_BYTES;
  u8.fill(0, start, framesAt);
  data.setUint32(start + Header.magic, BLOCK_MAGIC, true);
  writeU64(data, start + Header.firstOffset, offsets[first]!);
  data.setUint32(start + Header.count, count, true);
  data.setUint32(start + Header.frameBytes, ends[last - 1]! - framesAt, true);
  for (let index = first, entry = start + HEADER_BYTES; index < last; index++, entry += ENTRY_BYTES) {
    data.setUint32(entry + Entry.offset, offsets[index]! - offsets[first]!, true);
    data.setUint32(entry + Entry.end, ends[index]! - framesAt, true);
    data.setUint32(entry + Entry.check, checks[index]!, true);
  }
  data.setUint32(start + Header.check, headCheck(memory, start, framesAt), true);
  return start;
}
