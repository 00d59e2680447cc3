import type { ErrorCode } from '../errors.js';
import type { Tally } from './figures.js';
import type { Latency } from './latency.js';
import type { Snapshot } from './pipeline.js';
import { HOPS, type Hop, STAGES, type Stage } from './stages.js';

/** One stage's account: what its publishers counted against what its consumer counted. */
export interface StageAccount {
  readonly stage: string;
  /** Frames, by the publishers' count. */
  readonly published: number;
  /** Frames, by the consumer's count. */
  readonly delivered: number;
  /** Published and not delivered. */
  readonly lost: number;
  /** Frames that the consumer was told it would not get. */
  readonly gaps: number;
  /** Published, over the time of sending. */
  readonly framesPerSecond: number;
  /** Payload. */
  readonly bytesPerSecond: number;
  /** From the intended send time of the request. */
  readonly latencyMicros?: Latency | undefined;
}

/** One hop's account: what its caller counted beside what its worker counted. */
export interface CallAccount {
  readonly call: string;
  /** Whether requests are replied to with streams. */
  readonly stream: boolean;
  /** By the caller's count, as all but `handled` and `sent`. */
  readonly requests: number;
  /** Requests that the worker began. */
  readonly handled: number;
  /** Replied to, or streamed to the end. */
  readonly replied: number;
  /** Ended with an error, by its code. */
  readonly failed: Readonly<Partial<Record<ErrorCode, number>>>;
  /** Without an outcome. */
  readonly open: number;
  /** Replies that the worker sent, those of streams one by one. */
  readonly sent: number;
  readonly replies: number;
  /** Requests, over the time of sending. */
  readonly requestsPerSecond: number;
  /** From the request to its last reply. */
  readonly latencyMicros?: Latency | undefined;
}

const NONE: Tally = { frames: 0, bytes: 0 };

/** The account of every stage as far as it is known. */
export function accountStages(snapshot: Snapshot): StageAccount[] {
  return STAGES.map((stage) => accountStage(stage, snapshot));
}

/** The account of every hop as far as it is known. */
export function accountCalls(snapshot: Snapshot): CallAccount[] {
  return HOPS.map((hop) => accountCall(hop, snapshot));
}

/** How many requests ended with an error. */
export function failedCount(failed: CallAccount['failed']): number {
  return Object.values(failed).reduce((sum, count) => sum + count, 0);
}

function accountStage(stage: Stage, { figures, seconds }: Snapshot): StageAccount {
  let published = 0;
  let bytes = 0;
  for (const { process, channel } of stage.sources) {
    const tally = figures[process]?.published[channel] ?? NONE;
    published += tally.frames;
    bytes += tally.bytes;
  }
  const delivered = figures[stage.consumer]?.delivered[stage.name];
  return {
    stage: stage.name,
    published,
    delivered: delivered?.frames ?? 0,
    lost: Math.max(0, published - (delivered?.frames ?? 0)),
    gaps: delivered?.gaps ?? 0,
    framesPerSecond: seconds > 0 ? published / seconds : 0,
    bytesPerSecond: seconds > 0 ? bytes / seconds : 0,
    latencyMicros: delivered?.latency,
  };
}

function accountCall({ name, caller, worker, stream }: Hop, { figures, seconds }: Snapshot): CallAccount {
  const made = figures[caller]?.made?.[name];
  const served = figures[worker]?.served?.[name];
  const { requests = 0, replied = 0, failed = {}, replies = 0, latency } = made ?? {};
  return {
    ...{ call: name, stream, requests, handled: served?.requests ?? 0, replied, failed },
    open: requests - replied - failedCount(failed),
    ...{ sent: served?.replies ?? 0, replies },
    requestsPerSecond: seconds > 0 ? requests / seconds : 0,
    latencyMicros: latency,
  };
}
