import type { FrameView } from '../codec/frame-view.js';
import { Memory } from '../codec/memory.js';
import {
  HEADER_BYTES,
  MAX_BLOCK_RECORDS,
  MAX_FRAME_BYTES,
  recordCheck,
  tableBytes,
  writeHead,
} from './block-format.js';
import type { StoredBlock } from './stream-store.js';

const TABLE_ROOM = HEADER_BYTES + tableBytes(MAX_BLOCK_RECORDS);
const SLAB_BYTES = TABLE_ROOM + MAX_FRAME_BYTES;

/** Slabs kept for the next records; more than this are under way only where disks are slow. */
const MAX_SPARE = 64;
const spare: Memory[] = [];

/**
 * Memory in which frames gather to blocks: one block of many records, or many blocks of one record each. In front of each block's
 * frames there is room for header and table, so that nothing is moved when it is finished.
 */
export class BlockSlab {
  readonly memory: Memory;
  readonly #recordsPerBlock: number;
  readonly #tableRoom: number;
  readonly firstOffset: number;
  /** Where the frame of each record begins and ends in `memory`. */
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly #offsets: number[] = [];
  readonly #checks: number[] = [];
  readonly #blocks: StoredBlock[] = [];
  /** Index of the present block's first record. */
  #first = 0;
  #used = 0;

  /** `byteLength` is that of the first frame to come; `isSingle` says that each record has a block of its own. */
  constructor(firstOffset: number, byteLength: number, isSingle: boolean) {
    this.firstOffset = firstOffset;
    this.#recordsPerBlock = isSingle ? 1 : MAX_BLOCK_RECORDS;
    this.#tableRoom = HEADER_BYTES + tableBytes(this.#recordsPerBlock);
    this.memory =
      byteLength <= MAX_FRAME_BYTES
        ? (spare.pop() ?? Memory.allocate(SLAB_BYTES))
        : Memory.allocate(this.#tableRoom + byteLength);
  }

  get count(): number {
    return this.starts.length;
  }

  /** Takes a copy of a frame as the next record. False when it does not fit any more. */
  append(frame: FrameView): boolean {
    const isFresh = this.starts.length === this.#first;
    const start = isFresh ? this.#used + this.#tableRoom : this.#used;
    const end = start + frame.byteLength;
    if (end > this.memory.length || this.starts.length - this.#first === this.#recordsPerBlock) return false;
    const offset = this.firstOffset + this.starts.length;
    this.memory.u8.set(frame.bytes, start);
    this.#offsets.push(offset);
    this.starts.push(start);
    this.ends.push(end);
    this.#checks.push(recordCheck(this.memory, offset, start, end));
    this.#used = end;
    if (this.#recordsPerBlock === 1) this.#finishBlock();
    return true;
  }

  /** The blocks, their bytes in this slab's memory. Nothing can be added any more. */
  finish(): readonly StoredBlock[] {
    if (this.#first < this.starts.length) this.#finishBlock();
    return this.#blocks;
  }

  /** Nobody looks at its memory any more. */
  release(): void {
    if (this.memory.length === SLAB_BYTES && spare.length < MAX_SPARE) spare.push(this.memory);
  }

  #finishBlock(): void {
    const { starts, ends } = this;
    const first = this.#first;
    const last = starts.length;
    const records = { offsets: this.#offsets, ends, checks: this.#checks, first, last };
    const at = writeHead(this.memory, starts[first]!, records);
    const bytes = this.memory.u8.subarray(at, ends[last - 1]!);
    this.#blocks.push({ lastOffset: this.#offsets[last - 1]!, bytes });
    this.#first = last;
  }
}
