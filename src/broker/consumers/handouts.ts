import { encodeControl } from '../../codec/control.js';
import type { OffsetRange } from '../../codec/stream-message.js';
import type { Limits } from '../../limits.js';
import type { ReadBlock } from '../../streams/log-source.js';
import type { Session } from '../session.js';

/** Frames of one message, unless one alone has more. Bytes. */
const MAX_FRAME_BYTES = 64 * 1024;
/** Room before them for the Handout, which is within these bounds. Bytes. */
const HEAD_BYTES = 8 * 1024;
const MAX_RANGES = 256;
const MAX_ATTEMPTS = 1024;
/** Buffers kept for the next ones. */
const MAX_FREE = 64;

/** Who gets records: one consumer number of one session. */
export interface Recipient {
  readonly session: Session;
  readonly number: number;
  /** What is gathered for it in this turn. */
  handout: GatheredRecords | undefined;
}

/** Records side by side, of one block or some of it. */
export type RecordRun = Omit<ReadBlock, 'nextOffset'>;

/** Records for one recipient that leave together. */
export class GatheredRecords {
  readonly bytes = new Uint8Array(HEAD_BYTES + MAX_FRAME_BYTES);
  /** First byte after the last frame. */
  used = HEAD_BYTES;
  ranges: { readonly first: number; last: number }[] = [];
  /** How often each record was handed out; empty while it is the first time for all. */
  attempts: number[] = [];
  count = 0;

  /** Takes the next record, whose frame is copied apart. */
  note(offset: number, attempt: number): void {
    if (attempt > 1 && this.attempts.length === 0) this.attempts = new Array<number>(this.count).fill(1);
    if (attempt > 1 || this.attempts.length > 0) this.attempts.push(attempt);
    const range = this.ranges[this.ranges.length - 1];
    if (range?.last === offset - 1) range.last = offset;
    else this.ranges.push({ first: offset, last: offset });
    this.count++;
  }

  clear(): void {
    this.used = HEAD_BYTES;
    this.ranges = [];
    this.attempts = [];
    this.count = 0;
  }
}

/** Sends records to consumers: a Handout and its frames in one message each, as many together as fit. */
export class Handouts {
  readonly #maxFrameBytes: number;
  readonly #free: GatheredRecords[] = [];

  constructor({ maxBatchBytes }: Pick<Limits, 'maxBatchBytes'>) {
    this.#maxFrameBytes = Math.min(MAX_FRAME_BYTES, maxBatchBytes - HEAD_BYTES);
  }

  /** Gathers one record, whose frame is copied before it returns. True when something was sent. */
  add(
    to: Recipient,
    offset: number,
    attempt: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    let sent = false;
    if (!this.#fits(to, end - start)) {
      this.flush(to);
      sent = true;
    }
    if (end - start > this.#maxFrameBytes) {
      this.#sendAlone(to, offset, attempt, bytes.subarray(start, end));
      return true;
    }
    const gathered = this.#gathered(to);
    gathered.bytes.set(bytes.subarray(start, end), gathered.used);
    gathered.used += end - start;
    gathered.note(offset, attempt);
    return sent;
  }

  /** Gathers records `from` to before `until` of a run, none of which was handed out before. */
  addRun(to: Recipient, run: RecordRun, from: number, until: number): void {
    const { offsets, starts, ends, memory } = run;
    for (let first = from; first < until; ) {
      let next = first;
      let byteLength = 0;
      const room = this.#maxFrameBytes - (to.handout === undefined ? 0 : to.handout.used - HEAD_BYTES);
      let ranges = to.handout?.ranges.length ?? 0;
      for (; next < until && (next === first || starts[next] === ends[next - 1]); next++) {
        if (byteLength + ends[next]! - starts[next]! > room) break;
        if (next === first || offsets[next] !== offsets[next - 1]! + 1) ranges++;
        if (ranges > MAX_RANGES) break;
        byteLength += ends[next]! - starts[next]!;
      }
      if (next === first) {
        // It does not fit behind what is there, or not at all.
        this.add(to, offsets[first]!, 1, memory.u8, starts[first]!, ends[first]!);
        first++;
        continue;
      }
      const gathered = this.#gathered(to);
      gathered.bytes.set(memory.u8.subarray(starts[first], ends[next - 1]), gathered.used);
      gathered.used += byteLength;
      for (; first < next; first++) gathered.note(offsets[first]!, 1);
    }
  }

  /** Sends what is gathered for a recipient. */
  flush(to: Recipient): void {
    const { handout, session } = to;
    if (handout === undefined) return;
    to.handout = undefined;
    if (!session.closed) {
      const head = headOf(to, handout.ranges, handout.attempts);
      const start = HEAD_BYTES - head.length;
      handout.bytes.set(head, start);
      session.sendBytes(handout.bytes.subarray(start, handout.used));
    }
    handout.clear();
    if (this.#free.length < MAX_FREE) this.#free.push(handout);
  }

  #fits({ handout }: Recipient, byteLength: number): boolean {
    if (handout === undefined) return true;
    return (
      handout.used - HEAD_BYTES + byteLength <= this.#maxFrameBytes &&
      handout.ranges.length < MAX_RANGES &&
      handout.count < MAX_ATTEMPTS
    );
  }

  #sendAlone(to: Recipient, offset: number, attempt: number, frame: Uint8Array): void {
    if (to.session.closed) return;
    const head = headOf(to, [{ first: offset, last: offset }], attempt > 1 ? [attempt] : []);
    const message = new Uint8Array(head.length + frame.length);
    message.set(head);
    message.set(frame, head.length);
    to.session.sendBytes(message);
  }

  #gathered(to: Recipient): GatheredRecords {
    to.handout ??= this.#free.pop() ?? new GatheredRecords();
    return to.handout;
  }
}

function headOf(
  { number: consumer }: Recipient,
  offsets: readonly OffsetRange[],
  attempts: readonly number[],
): Uint8Array {
  return encodeControl({ type: 'handout', consumer, offsets, attempts });
}
