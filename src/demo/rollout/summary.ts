import { ERRORS } from '../../errors.js';
import { type Latency, LatencyHistogram } from '../latency.js';
import { accountFor, sideOf } from './account.js';
import type { RolloutCounts } from './counts.js';
import { KeySides } from './key-sides.js';
import type { RolloutDemoOptions } from './options.js';
import { problemsOf } from './problems.js';
import type { RolloutResult } from './rollout-run.js';
import type { Side } from './scene.js';
import { spansOf } from './spans.js';

/** A run accounted for; `--json` prints it. */
export interface RolloutSummary extends RolloutCounts {
  /** All promises are kept. */
  readonly ok: boolean;
  readonly exitCode: number;
  /** What is wrong, most telling first. */
  readonly problems: readonly string[];
}

/** Exit code when a promise is broken. */
const BROKEN = 1;

export function summarize(result: RolloutResult, options: RolloutDemoOptions): RolloutSummary {
  const { ended, heard, experiment, details, made, retries, processed, failure, interrupted } = result;
  const keys = experiment && new KeySides(experiment);
  const account = accountFor(ended, spansOf(result), keys);
  const firstFailure = Math.min(...ended.filter(({ code }) => code !== undefined).map((one) => one.endedAt));
  const rolledBack = heard.find(({ event }) => event.to === 'rolled-back');
  const { plan } = details ?? {};
  const counts: RolloutCounts = {
    ...account,
    interrupted,
    seconds: (result.stoppedAt - result.startedAt) / 1_000,
    status: details?.status ?? 'not started',
    events: heard.map(({ event }) => event),
    ...{ made, open: made - ended.length, retries, processed: processed.length },
    duplicates: processed.length - new Set(processed).size,
    left: result.left,
    ...(rolledBack !== undefined &&
      Number.isFinite(firstFailure) && { rollbackMs: rolledBack.heardAt - firstFailure }),
    windowMs: plan?.strategy === 'canary' ? plan.gates.windowMs : 0,
    latencyMicros: { stable: latencyOf(result, 'stable'), candidate: latencyOf(result, 'candidate') },
  };
  const problems = problemsOf(counts, result, options);
  const ok = problems.length === 0;
  const wrong = failure === undefined ? BROKEN : ERRORS[failure.code].exitCode;
  const exitCode = ok ? (interrupted ? ERRORS.CANCELLED.exitCode : 0) : wrong;
  return { ok, exitCode, ...counts, problems };
}

function latencyOf({ ended }: RolloutResult, side: Side): Latency | undefined {
  const histogram = new LatencyHistogram();
  for (const request of ended) if (sideOf(request) === side) histogram.record(request.tookMs * 1_000);
  return histogram.latency;
}
