import { crc32c } from '../../codec/crc32c.js';
import { decodeUtf8, encodeUtf8 } from '../../codec/utf8.js';
import { ModwireError } from '../../errors.js';
import type { GivenUp, GivenUpCause } from './unsettled-record.js';

/** How far a consumer is, as plain data: what is kept of it. */
export interface ConsumerCursor {
  /** The first offset that it has not seen. */
  readonly position: number;
  /** Up to here only the last record of each subject is delivered; 0 for nowhere. */
  readonly onlyLastUntil: number;
  /** Nothing is delivered before; 0 when it is not paused so. Milliseconds, on the caller's clock. */
  readonly pausedUntilMs: number;
  readonly counts: ConsumerCounts;
  /** In ascending order of their offsets, all below `position`. Everything else below it is settled. */
  readonly unsettled: readonly UnsettledPlace[];
}

/** What has become of records, since the consumer was made. */
export interface ConsumerCounts {
  /** Attempts. */
  readonly delivered: number;
  /** Attempts that were not the first of their record. */
  readonly redelivered: number;
  readonly acked: number;
  /** Dead letters on a member's word. */
  readonly terminated: number;
  /** Dead letters after too many attempts. */
  readonly deadLettered: number;
  /** Offsets that the stream did not have any more when it was their turn; the filter might not have selected all of them. */
  readonly lost: number;
}

export interface UnsettledPlace {
  readonly offset: number;
  readonly attempts: number;
  /** Undefined unless it only waits for its dead letter to be published. */
  readonly givenUp: GivenUp | undefined;
}

const VERSION = 1;
const MAGIC = encodeUtf8('MWC');
const COUNTS = ['delivered', 'redelivered', 'acked', 'terminated', 'deadLettered', 'lost'] as const;
const CAUSES: readonly GivenUpCause[] = ['attempts', 'terminated'];

/** Where the check and the numbers of fixed size begin, and the lists. */
const CHECK = 4;
const NUMBERS = 8;
const LISTS = NUMBERS + 8 * (3 + COUNTS.length);

/** The cursor of a new consumer whose first record is the first one at `position` or after it. */
export function cursorAt(position: number, onlyLastUntil = 0): ConsumerCursor {
  const counts = { delivered: 0, redelivered: 0, acked: 0, terminated: 0, deadLettered: 0, lost: 0 };
  return { position, onlyLastUntil, pausedUntilMs: 0, counts, unsettled: [] };
}

/**
 * A cursor as bytes: `MWC` and the format's version; CRC-32C of all other bytes; position, onlyLastUntil, pausedUntilMs and the
 * counts as float64, all little-endian. Then numbers of 7 bits a byte, least first, the highest bit set in all but the last byte:
 * the number of runs, each of them how many offsets lie between it and the one before, its length and its attempts; then the number
 * of records given up, each of them the distance to the one before, attempts, cause, and its reason's length and UTF-8. Runs hold
 * the records side by side that are not given up and have the same attempts, so that a consumer that keeps up takes some
 * 100 bytes.
 */
export function encodeCursor(cursor: ConsumerCursor): Uint8Array {
  const lists: number[] = [];
  putRuns(lists, cursor.unsettled);
  putGivenUp(lists, cursor.unsettled);
  const bytes = new Uint8Array(LISTS + lists.length);
  const data = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  bytes[MAGIC.length] = VERSION;
  const { position, onlyLastUntil, pausedUntilMs, counts } = cursor;
  const numbers = [position, onlyLastUntil, pausedUntilMs, ...COUNTS.map((name) => counts[name])];
  for (const [index, number] of numbers.entries()) data.setFloat64(NUMBERS + 8 * index, number, true);
  bytes.set(lists, LISTS);
  data.setUint32(CHECK, checkOf(bytes), true);
  return bytes;
}

