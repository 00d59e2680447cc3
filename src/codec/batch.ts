import { CONTROL_IDENTIFIER, FRAME_ALIGNMENT, FRAME_IDENTIFIER, PREAMBLE_BYTES } from './frame-layout.js';
import type { Memory } from './memory.js';
import { Rule, type RuleNumber, type Violation, violation } from './verify-rule.js';

/** What an entry of a batch is, by its file identifier. */
export type EntryKind = 'frame' | 'control';

/**
 * Finds the entries of a batch: size-prefixed FlatBuffers, one after the other, each a multiple of 8 bytes long.
 * It looks at sizes and identifiers only, holds every size against the bytes on hand, and copies nothing.
 */
export class BatchReader {
  #memory: Memory | undefined;
  #next = 0;
  /** Where the current entry's size prefix lies. */
  start = 0;
  /** First byte after the current entry. */
  end = 0;
  kind: EntryKind = 'frame';
  #rule: RuleNumber = Rule.ok;

  /** Begins at the front of a batch, which is borrowed until the next reset. */
  reset(memory: Memory): void {
    this.#memory = memory;
    this.#next = 0;
    this.start = 0;
    this.end = 0;
    this.#rule = Rule.ok;
  }

  /** Steps to the next entry. False at the end of the batch, and at a violation, after which nothing can be found. */
  next(): boolean {
    const memory = this.#memory;
    if (memory === undefined || this.#rule !== Rule.ok) return false;
    const start = this.#next;
    const left = memory.length - start;
    if (left === 0) return false;
    this.start = start;
    if (left < PREAMBLE_BYTES) return this.#fail(Rule.tooShort);
    const byteLength = memory.data.getUint32(start, true) + 4;
    if (byteLength > left) return this.#fail(Rule.sizePrefix);
    if (byteLength % FRAME_ALIGNMENT !== 0) return this.#fail(Rule.sizeAlignment);
    if (byteLength < PREAMBLE_BYTES) return this.#fail(Rule.tooShort);
    const identifier = memory.data.getUint32(start + 8, true);
    if (identifier === FRAME_IDENTIFIER) this.kind = 'frame';
    else if (identifier === CONTROL_IDENTIFIER) this.kind = 'control';
    else return this.#fail(Rule.identifier);
    this.end = start + byteLength;
    this.#next = this.end;
    return true;
  }

  /** Why the batch could not be read to its end; its offset counts from the start of the batch. */
  get violation(): Violation | undefined {
    return this.#rule === Rule.ok ? undefined : violation(this.#rule, this.start, '');
  }

  #fail(rule: RuleNumber): false {
    this.#rule = rule;
    return false;
  }
}

/**
 * Entries side by side, in their order, in as few batches as that allows. A batch has at most `maxBytes`, unless one entry
 * alone has more.
 */
export function batchesOf(entries: readonly Uint8Array[], maxBytes: number): Uint8Array[] {
  const batches: Uint8Array[] = [];
  let from = 0;
  let bytes = 0;
  entries.forEach((entry, index) => {
    if (bytes > 0 && bytes + entry.length > maxBytes) {
      batches.push(joined(entries.slice(from, index), bytes));
      from = index;
      bytes = 0;
    }
    bytes += entry.length;
  });
  if (bytes > 0) batches.push(joined(entries.slice(from), bytes));
  return batches;
}

function joined(entries: readonly Uint8Array[], bytes: number): Uint8Array {
  const [only] = entries;
  if (entries.length === 1) return only!;
  const batch = new Uint8Array(bytes);
  let at = 0;
  for (const entry of entries) {
    batch.set(entry, at);
    at += entry.length;
  }
  return batch;
}
