import type { Connection } from './connection.js';

/**
 * Decides whether the client reads. While a queue is full it does not, so that the broker sees a slow consumer; but it
 * does while somebody waits for an answer of the broker, which comes behind the frames: who awaits an answer before
 * taking the next frame would wait for himself.
 */
export class ReadingGate {
  readonly #connection: () => Connection | undefined;
  readonly #awaiting: () => boolean;
  readonly #full = new Set<object>();
  #stopped = false;

  constructor(connection: () => Connection | undefined, awaiting: () => boolean) {
    this.#connection = connection;
    this.#awaiting = awaiting;
  }

  /** A queue is full. True when nothing is read until `relieve`, but what is on hand already. */
  full(queue: object): boolean {
    this.#full.add(queue);
    this.update();
    return this.#stopped;
  }

  /** A queue has room again, or is needed no longer. */
  relieve(queue: object): void {
    if (this.#full.size > 0 && this.#full.delete(queue)) this.update();
  }

  /** To be called when somebody begins to wait for an answer, and when nobody does any more. */
  update(): void {
    const stop = this.#full.size > 0 && !this.#awaiting();
    if (stop === this.#stopped) return;
    const connection = this.#connection();
    if (stop) this.#stopped = connection?.pause() ?? false;
    else {
      this.#stopped = false;
      connection?.resume();
    }
  }

  /** The connection is gone; the next one reads. */
  lost(): void {
    this.#full.clear();
    this.#stopped = false;
  }
}