/** Throws DATA_LOSS for bytes that are no cursor or a damaged one, UNIMPLEMENTED for one of another format. */
export function decodeCursor(bytes: Uint8Array): ConsumerCursor {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isCursor = bytes.length >= NUMBERS && MAGIC.every((byte, at) => bytes[at] === byte);
  if (!isCursor || data.getUint32(CHECK, true) !== checkOf(bytes)) {
    throw new ModwireError('DATA_LOSS', {
      what: 'the cursor of a consumer is damaged',
      advice: 'remove the consumer and make it again where it shall begin',
    });
  }
  const version = bytes[MAGIC.length]!;
  if (version !== VERSION) {
    throw new ModwireError('UNIMPLEMENTED', {
      what: 'the cursor of a consumer in an unknown format',
      ...{ expected: String(VERSION), got: String(version) },
      advice: 'use the version of Modwire that wrote it, or a later one',
    });
  }
  const number = (index: number) => data.getFloat64(NUMBERS + 8 * index, true);
  const counts = Object.fromEntries(COUNTS.map((name, index) => [name, number(3 + index)]));
  return {
    ...{ position: number(0), onlyLastUntil: number(1), pausedUntilMs: number(2) },
    counts: counts as unknown as ConsumerCounts,
    unsettled: readUnsettled(bytes),
  };
}

function checkOf(bytes: Uint8Array): number {
  return crc32c(bytes, NUMBERS, bytes.length, crc32c(bytes, 0, CHECK));
}

function putRuns(into: number[], unsettled: readonly UnsettledPlace[]): void {
  const runs: { readonly first: number; length: number; readonly attempts: number }[] = [];
  for (const { offset, attempts, givenUp } of unsettled) {
    if (givenUp !== undefined) continue;
    const last = runs.at(-1);
    if (last?.attempts === attempts && last.first + last.length === offset) last.length++;
    else runs.push({ first: offset, length: 1, attempts });
  }
  putNumber(into, runs.length);
  let end = 0;
  for (const { first, length, attempts } of runs) {
    putNumber(into, first - end);
    putNumber(into, length);
    putNumber(into, attempts);
    end = first + length;
  }
}

function putGivenUp(into: number[], unsettled: readonly UnsettledPlace[]): void {
  const all = unsettled.filter(({ givenUp }) => givenUp !== undefined);
  putNumber(into, all.length);
  let before = 0;
  for (const { offset, attempts, givenUp } of all) {
    const { cause, reason } = givenUp!;
    const text = encodeUtf8(reason);
    for (const number of [offset - before, attempts, CAUSES.indexOf(cause), text.length])
      putNumber(into, number);
    for (const byte of text) into.push(byte);
    before = offset;
  }
}

function putNumber(into: number[], number: number): void {
  // Offsets have up to 53 bits: no shifts.
  for (; number >= 0x80; number = Math.floor(number / 0x80)) into.push((number % 0x80) | 0x80);
  into.push(number);
}

/** The lists of bytes whose check fits: they are as they were written. */
function readUnsettled(bytes: Uint8Array): UnsettledPlace[] {
  let at = LISTS;
  const next = () => {
    let number = 0;
    for (let unit = 1; ; unit *= 0x80) {
      const byte = bytes[at++]!;
      number += (byte & 0x7f) * unit;
      if (byte < 0x80) return number;
    }
  };
  const unsettled: UnsettledPlace[] = [];
  let offset = 0;
  for (let runs = next(); runs > 0; runs--) {
    offset += next();
    const end = offset + next();
    for (const attempts = next(); offset < end; offset++)
      unsettled.push({ offset, attempts, givenUp: undefined });
  }
  offset = 0;
  for (let all = next(); all > 0; all--) {
    offset += next();
    const attempts = next();
    const cause = CAUSES[next()]!;
    const length = next();
    at += length;
    unsettled.push({ offset, attempts, givenUp: { cause, reason: decodeUtf8(bytes, at - length, at) } });
  }
  return unsettled.sort((a, b) => a.offset - b.offset);
}
