import type { Readable } from 'node:stream';

/** What is kept of a child's output. Characters. */
const KEPT = 4_000;

/** The end of what a child process printed, for error messages and for finding the line that says it is ready. */
export class OutputTail {
  text = '';
  onText: (() => void) | undefined;

  constructor(...streams: Array<Readable | null>) {
    for (const stream of streams) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.text = (this.text + chunk).slice(-KEPT);
        this.onText?.();
      });
    }
  }

  toString(): string {
    return this.text.trim() || '(none)';
  }
}
