import type { CallFigures, ServedFigures } from './call-counter.js';
import type { JoinFigures } from './causal-join.js';
import { type Latency, LatencyHistogram } from './latency.js';
import type { RequestFigures } from './request-ledger.js';

/** Frames and the bytes of their payloads. */
export interface Tally {
  readonly frames: number;
  readonly bytes: number;
}

/** What a consumer received of one stage, by its own count. */
export interface Delivered extends Tally {
  /** Frames that the broker or the client reported as not to come. */
  readonly gaps: number;
  /** Undefined before the first frame. */
  readonly latency?: Latency | undefined;
}

/** What one process has counted; several may publish into one channel. */
export interface Figures {
  /** By channel: see stages.ts. */
  readonly published: Readonly<Record<string, Tally>>;
  /** By stage. */
  readonly delivered: Readonly<Record<string, Delivered>>;
  /** How often publishing waited because the broker's window was full. */
  readonly waits: number;
  /** What went wrong in this process: the first few. */
  readonly problems: readonly string[];
  /** The gateway's. */
  readonly requests?: RequestFigures | undefined;
  /** Of those who make requests, by hop. */
  readonly made?: Readonly<Record<string, CallFigures>> | undefined;
  /** Of those who answer them, by hop. */
  readonly served?: Readonly<Record<string, ServedFigures>> | undefined;
  /** Of those who make requests: how often one was made again. */
  readonly retries?: number | undefined;
  /** The gateway's: from the intended send time to the moment of sending. */
  readonly lateness?: Latency | undefined;
  /** The gateway's: from the intended send time to the last token of the explanation. */
  readonly answers?: Latency | undefined;
  /** The feedback consumer's. */
  readonly join?: JoinFigures | undefined;
}

/** What the broker has counted. */
export interface BrokerFigures {
  /** Published frames. */
  readonly admitted: number;
  readonly refused: number;
  /** Requests admitted and refused, each time that one was made. */
  readonly requests: number;
  /** Requests without an end. */
  readonly open: number;
  /** Answers for which nobody waited any more. */
  readonly late: number;
}

const MAX_PROBLEMS = 5;

/** Counts what one process publishes and receives. */
export class Counter {
  readonly #published = new Map<string, { frames: number; bytes: number }>();
  readonly #delivered = new Map<string, StageCount>();
  readonly #problems: string[] = [];
  waits = 0;

  published(channel: string, bytes: number): void {
    let tally = this.#published.get(channel);
    if (tally === undefined) {
      tally = { frames: 0, bytes: 0 };
      this.#published.set(channel, tally);
    }
    tally.frames++;
    tally.bytes += bytes;
  }

  /** `intendedAt` and `now`: microseconds on the shared clock. */
  delivered(stage: string, bytes: number, intendedAt: number, now: number): void {
    const count = this.#stage(stage);
    count.frames++;
    count.bytes += bytes;
    count.histogram.record(now - intendedAt);
  }

  gap(stage: string, frames: number): void {
    this.#stage(stage).gaps += frames;
  }

  problem(text: string): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(text);
  }

  get figures(): Figures {
    const delivered: Record<string, Delivered> = {};
    for (const [stage, { frames, bytes, gaps, histogram }] of this.#delivered) {
      delivered[stage] = { frames, bytes, gaps, latency: histogram.latency };
    }
    const published = Object.fromEntries([...this.#published].map(([name, tally]) => [name, { ...tally }]));
    return { published, delivered, waits: this.waits, problems: [...this.#problems] };
  }

  #stage(stage: string): StageCount {
    let count = this.#delivered.get(stage);
    if (count === undefined) {
      count = { frames: 0, bytes: 0, gaps: 0, histogram: new LatencyHistogram() };
      this.#delivered.set(stage, count);
    }
    return count;
  }
}

interface StageCount {
  frames: number;
  bytes: number;
  gaps: number;
  readonly histogram: LatencyHistogram;
}
