import { ModwireError } from '../errors.js';

/** What has become of all requests. */
export interface RequestFigures {
  readonly sent: number;
  /** Feedback came, the first time. */
  readonly answered: number;
  /** Feedback came again, or to a request that there never was. */
  readonly unexpected: number;
  /** Numbers of requests without feedback: the first few. */
  readonly unanswered: readonly number[];
}

/** Most requests under way. That many are only reached when they vanish. */
const MAX_OPEN = 1_000_000;
const MAX_NAMED = 5;

/** Knows of every request whether its feedback has come: numbers could agree when one is lost and another doubled. */
export class RequestLedger {
  readonly #open = new Set<number>();
  #sent = 0;
  #unexpected = 0;

  /** The number of a new request. Throws RESOURCE_EXHAUSTED when too many are open. */
  send(): number {
    if (this.#open.size >= MAX_OPEN) {
      throw new ModwireError('RESOURCE_EXHAUSTED', {
        what: 'requests remain without feedback',
        expected: `fewer than ${MAX_OPEN}`,
        got: `${this.#open.size}`,
      });
    }
    this.#open.add(this.#sent);
    return this.#sent++;
  }

  answer(request: number): void {
    if (!this.#open.delete(request)) this.#unexpected++;
  }

  get figures(): RequestFigures {
    const unanswered: number[] = [];
    for (const request of this.#open) {
      if (unanswered.length === MAX_NAMED) break;
      unanswered.push(request);
    }
    return {
      sent: this.#sent,
      answered: this.#sent - this.#open.size,
      unexpected: this.#unexpected,
      unanswered,
    };
  }
}
