import type { ErrorCode, ModwireError } from '../../errors.js';
import type { Style } from '../output/style.js';
import { Latencies, type LatencySummary, latencyText } from './latencies.js';

/** What became of many requests; `--json` prints it. */
export interface CallSummary {
  readonly requests: number;
  readonly replied: number;
  /** By error code. */
  readonly failed: Readonly<Partial<Record<ErrorCode, number>>>;
  /** Replies in all; more than one a request where they are streams. */
  readonly replies: number;
  readonly seconds: number;
  /** Requests that were replied to. */
  readonly perSecond: number;
  /** Of requests that were replied to, until the last reply; null when there was none. */
  readonly latencyMs: LatencySummary | null;
  /** The same until the first reply. */
  readonly firstReplyMs: LatencySummary | null;
}

/** Counts the outcomes of requests. */
export class CallTally {
  readonly #latencies = new Latencies();
  readonly #firstReplies = new Latencies();
  readonly #failed = new Map<ErrorCode, number>();
  #replied = 0;
  #replies = 0;
  #failedCount = 0;
  /** The first error, which decides the exit code. */
  firstError: ModwireError | undefined;

  /** Requests with an outcome. */
  get requests(): number {
    return this.#replied + this.#failedCount;
  }

  get failed(): number {
    return this.#failedCount;
  }

  /** Milliseconds from the request on; `firstMs` undefined for a stream without replies. */
  replied(replies: number, firstMs: number | undefined, lastMs: number): void {
    this.#replied++;
    this.#replies += replies;
    this.#latencies.record(lastMs);
    if (firstMs !== undefined) this.#firstReplies.record(firstMs);
  }

  /** `replies` that came before it. */
  fail(error: ModwireError, replies: number): void {
    this.firstError ??= error;
    this.#failedCount++;
    this.#replies += replies;
    this.#failed.set(error.code, (this.#failed.get(error.code) ?? 0) + 1);
  }

  summary(seconds: number): CallSummary {
    return {
      requests: this.requests,
      replied: this.#replied,
      failed: Object.fromEntries(this.#failed),
      replies: this.#replies,
      seconds,
      perSecond: seconds > 0 ? this.#replied / seconds : 0,
      latencyMs: this.#latencies.summary,
      firstReplyMs: this.#firstReplies.summary,
    };
  }
}

/** The summary as lines for people. */
export function summaryLines(summary: CallSummary, isStream: boolean, style: Style): string[] {
  const { requests, replied, failed, replies, seconds, perSecond } = summary;
  const what = isStream ? `replied to with ${replies} replies` : 'replied to';
  return [
    `${style.bold(`${requests} requests`)} in ${seconds.toFixed(2)} s, ${replied} ${what}: ${perSecond.toFixed(0)}/s`,
    ...Object.entries(failed).map(([code, count]) => `  ${style.red(code)} ${count}`),
    ...(isStream ? latencyLines('first reply', summary.firstReplyMs) : []),
    ...latencyLines(isStream ? 'last reply' : 'latency', summary.latencyMs),
  ];
}

function latencyLines(name: string, latency: LatencySummary | null): string[] {
  return latency === null ? [] : [`  ${name} ${latencyText(latency)}`];
}
