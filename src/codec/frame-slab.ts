import type { FrameView } from './frame-view.js';
import { Memory } from './memory.js';

/**
 * Copies of small frames side by side in slabs: memory for each alone takes longer than the rest of a request or reply. One
 * copy that is held keeps its slab alive.
 */
export class FrameSlab {
  readonly #slabBytes: number;
  #memory = new Memory(new Uint8Array(0));
  #used = 0;

  constructor(slabBytes: number) {
    this.#slabBytes = slabBytes;
  }

  /** Where `reserve` finds room. */
  get memory(): Memory {
    return this.#memory;
  }

  /** A view of a copy, independent of whoever owns the frame; undefined for a frame larger than a slab. */
  copy(frame: FrameView): FrameView | undefined {
    const at = this.reserve(frame.byteLength);
    return at < 0 ? undefined : frame.copy(this.#memory, at);
  }

  /** A place in `memory` for a frame, to be written at once; -1 for one larger than a slab. */
  reserve(byteLength: number): number {
    if (byteLength > this.#slabBytes) return -1;
    if (this.#used + byteLength > this.#memory.length) {
      this.#memory = Memory.allocate(this.#slabBytes);
      this.#used = 0;
    }
    const at = this.#used;
    // Frames begin at multiples of 8.
    this.#used = (at + byteLength + 7) & ~7;
    return at;
  }
}
