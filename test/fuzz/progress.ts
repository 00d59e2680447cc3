const EVERY_MS = 500;

/** One line on standard error that is written over; only on a terminal. */
export class Progress {
  readonly #shown = process.stderr.isTTY === true;
  #next = 0;

  /** Whether it is time to say something again; cheap enough to be asked often. */
  get due(): boolean {
    if (!this.#shown) return false;
    const now = performance.now();
    if (now < this.#next) return false;
    this.#next = now + EVERY_MS;
    return true;
  }

  show(text: string): void {
    if (this.#shown) process.stderr.write(`\r\x1b[K${text}`);
  }

  end(): void {
    if (this.#shown) process.stderr.write('\r\x1b[K');
  }
}
