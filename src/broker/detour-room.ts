import { ModwireError } from '../errors.js';

/** Room for frames that wait for a verdict of the worker pool, or behind such a frame. */
export class DetourRoom {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes in use. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Throws RESOURCE_EXHAUSTED when there is no room. */
  take(byteLength: number, subject: string): void {
    if (this.#bytes + byteLength > this.#maxBytes) {
      throw new ModwireError('RESOURCE_EXHAUSTED', {
        what: 'too much waits to be verified',
        expected: `at most maxDetourBytes = ${this.#maxBytes}`,
        got: `${byteLength} bytes more`,
        where: `subject ${subject}`,
        advice: 'send more slowly, or raise maxDetourBytes or workerThreads',
      });
    }
    this.#bytes += byteLength;
  }

  giveBack(byteLength: number): void {
    this.#bytes -= byteLength;
  }
}
