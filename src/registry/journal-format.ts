import { crc32c } from '../codec/crc32c.js';
import { encodeUtf8 } from '../codec/utf8.js';

/**
 * A journal is its first line, then records: length of the payload, check of that length, check of the payload, each
 * 32 bits little-endian, then the payload. The length has a check of its own, so that a damaged length is never taken
 * for the end of the file. Checks are CRC-32C and each goes on from the one before: a record that is missing, twice
 * there or in another's place does not fit either.
 */
export const JOURNAL_LINE = encodeUtf8('modwire contracts 1\n');

const HEAD_BYTES = 12;

export interface JournalRecord {
  /** Of the record in the file. */
  readonly offset: number;
  readonly payload: Uint8Array;
}

export interface JournalContent {
  readonly records: readonly JournalRecord[];
  /** Where the last whole record ends; what follows was never acknowledged. */
  readonly end: number;
  /** The check that the next record goes on from. */
  readonly check: number;
}

/** The check that the first record goes on from. */
export const FIRST_CHECK = crc32c(JOURNAL_LINE, 0, JOURNAL_LINE.length);

export interface EncodedRecord {
  readonly bytes: Uint8Array;
  readonly check: number;
}

export function encodeRecord(payload: Uint8Array, before: number): EncodedRecord {
  const bytes = new Uint8Array(HEAD_BYTES + payload.length);
  const data = new DataView(bytes.buffer);
  data.setUint32(0, payload.length, true);
  const lengthCheck = crc32c(bytes, 0, 4, before);
  const check = crc32c(payload, 0, payload.length, lengthCheck);
  data.setUint32(4, lengthCheck, true);
  data.setUint32(8, check, true);
  bytes.set(payload, HEAD_BYTES);
  return { bytes, check };
}

/**
 * Reads a journal. A record that the file ends in, or zeros from where a record would begin, is one whose writing was
 * interrupted. Anything else that does not fit calls `damaged`, which throws.
 */
export function readJournal(
  bytes: Uint8Array,
  damaged: (offset: number, what: string) => never,
): JournalContent {
  const line = bytes.subarray(0, JOURNAL_LINE.length);
  if (Buffer.compare(line, JOURNAL_LINE) !== 0) damaged(0, 'no journal of contracts that this version reads');
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: JournalRecord[] = [];
  let check = FIRST_CHECK;
  let offset = JOURNAL_LINE.length;
  while (bytes.length - offset >= HEAD_BYTES) {
    const length = data.getUint32(offset, true);
    const lengthCheck = crc32c(bytes, offset, offset + 4, check);
    if (lengthCheck !== data.getUint32(offset + 4, true)) {
      if (isZero(bytes, offset)) break;
      damaged(offset, 'the length of a record does not fit its check');
    }
    const start = offset + HEAD_BYTES;
    const end = start + length;
    if (end > bytes.length) break;
    const found = crc32c(bytes, start, end, lengthCheck);
    if (found !== data.getUint32(offset + 8, true)) damaged(offset, 'a record does not fit its check');
    records.push({ offset, payload: bytes.subarray(start, end) });
    check = found;
    offset = end;
  }
  return { records, end: offset, check };
}

/** Some file systems give a file its new length before its bytes when power is lost. */
function isZero(bytes: Uint8Array, start: number): boolean {
  return bytes.subarray(start).every((byte) => byte === 0);
}
