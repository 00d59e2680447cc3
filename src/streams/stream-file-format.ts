import { Memory, readU64, writeU64 } from '../codec/memory.js';
import { encodeUtf8 } from '../codec/utf8.js';
import { ModwireError } from '../errors.js';
import { kernels } from '../native/kernels.js';

/**
 * A file of frames: a header with JSON, blocks, each behind its length, and an end with their number, so that a file that was cut
 * off is told. Numbers are little-endian; docs/streams.md has it byte by byte.
 */

/** 'MWF1', little-endian. */
const FILE_MAGIC = 0x3146574d;
/** Magic, check, bytes of the JSON, zero. */
export const FILE_HEAD_BYTES = 16;
/** Length and its check, which goes on from all that was before: so nothing can be missing or in another's place. */
export const LENGTH_BYTES = 8;
/** Behind a length of 0: records, blocks, check. */
export const FILE_END_BYTES = 24;
/** Largest JSON in a header. */
export const MAX_JSON_BYTES = 1024 * 1024;

/** A stream in a file, and which of its records. */
export interface StreamFileHead {
  /** The configuration of the stream, as JSON. */
  readonly stream: unknown;
  /** First offset that was asked for. */
  readonly from: number;
  /** Last one. */
  readonly to: number;
  /** Which subjects were. */
  readonly filter: string;
}

export interface StreamFileEnd {
  readonly records: number;
  readonly blocks: number;
}

export function encodeHead(head: StreamFileHead): Uint8Array {
  const json = encodeUtf8(JSON.stringify(head));
  const memory = Memory.allocate(FILE_HEAD_BYTES + padded(json.length));
  memory.data.setUint32(0, FILE_MAGIC, true);
  memory.data.setUint32(8, json.length, true);
  memory.u8.set(json, FILE_HEAD_BYTES);
  memory.data.setUint32(4, check(memory.u8, 8, memory.length), true);
  return memory.u8;
}

/** Bytes of the JSON behind the fixed part of a header, zeros included. */
export function jsonBytesOf(head: Uint8Array): number {
  const { data } = new Memory(head);
  if (data.getUint32(0, true) !== FILE_MAGIC) throw damagedFile('it does not begin as one', 0);
  const length = data.getUint32(8, true);
  if (length > MAX_JSON_BYTES) throw damagedFile('its header is too long', 0);
  return padded(length);
}

/** `bytes` are the header as a whole. */
export function decodeHead(bytes: Uint8Array): StreamFileHead {
  const { data, u8, length } = new Memory(bytes);
  if (data.getUint32(4, true) !== check(u8, 8, length))
    throw damagedFile('its header does not fit its check', 0);
  const json = u8.subarray(FILE_HEAD_BYTES, FILE_HEAD_BYTES + data.getUint32(8, true));
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json)) as StreamFileHead;
  } catch {
    throw damagedFile('its header is no JSON', FILE_HEAD_BYTES);
  }
}

/** The length of a block, 0 for the end. `before` is the check that it goes on from. */
export function encodeLength(length: number, before: number): Uint8Array {
  const memory = Memory.allocate(LENGTH_BYTES);
  memory.data.setUint32(0, length, true);
  memory.data.setUint32(4, check(memory.u8, 0, 4, before), true);
  return memory.u8;
}

export function encodeEnd({ records, blocks }: StreamFileEnd, before: number): Uint8Array {
  const memory = Memory.allocate(FILE_END_BYTES);
  writeU64(memory.data, 0, records);
  writeU64(memory.data, 8, blocks);
  memory.data.setUint32(16, check(memory.u8, 0, 16, before), true);
  return memory.u8;
}

/** `at` is where the end begins in the file. */
export function decodeEnd(bytes: Uint8Array, before: number, at: number): StreamFileEnd {
  const { data, u8 } = new Memory(bytes);
  if (data.getUint32(16, true) !== check(u8, 0, 16, before) || data.getUint32(20, true) !== 0) {
    throw damagedFile('its end does not fit its check', at);
  }
  return { records: readU64(data, 0), blocks: readU64(data, 8) };
}

/** CRC-32C of bytes, going on from `before`. */
export function check(bytes: Uint8Array, start: number, end: number, before = 0): number {
  return kernels().crc32c(bytes, start, end, before);
}

export function damagedFile(what: string, at: number): ModwireError {
  return new ModwireError('DATA_LOSS', {
    what: `not a whole file of frames: ${what}`,
    where: `byte ${at}`,
    advice: 'export the stream again, or copy the file again from where it came',
  });
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}
