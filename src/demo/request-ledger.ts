import { type ErrorCode, ModwireError } from '../errors.js';

/** What has become of all requests. */
export interface RequestFigures {
  readonly sent: number;
  /** Predicted, and their explanation has come to its end. */
  readonly answered: number;
  /** Ended with an error, by its code. */
  readonly failed: Readonly<Partial<Record<ErrorCode, number>>>;
  /** Predicted, whatever became of the explanation. */
  readonly predicted: number;
  /** Feedback to the prediction came, the first time. */
  readonly fedBack: number;
  /** An outcome or feedback came again, or to a request that there never was. */
  readonly unexpected: number;
  /** Numbers of requests without an outcome, or predicted and without feedback: the first few. */
  readonly missing: readonly number[];
}

/** Most requests under way. That many are only reached when they vanish. */
const MAX_OPEN = 1_000_000;
const MAX_NAMED = 5;

/** Knows of every request what has become of it: numbers could agree when one is lost and another doubled. */
export class RequestLedger {
  /** Without an outcome. */
  readonly #open = new Set<number>();
  /** Predicted, and without feedback. */
  readonly #awaited = new Set<number>();
  readonly #failed: Partial<Record<ErrorCode, number>> = {};
  #sent = 0;
  #answered = 0;
  #predicted = 0;
  #unexpected = 0;

  /** The number of a new request. Throws RESOURCE_EXHAUSTED when too many are open. */
  send(): number {
    const open = this.#open.size + this.#awaited.size;
    if (open >= MAX_OPEN) {
      throw new ModwireError('RESOURCE_EXHAUSTED', {
        what: 'requests remain without outcome or feedback',
        expected: `fewer than ${MAX_OPEN}`,
        got: `${open}`,
      });
    }
    this.#open.add(this.#sent);
    return this.#sent++;
  }

  /** Its prediction is there, and feedback to it is to come. */
  predict(request: number): void {
    this.#predicted++;
    this.#awaited.add(request);
  }

  /** Its outcome: all of it was answered. */
  answer(request: number): void {
    if (this.#open.delete(request)) this.#answered++;
    else this.#unexpected++;
  }

  /** Its outcome: an error. */
  fail(request: number, code: ErrorCode): void {
    if (this.#open.delete(request)) this.#failed[code] = (this.#failed[code] ?? 0) + 1;
    else this.#unexpected++;
  }

  feedback(request: number): void {
    if (!this.#awaited.delete(request)) this.#unexpected++;
  }

  get figures(): RequestFigures {
    const missing = new Set<number>();
    for (const requests of [this.#open, this.#awaited]) {
      for (const request of requests) {
        if (missing.size === MAX_NAMED) break;
        missing.add(request);
      }
    }
    return {
      sent: this.#sent,
      answered: this.#answered,
      failed: { ...this.#failed },
      predicted: this.#predicted,
      fedBack: this.#predicted - this.#awaited.size,
      unexpected: this.#unexpected,
      missing: [...missing],
    };
  }
}
