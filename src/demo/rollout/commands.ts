import type { ErrorCode } from '../../errors.js';
import type { RolloutEvent } from '../../routing/rollouts/rollout-state.js';

/** What the processes of the rollout's demo do when they are told to; the broker is that of the other demo. */
export interface WorkerCommands {
  connect(plan: WorkerPlan): Promise<void>;
  /** Ends what it has, takes nothing more, and says which requests it has processed: numbers, each as often as it did. */
  drain(): Promise<readonly number[]>;
}

export interface CallerCommands {
  connect(plan: CallerPlan): Promise<void>;
  /** Makes requests from now on. */
  run(): void;
  /** Makes none any more, and resolves when each has its outcome. */
  stop(): Promise<void>;
  /** Says what it has not said yet. */
  drain(): Promise<CallerFigures>;
}

export interface WorkerPlan {
  readonly url: string;
  readonly name: string;
  readonly version: string;
  /** It fails every other request. */
  readonly failing: boolean;
}

export interface CallerPlan {
  readonly url: string;
  /** Requests a second. */
  readonly rate: number;
  readonly seed: number;
}

/** What has come to the caller since it said so last. */
export interface CallerFigures {
  /** Requests made since the start. */
  readonly made: number;
  /** Since the start: requests made again. */
  readonly retries: number;
  readonly ended: readonly EndedRequest[];
  readonly heard: readonly HeardEvent[];
  readonly problems: readonly string[];
}

/** A request and its outcome. Times are of the wall clock, in milliseconds. */
export interface EndedRequest {
  /** From 0, in the order in which they were made. */
  readonly number: number;
  readonly key: string;
  /** Somebody who has asked before. */
  readonly returning: boolean;
  readonly begunAt: number;
  readonly endedAt: number;
  /** By a clock that is not set. Milliseconds. */
  readonly tookMs: number;
  /** That answered; undefined when it failed. */
  readonly version?: string;
  /** Why it failed. */
  readonly code?: ErrorCode;
}

/** Something that happened to the rollout, and when the caller heard of it: by then it is in force. */
export interface HeardEvent {
  readonly event: RolloutEvent;
  /** Milliseconds, of the wall clock. */
  readonly heardAt: number;
}
