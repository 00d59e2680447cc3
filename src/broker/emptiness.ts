/** Waits for something to be empty. */
export class Emptiness {
  readonly #isEmpty: () => boolean;
  readonly #waiting = new Set<() => void>();

  constructor(isEmpty: () => boolean) {
    this.#isEmpty = isEmpty;
  }

  /** Resolves when it is empty, or after so many milliseconds. */
  within(timeoutMs: number): Promise<void> {
    if (this.#isEmpty()) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#waiting.add(done);
    });
  }

  /** It may be empty now. */
  look(): void {
    if (this.#isEmpty()) for (const done of this.#waiting) done();
  }
}
