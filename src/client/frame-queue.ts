import type { FrameView } from '../codec/frame-view.js';

/** Consumed entries are cut off when there are this many. */
const COMPACT_AFTER = 1024;

/** Frames waiting for a reader, first in, first out. Readers wait for frames, never the other way round. */
export class FrameQueue {
  #frames: FrameView[] = [];
  #head = 0;
  #ended = false;
  #waiting: Array<() => void> = [];

  get length(): number {
    return this.#frames.length - this.#head;
  }

  push(frame: FrameView): void {
    this.#frames.push(frame);
    this.#wake();
  }

  /** What is queued can still be taken. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  clear(): void {
    this.#frames = [];
    this.#head = 0;
  }

  /** The next frame, waiting for it; undefined at the end. */
  async take(): Promise<FrameView | undefined> {
    while (this.length === 0) {
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    const frame = this.#frames[this.#head]!;
    this.#head++;
    if (this.#head === this.#frames.length || this.#head >= COMPACT_AFTER) {
      this.#frames = this.#frames.slice(this.#head);
      this.#head = 0;
    }
    return frame;
  }

  #wake(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
