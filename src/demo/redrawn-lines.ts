import type { Paint } from './style.js';

/** A line of a view; it is painted once it is as long as it stays. */
export interface ViewLine {
  readonly text: string;
  readonly paint?: Paint;
}

/** Lines of a terminal that are drawn over themselves. */
export class RedrawnLines {
  readonly #stream: NodeJS.WriteStream;
  #drawn = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** Whether the stream is a terminal that can do that. */
  get canDraw(): boolean {
    return this.#stream.isTTY && process.env.TERM !== 'dumb';
  }

  /** Columns of a line. */
  get width(): number {
    return Math.max(1, (this.#stream.columns || 80) - 1);
  }

  /** Draws these in place of those before, cut to what fits. */
  draw(all: readonly ViewLine[]): void {
    // A view that does not fit could not be drawn over.
    const lines = all.slice(0, Math.max(1, (this.#stream.rows || 24) - 1));
    const text = lines.map(({ text, paint = (line) => line }) => {
      return `\u001b[2K${paint(text.slice(0, this.width))}\n`;
    });
    this.#stream.write(`${this.#toTop()}${text.join('')}\u001b[J`);
    this.#drawn = lines.length;
  }

  /** Leaves nothing of them. */
  wipe(): void {
    this.#stream.write(`${this.#toTop()}\u001b[J`);
    this.#drawn = 0;
  }

  #toTop(): string {
    return this.#drawn === 0 ? '' : `\u001b[${this.#drawn}F`;
  }
}
