import type { Output } from '../output/output.js';

/** Time between two pictures. Milliseconds. */
const STEP_MS = 100;

/** How far something is, on a line of its own that it writes over; only on a terminal. */
export class Progress {
  readonly #output: Output;
  #shownAt = Number.NEGATIVE_INFINITY;

  constructor(output: Output) {
    this.#output = output;
  }

  show(text: () => string): void {
    const now = performance.now();
    if (!this.#output.isTerminal || now - this.#shownAt < STEP_MS) return;
    this.#shownAt = now;
    this.#output.overwrite(text());
  }

  /** Takes the line away. */
  end(): void {
    this.#output.overwrite('');
  }
}

/** How much of the offsets `from` to `to` lies behind one that is there, in whole percent. */
export function percentOf(offset: number, from: number, to: number): string {
  const part = to < from ? 1 : (offset - from + 1) / (to - from + 1);
  return `${Math.floor(100 * Math.min(1, Math.max(0, part)))} %`;
}
