import { ModwireError } from '../errors.js';

/** Schemas that wait for their turn. Bytes. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** What an operation takes beside its schema. */
const OPERATION_BYTES = 1024;

/** Does one thing after another, in the order in which they were asked for. */
export class ChangeQueue {
  readonly #what: string;
  #last: Promise<unknown> = Promise.resolve();
  #waitingBytes = 0;
  #closed = false;

  /** `what`: things that change, in the plural. */
  constructor(what: string) {
    this.#what = what;
  }

  /** Rejects as the task does; with RESOURCE_EXHAUSTED when too much waits, FAILED_PRECONDITION once it is closed. */
  async run<Result>(byteLength: number, task: () => Promise<Result>): Promise<Result> {
    if (this.#closed) {
      throw new ModwireError('FAILED_PRECONDITION', `no more changes of ${this.#what} are taken`);
    }
    const bytes = byteLength + OPERATION_BYTES;
    // A single one always has room, however large schemas may be.
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
      throw new ModwireError('RESOURCE_EXHAUSTED', {
        what: `too many changes of ${this.#what} wait`,
        expected: `at most ${MAX_WAITING_BYTES} bytes`,
        got: `${bytes} more`,
        advice: 'try again later',
      });
    }
    this.#waitingBytes += bytes;
    const result = this.#last.then(task).finally(() => {
      this.#waitingBytes -= bytes;
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Takes nothing more; resolves when all is done that was asked for. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
  }
}
