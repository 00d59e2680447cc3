import { type ErrorCode, toModwireError } from '../errors.js';
import { type Latency, LatencyHistogram } from './latency.js';
import { monotonicMicros } from './pace.js';

/** What a caller counted of one hop. */
export interface CallFigures {
  readonly requests: number;
  /** Requests whose reply, or the end of whose stream, has come. */
  readonly replied: number;
  /** Requests that ended with an error, by its code. */
  readonly failed: Readonly<Partial<Record<ErrorCode, number>>>;
  /** Replies that came, those of streams one by one. */
  readonly replies: number;
  /** From the request to its last reply; undefined before the first. */
  readonly latency?: Latency | undefined;
}

/** What a worker counted of one hop. */
export interface ServedFigures {
  readonly requests: number;
  /** Replies that it gave, those of streams one by one. */
  readonly replies: number;
}

interface HopCount {
  requests: number;
  replied: number;
  replies: number;
  readonly failed: Partial<Record<ErrorCode, number>>;
  readonly histogram: LatencyHistogram;
}

/** Counts the calls that one process makes, and those that it answers. */
export class CallCounter {
  readonly #made = new Map<string, HopCount>();
  readonly #served = new Map<string, { requests: number; replies: number }>();

  /** Makes a call and counts it. `call` is given what counts a reply. Rejects as it does. */
  async make<T>(hop: string, call: (replied: () => void) => Promise<T>): Promise<T> {
    const count = this.#hop(hop);
    const startedAt = monotonicMicros();
    count.requests++;
    try {
      const result = await call(() => count.replies++);
      count.replied++;
      count.histogram.record(monotonicMicros() - startedAt);
      return result;
    } catch (thrown) {
      const { code } = toModwireError(thrown);
      count.failed[code] = (count.failed[code] ?? 0) + 1;
      throw thrown;
    }
  }

  /** A request has come to this worker. */
  received(hop: string): void {
    this.#service(hop).requests++;
  }

  /** It gives a reply. */
  replied(hop: string): void {
    this.#service(hop).replies++;
  }

  /** By hop. */
  get made(): Record<string, CallFigures> {
    const made: Record<string, CallFigures> = {};
    for (const [hop, { requests, replied, failed, replies, histogram }] of this.#made) {
      made[hop] = { requests, replied, failed: { ...failed }, replies, latency: histogram.latency };
    }
    return made;
  }

  /** By hop. */
  get served(): Record<string, ServedFigures> {
    return Object.fromEntries([...this.#served].map(([hop, figures]) => [hop, { ...figures }]));
  }

  #hop(hop: string): HopCount {
    let count = this.#made.get(hop);
    if (count === undefined) {
      count = { requests: 0, replied: 0, replies: 0, failed: {}, histogram: new LatencyHistogram() };
      this.#made.set(hop, count);
    }
    return count;
  }

  #service(hop: string) {
    let count = this.#served.get(hop);
    if (count === undefined) {
      count = { requests: 0, replies: 0 };
      this.#served.set(hop, count);
    }
    return count;
  }
}
