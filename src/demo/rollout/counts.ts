import type { RolloutEvent } from '../../routing/rollouts/rollout-state.js';
import type { Latency } from '../latency.js';
import type { RequestAccount } from './account.js';
import type { RolloutResult } from './rollout-run.js';
import type { Side } from './scene.js';

/** What is known of a run when it has ended. */
export interface RolloutCounts extends RequestAccount {
  readonly interrupted: boolean;
  /** In which requests were made. */
  readonly seconds: number;
  readonly status: string;
  readonly events: readonly RolloutEvent[];
  readonly made: number;
  /** Without an outcome. */
  readonly open: number;
  /** Requests that were made again. */
  readonly retries: number;
  readonly processed: number;
  /** How often a request was processed again. */
  readonly duplicates: number;
  /** Version whose workers were stopped, and requests made after the last of them had gone. */
  readonly left: RolloutResult['left'];
  /** From the first failure to the end of the rollback; absent without either. Milliseconds. */
  readonly rollbackMs?: number;
  readonly windowMs: number;
  readonly latencyMicros: Readonly<Record<Side, Latency | undefined>>;
}
