/** One line on the terminal that says how far things are. Silent when stderr is no terminal. */
export class Progress {
  readonly #stream = process.stderr;
  #total = 0;
  #done = 0;

  /** `total`: how many steps there are to come. */
  start(total: number): void {
    this.#total = total;
    this.#done = 0;
  }

  /** Begins a step. */
  step(text: string): void {
    this.#done++;
    if (!this.#stream.isTTY) return;
    const line = `[${this.#done}/${this.#total}] ${text}`;
    // A line that wraps could not be wiped out again.
    this.#stream.write(`\r\x1b[2K${line.slice(0, (this.#stream.columns || 80) - 1)}`);
  }

  /** Wipes out the line, before anything else is printed. */
  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[2K');
  }
}
