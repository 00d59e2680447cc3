import type { FrameView } from './frame-view.js';
import { Memory } from './memory.js';

/** Numbers of a slot: hash, where the subject's bytes begin, how many there are, and the value's index plus 1. */
const SLOT = 4;
const FIRST_CAPACITY = 64;
const FIRST_BYTES = 1024;

/**
 * Finds what belongs to a frame's subject by the hash that verification left in the view and by comparing bytes: no text
 * is made. All frames must have been verified by verifiers with the same seed. The user bounds its size.
 *
 * Open addressing over plain numbers, and all subjects' bytes side by side: with a hundred thousand subjects in turn a
 * lookup costs what it misses in the cache, and objects per subject would double that.
 */
export class SubjectTable<Value> {
  #slots = new Int32Array(FIRST_CAPACITY * SLOT);
  #mask = FIRST_CAPACITY - 1;
  #bytes = Memory.allocate(FIRST_BYTES);
  #usedBytes = 0;
  #values: Value[] = [];
  /** Slot of the last subject found, as an index into `#slots`; frames of one subject come in runs. */
  #last = 0;

  get size(): number {
    return this.#values.length;
  }

  find(frame: FrameView): Value | undefined {
    const slots = this.#slots;
    const hash = frame.subjectHash;
    const length = frame.subjectEnd - frame.subjectStart;
    if (this.#holds(this.#last, hash, length, frame)) return this.#values[slots[this.#last + 3]! - 1];
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * SLOT;
      if (slots[at + 3] === 0) return undefined;
      if (!this.#holds(at, hash, length, frame)) continue;
      this.#last = at;
      return this.#values[slots[at + 3]! - 1];
    }
  }

  /** Adds a value under a subject that has none; the subject's bytes are copied. */
  add(frame: FrameView, value: Value): void {
    if ((this.#values.length + 1) * 2 > this.#mask) this.#rebuild((this.#mask + 1) * 2, () => true);
    const { u8 } = frame.memory;
    const length = frame.subjectEnd - frame.subjectStart;
    if (this.#usedBytes + length > this.#bytes.length) {
      const larger = Memory.allocate((this.#usedBytes + length) * 2);
      larger.u8.set(this.#bytes.u8.subarray(0, this.#usedBytes));
      this.#bytes = larger;
    }
    this.#bytes.u8.set(u8.subarray(frame.subjectStart, frame.subjectEnd), this.#usedBytes);
    this.#values.push(value);
    this.#last = this.#insert(frame.subjectHash, this.#usedBytes, length, this.#values.length);
    this.#usedBytes += length;
  }

  /** Removes every value that passes, by looking at all. */
  deleteWhere(test: (value: Value) => boolean): void {
    this.#rebuild(this.#mask + 1, (value) => !test(value));
  }

  #holds(at: number, hash: number, length: number, frame: FrameView): boolean {
    const slots = this.#slots;
    if (slots[at] !== hash || slots[at + 2] !== length || slots[at + 3] === 0) return false;
    return sameBytes(this.#bytes, slots[at + 1]!, frame, length);
  }

  #insert(hash: number, start: number, length: number, index: number): number {
    const slots = this.#slots;
    let slot = hash & this.#mask;
    while (slots[slot * SLOT + 3] !== 0) slot = (slot + 1) & this.#mask;
    slots.set([hash, start, length, index], slot * SLOT);
    return slot * SLOT;
  }

  /** Into a table of `capacity` slots, a power of two, with those that are kept. */
  #rebuild(capacity: number, keep: (value: Value) => boolean): void {
    const slots = this.#slots;
    const values = this.#values;
    const bytes = this.#bytes;
    this.#slots = new Int32Array(capacity * SLOT);
    this.#mask = capacity - 1;
    this.#values = [];
    this.#bytes = Memory.allocate(bytes.length);
    this.#usedBytes = 0;
    this.#last = 0;
    for (let at = 0; at < slots.length; at += SLOT) {
      const index = slots[at + 3]!;
      if (index === 0 || !keep(values[index - 1]!)) continue;
      const start = slots[at + 1]!;
      const length = slots[at + 2]!;
      this.#bytes.u8.set(bytes.u8.subarray(start, start + length), this.#usedBytes);
      this.#values.push(values[index - 1]!);
      this.#insert(slots[at]!, this.#usedBytes, length, this.#values.length);
      this.#usedBytes += length;
    }
  }
}

function sameBytes(known: Memory, from: number, frame: FrameView, length: number): boolean {
  const start = frame.subjectStart;
  const { data, u8 } = frame.memory;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    if (known.data.getInt32(from + at, true) !== data.getInt32(start + at, true)) return false;
  }
  for (; at < length; at++) {
    if (known.u8[from + at] !== u8[start + at]) return false;
  }
  return true;
}
