import { kernels } from '../native/kernels.js';
import type { Mark, SubjectState } from './stream-store.js';

/**
 * Keys and values of a stream's trees. Keys are big-endian, so that they come in the order of what they say. Blocks carry checks of
 * their own; behind all other values stands the CRC-32C of key and value.
 */

const CHECK_BYTES = 4;
const SUBJECT_BYTES = 28;
const MARK_BYTES = 8;
const WORD = 0x1_0000_0000;

export function blockKey(lastOffset: number): Buffer {
  const key = Buffer.allocUnsafe(8);
  writeNumber(key, 0, lastOffset);
  return key;
}

export function readBlockKey(key: Buffer): number {
  return readNumber(key, 0);
}

export function textKey(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}

/** The key that no key with this beginning is behind. */
export function behindPrefix(prefix: Buffer): Buffer {
  // 0xff is no byte of UTF-8.
  return Buffer.concat([prefix, Buffer.of(0xff)]);
}

export function markKey(subject: number, epoch: number, sequence: number): Buffer {
  const key = Buffer.allocUnsafe(20);
  key.writeUInt32BE(subject, 0);
  writeNumber(key, 4, epoch);
  writeNumber(key, 12, sequence);
  return key;
}

export function subjectValue(key: Buffer, { id, epoch, sequence, offset }: SubjectState): Buffer {
  const value = Buffer.allocUnsafe(SUBJECT_BYTES + CHECK_BYTES);
  value.writeUInt32BE(id, 0);
  writeNumber(value, 4, epoch);
  writeNumber(value, 12, sequence);
  writeNumber(value, 20, offset);
  return checked(key, value);
}

/** Undefined: it is damaged. */
export function readSubject(key: Buffer, value: Buffer): SubjectState | undefined {
  if (value.length !== SUBJECT_BYTES + CHECK_BYTES || !isChecked(key, value)) return undefined;
  return {
    id: value.readUInt32BE(0),
    epoch: readNumber(value, 4),
    sequence: readNumber(value, 12),
    offset: readNumber(value, 20),
  };
}

export function markValue(key: Buffer, block: number): Buffer {
  const value = Buffer.allocUnsafe(MARK_BYTES + CHECK_BYTES);
  writeNumber(value, 0, block);
  return checked(key, value);
}

/** Undefined: it is damaged. */
export function readMark(key: Buffer, value: Buffer): Mark | undefined {
  if (value.length !== MARK_BYTES + CHECK_BYTES || !isChecked(key, value)) return undefined;
  return {
    subject: key.readUInt32BE(0),
    epoch: readNumber(key, 4),
    sequence: readNumber(key, 12),
    block: readNumber(value, 0),
  };
}

export function noteValue(key: Buffer, bytes: Uint8Array): Buffer {
  const value = Buffer.allocUnsafe(bytes.length + CHECK_BYTES);
  value.set(bytes);
  return checked(key, value);
}

/** Undefined: it is damaged. */
export function readNote(key: Buffer, value: Buffer): Uint8Array | undefined {
  return isChecked(key, value) ? new Uint8Array(value.subarray(0, value.length - CHECK_BYTES)) : undefined;
}

function checked(key: Buffer, value: Buffer): Buffer {
  value.writeUInt32BE(checkOf(key, value), value.length - CHECK_BYTES);
  return value;
}

/** Whether a value is what was written for its key; not for blocks. */
export function isChecked(key: Buffer, value: Buffer): boolean {
  return (
    value.length >= CHECK_BYTES && value.readUInt32BE(value.length - CHECK_BYTES) === checkOf(key, value)
  );
}

function checkOf(key: Buffer, value: Buffer): number {
  const { crc32c } = kernels();
  return crc32c(value, 0, value.length - CHECK_BYTES, crc32c(key, 0, key.length));
}

/** Below 2^53, as 64 bits. */
function writeNumber(bytes: Buffer, at: number, value: number): void {
  const high = Math.floor(value / WORD);
  bytes.writeUInt32BE(high, at);
  bytes.writeUInt32BE(value - high * WORD, at + 4);
}

function readNumber(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * WORD + bytes.readUInt32BE(at + 4);
}
