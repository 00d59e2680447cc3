import { FRAME_ALIGNMENT } from '../codec/frame-layout.js';
import { FrameVerifier } from '../codec/frame-verifier.js';
import type { FrameView } from '../codec/frame-view.js';
import { Memory, readU64 } from '../codec/memory.js';
import {
  BLOCK_MAGIC,
  ENTRY_BYTES,
  Entry,
  HEADER_BYTES,
  Header,
  headCheck,
  recordCheck,
  tableBytes,
} from './block-format.js';
import type { StoredBlock } from './stream-store.js';

const NOTHING = new Memory(new Uint8Array(0));

/** Reads a block. Nothing of a record is handed out before its check was held against its bytes. */
export class BlockReader {
  readonly #verifier = new FrameVerifier();
  memory = NOTHING;
  /** Records; 0 unless the last reset went well. */
  count = 0;
  firstOffset = 0;
  #framesAt = 0;

  /**
   * Points the reader at a block. Returns what is wrong with its header or table, in which case none of its records can be
   * told apart; undefined when it is whole.
   */
  reset(bytes: Uint8Array): string | undefined {
    this.count = 0;
    if (bytes.length < HEADER_BYTES) return `${bytes.length} bytes, fewer than a header has`;
    const memory = new Memory(bytes);
    const { data } = memory;
    if (data.getUint32(Header.magic, true) !== BLOCK_MAGIC) return 'it does not begin as a block';
    const count = data.getUint32(Header.count, true);
    const framesAt = HEADER_BYTES + tableBytes(count);
    const frameBytes = data.getUint32(Header.frameBytes, true);
    if (count === 0 || framesAt + frameBytes !== bytes.length)
      return 'its length is not what its header says';
    if (data.getUint32(Header.check, true) !== headCheck(memory, 0, framesAt)) {
      return 'its header and table do not fit their check';
    }
    this.memory = memory;
    this.count = count;
    this.firstOffset = readU64(data, Header.firstOffset);
    this.#framesAt = framesAt;
    const fault = this.#tableFault(frameBytes);
    if (fault !== undefined) this.count = 0;
    return fault;
  }

  get lastOffset(): number {
    return this.offset(this.count - 1);
  }

  offset(index: number): number {
    return this.firstOffset + this.memory.data.getUint32(this.#entry(index) + Entry.offset, true);
  }

  /** Where a record's frame begins in `memory`. */
  start(index: number): number {
    return index === 0 ? this.#framesAt : this.end(index - 1);
  }

  /** First byte after a record's frame in `memory`. */
  end(index: number): number {
    return this.#framesAt + this.memory.data.getUint32(this.#entry(index) + Entry.end, true);
  }

  /** Index of the first record at or after an offset; `count` when all are before it. */
  indexFrom(offset: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.offset(middle) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** What a record's bytes had to give when it was stored. */
  check(index: number): number {
    return this.memory.data.getUint32(this.#entry(index) + Entry.check, true);
  }

  /** Whether a record's bytes are those that were stored. */
  isWhole(index: number): boolean {
    const found = recordCheck(this.memory, this.offset(index), this.start(index), this.end(index));
    return found === this.check(index);
  }

  /** Points a view at a record's frame. False when its bytes are not those that were stored, or no frame. */
  view(index: number, view: FrameView): boolean {
    return this.isWhole(index) && this.viewUnchecked(index, view);
  }

  /** The same for any bytes that are a frame. */
  viewUnchecked(index: number, view: FrameView): boolean {
    const end = this.end(index);
    return this.#verifier.verify(this.memory, this.start(index), end, view) && view.end === end;
  }

  #entry(index: number): number {
    return HEADER_BYTES + index * ENTRY_BYTES;
  }

  /** A block of somebody else may have a check that fits, and a table that is nonsense all the same. */
  #tableFault(frameBytes: number): string | undefined {
    const { data } = this.memory;
    let lastOffset = -1;
    let lastEnd = 0;
    for (let index = 0, at = HEADER_BYTES; index < this.count; index++, at += ENTRY_BYTES) {
      const offset = data.getUint32(at + Entry.offset, true);
      const end = data.getUint32(at + Entry.end, true);
      if (offset <= lastOffset || (index === 0 && offset !== 0)) return 'its offsets do not rise';
      if (end <= lastEnd || end % FRAME_ALIGNMENT !== 0) return 'its frames do not lie side by side';
      lastOffset = offset;
      lastEnd = end;
    }
    if (!Number.isSafeInteger(this.firstOffset + lastOffset)) return 'its offsets are too large';
    return lastEnd === frameBytes ? undefined : 'its frames do not lie side by side';
  }
}

/** Points a reader at a block of a store. Returns what is wrong with its header, its table or its key; undefined when nothing is. */
export function resetTo({ lastOffset, bytes }: StoredBlock, reader: BlockReader): string | undefined {
  const fault = reader.reset(bytes);
  if (fault !== undefined || reader.lastOffset === lastOffset) return fault;
  return 'another block is in its place';
}
