import type { FileHandle } from 'node:fs/promises';
import { PAGE_SIZE } from './lmdb-pages.js';

/** The file grows by at least this much. Bytes. */
const STEP = 1024 * 1024;
/** Kept for removals, which need pages before they free any. Bytes. */
const FOR_REMOVALS = 1024 * 1024;
/** Lists of free pages, and what else a transaction writes besides its entries. Bytes. */
const FOR_ANY = 128 * 1024;

/**
 * Sees to it that the file has the room that LMDB is about to need, by writing zeros behind what it has. LMDB 3.5.6 writes behind
 * the end of a buffer when the system refuses a write to it, and so must never be the first to find out that the disk is full.
 * Where files are copied on writing (btrfs, ZFS) it may be all the same.
 */
export class FileRoom {
  readonly #file: FileHandle;
  #end: number;

  private constructor(file: FileHandle, end: number) {
    this.#file = file;
    this.#end = end;
  }

  static async of(file: FileHandle): Promise<FileRoom> {
    return new FileRoom(file, (await file.stat()).size);
  }

  /** Room for so many bytes behind the last page in use. Rejects as the system refuses; what it gave stays. */
  async make(lastPage: number, bytes: number, isRemoval: boolean): Promise<void> {
    const end = (lastPage + 1) * PAGE_SIZE + bytes + FOR_ANY + (isRemoval ? 0 : FOR_REMOVALS);
    if (end <= this.#end) return;
    const to = isRemoval ? end : Math.max(end, this.#end + STEP);
    const zeros = new Uint8Array(Math.min(to - this.#end, STEP));
    while (this.#end < to) {
      const length = Math.min(zeros.length, to - this.#end);
      this.#end += (await this.#file.write(zeros, 0, length, this.#end)).bytesWritten;
    }
  }
}
