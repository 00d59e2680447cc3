import { ModwireError } from '../../errors.js';
import { fitLine } from './fit-line.js';
import { createStyle, type Style, wantsColour } from './style.js';

/** Lines are not made longer than this for readers, however wide the terminal. Columns. */
const MAX_COLUMNS = 100;
const DEFAULT_COLUMNS = 80;

/** Standard output or standard error. */
export class Output {
  readonly style: Style;
  readonly columns: number;
  /** Whether people look at it, and it can be written over. */
  readonly isTerminal: boolean;
  readonly #stream: NodeJS.WriteStream;
  readonly #closed = new AbortController();
  #error: Error | undefined;
  /** The cursor stands behind a line that may be written over. */
  #overwriting = false;
  /** Lines above the cursor that may be written over. */
  #drawn = 0;

  constructor(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv) {
    this.#stream = stream;
    this.style = createStyle(wantsColour(stream.isTTY === true, env));
    this.isTerminal = stream.isTTY === true && env.TERM !== 'dumb';
    // Some terminals do not know how wide they are, and say 0.
    this.columns = Math.min(MAX_COLUMNS, stream.columns || DEFAULT_COLUMNS);
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // Whoever read this has what they wanted: `modwire sub '>' | head`.
      if (error.code !== 'EPIPE') this.#error ??= error;
      this.#closed.abort();
    });
  }

  /** Fires when nobody reads any more, or nothing can be written. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Writes a line. Resolves when more may be written; what is written after the end of reading is dropped. */
  async line(text: string): Promise<void> {
    const before = this.#overwriting ? '\n' : '';
    this.#overwriting = false;
    this.#drawn = 0;
    await this.#write(`${before}${text}\n`);
  }

  /** Writes bytes as they are. Resolves as `line` does. */
  bytes(bytes: Uint8Array): Promise<void> {
    return this.#write(bytes);
  }

  /** Writes a line over the last one that this wrote; `line` goes on below it, unless it is empty. On a terminal only. */
  overwrite(text: string): void {
    if (!this.isTerminal || this.#closed.signal.aborted) return;
    // A line that wraps could not be written over.
    this.#stream.write(`\r\u001b[2K${text.slice(0, this.columns - 1)}`);
    this.#overwriting = text !== '';
  }

  /** Writes lines over those of the last time, as far as they fit; `line` goes on below them. On a terminal only. */
  redraw(lines: readonly string[]): void {
    if (!this.isTerminal || this.#closed.signal.aborted) return;
    const top = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}F`;
    // A line that wraps could not be written over.
    const text = lines.map((line) => `\u001b[2K${fitLine(line, this.columns - 1)}\n`).join('');
    this.#stream.write(`${top}${text}\u001b[J`);
    this.#drawn = lines.length;
  }

  /** Resolves when everything is written. Throws INTERNAL when it could not be, other than for want of a reader. */
  async finish(): Promise<void> {
    if (!this.#closed.signal.aborted) {
      await new Promise<void>((resolve) => this.#stream.write('', () => resolve()));
      // A failed write is reported on the turn after its callback.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    if (this.#error === undefined) return;
    throw new ModwireError('INTERNAL', {
      what: 'cannot write the output',
      got: this.#error.message,
      cause: this.#error,
    });
  }

  async #write(what: string | Uint8Array): Promise<void> {
    if (this.#closed.signal.aborted || this.#stream.write(what)) return;
    await new Promise<void>((resolve) => {
      const settle = () => {
        this.#stream.off('drain', settle);
        this.#closed.signal.removeEventListener('abort', settle);
        resolve();
      };
      this.#stream.on('drain', settle);
      this.#closed.signal.addEventListener('abort', settle);
    });
  }
}
