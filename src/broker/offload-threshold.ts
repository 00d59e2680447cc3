/** From what payload size on the worker pool verifies. It is measured while the broker runs, unless it was configured. */
export class OffloadThreshold {
  /** Bytes. */
  bytes: number;
  #measuring: boolean;
  readonly #measure: () => Promise<number>;

  /** `configured` 0 has it measured; until that is done, payloads from `initial` on go to the pool. */
  constructor(configured: number, initial: number, measure: () => Promise<number>) {
    this.bytes = configured === 0 ? initial : configured;
    this.#measuring = configured === 0;
    this.#measure = measure;
  }

  /** There are contracts: it matters now. Measures once. */
  needed(): void {
    if (!this.#measuring) return;
    this.#measuring = false;
    this.#measure().then(
      (bytes) => {
        this.bytes = bytes;
      },
      // The initial value stays: it is safe, only not the best.
      () => undefined,
    );
  }
}
