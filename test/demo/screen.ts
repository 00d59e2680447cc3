/** The part of a terminal that the live view uses: text, new lines, and the sequences that move and wipe. */
export class Screen {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly rows: number;
  /** All that was written. */
  written = '';
  #lines: string[] = [''];
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number, isTTY = true) {
    this.columns = columns;
    this.rows = rows;
    this.isTTY = isTTY;
  }

  /** Lines with something in them, as they are seen. */
  get lines(): string[] {
    return this.#lines.map((line) => line.trimEnd()).filter((line) => line !== '');
  }

  write(text: string): boolean {
    this.written += text;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal obeys
    for (const [token, count, command] of text.matchAll(/\u001b\[(\d*)([A-Za-z])|./gsu)) {
      if (command !== undefined) this.#obey(command, Number(count));
      else if (token === '\n') this.#moveTo(this.#row + 1);
      else this.#put(token!);
    }
    return true;
  }

  #obey(command: string, count: number): void {
    if (command === 'F') this.#moveTo(this.#row - count);
    else if (command === 'K' && count === 2) this.#lines[this.#row] = '';
    else if (command === 'J' && count === 0) {
      this.#lines.length = this.#row + 1;
      this.#lines[this.#row] = this.#lines[this.#row]!.slice(0, this.#column);
    } else if (command !== 'm') throw new Error(`the screen does not know ${count}${command}`);
  }

  #moveTo(row: number): void {
    if (row < 0) throw new Error('moved above the first line');
    this.#row = row;
    this.#column = 0;
    while (this.#lines.length <= row) this.#lines.push('');
    if (this.#lines.length > this.rows) throw new Error('scrolled');
  }

  #put(character: string): void {
    if (this.#column >= this.columns) throw new Error('wrapped');
    const line = this.#lines[this.#row]!.padEnd(this.#column);
    this.#lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1);
    this.#column++;
  }
}
