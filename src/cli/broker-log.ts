import { listen } from '../events.js';
import { formatQuantity } from './config/quantity.js';
import type { Output } from './output/output.js';
import { printable } from './output/printable.js';

/** Lines in one second; what clients do must not fill a disk. */
const MAX_LINES = 10;
const WINDOW_MS = 1_000;

/** Writes what an operator should see of the broker in this process, until the returned function is called. */
export function logBroker(output: Output): () => void {
  const lines = new LimitedLines(output);
  const offs = [
    listen('modwire:refused', ({ session, code, message }) =>
      lines.add(`session ${session} refused: ${code}: ${message}`),
    ),
    listen('modwire:consumer.slow', ({ session, bufferedBytes }) =>
      lines.add(`session ${session} reads too slowly: ${formatQuantity(bufferedBytes, 'bytes')} buffered`),
    ),
    listen('modwire:consumer.resumed', ({ session, missed }) =>
      lines.add(`session ${session} has caught up and was told of ${missed.length} gaps`),
    ),
  ];
  return () => {
    for (const off of offs) off();
  };
}

class LimitedLines {
  readonly #output: Output;
  #windowStart = Number.NEGATIVE_INFINITY;
  #written = 0;
  #dropped = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  add(text: string): void {
    const now = performance.now();
    if (now - this.#windowStart > WINDOW_MS) {
      if (this.#dropped > 0) this.#write(`${this.#dropped} more in the same second`);
      this.#windowStart = now;
      this.#written = 0;
      this.#dropped = 0;
    }
    if (this.#written++ < MAX_LINES) this.#write(text);
    else this.#dropped++;
  }

  #write(text: string): void {
    void this.#output.line(`${this.#output.style.yellow('warning:')} ${printable(text)}`);
  }
}
