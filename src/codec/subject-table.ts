import type { FrameView } from './frame-view.js';
import { Memory } from './memory.js';

interface Entry<Value> {
  readonly bytes: Memory;
  readonly hash: number;
  readonly value: Value;
  /** The next entry with the same hash. */
  next: Entry<Value> | undefined;
}

/**
 * Finds what belongs to a frame's subject by the hash that verification left in the view and by comparing bytes:
 * no text is made. All frames must have been verified by verifiers with the same seed. The user bounds its size.
 */
export class SubjectTable<Value> {
  readonly #byHash = new Map<number, Entry<Value>>();
  #last: Entry<Value> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  find(frame: FrameView): Value | undefined {
    const last = this.#last;
    // Frames of one subject come in runs.
    if (last !== undefined && last.hash === frame.subjectHash && sameBytes(last.bytes, frame))
      return last.value;
    let entry = this.#byHash.get(frame.subjectHash);
    while (entry !== undefined && !sameBytes(entry.bytes, frame)) entry = entry.next;
    if (entry === undefined) return undefined;
    this.#last = entry;
    return entry.value;
  }

  /** Adds a value under a subject that has none; the subject's bytes are copied. */
  add(frame: FrameView, value: Value): void {
    const bytes = new Memory(frame.memory.u8.slice(frame.subjectStart, frame.subjectEnd));
    const entry = { bytes, hash: frame.subjectHash, value, next: this.#byHash.get(frame.subjectHash) };
    this.#byHash.set(entry.hash, entry);
    this.#last = entry;
    this.#size++;
  }

  /** Removes every value that passes, by looking at all. */
  deleteWhere(test: (value: Value) => boolean): void {
    this.#last = undefined;
    for (const [hash, head] of this.#byHash) {
      let kept: Entry<Value> | undefined;
      for (let entry: Entry<Value> | undefined = head; entry !== undefined; ) {
        const { next }: Entry<Value> = entry;
        if (test(entry.value)) this.#size--;
        else {
          entry.next = kept;
          kept = entry;
        }
        entry = next;
      }
      if (kept === undefined) this.#byHash.delete(hash);
      else this.#byHash.set(hash, kept);
    }
  }
}

function sameBytes(known: Memory, frame: FrameView): boolean {
  const start = frame.subjectStart;
  const length = frame.subjectEnd - start;
  if (known.length !== length) return false;
  const { data, u8 } = frame.memory;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    if (known.data.getInt32(at, true) !== data.getInt32(start + at, true)) return false;
  }
  for (; at < length; at++) {
    if (known.u8[at] !== u8[start + at]) return false;
  }
  return true;
}
