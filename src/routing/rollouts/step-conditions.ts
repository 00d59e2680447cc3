import { answeredOf, type Measurements } from './measurements.js';
import type { CanaryPlan, Gates } from './rollout-plan.js';
import type { RolloutState } from './rollout-state.js';

/** What the present step still waits for, as a text for people; undefined when the next one may come, or none will. */
export function whatIsMissing(
  state: RolloutState,
  measurements: Pick<Measurements, 'candidate' | 'workers'>,
): string | undefined {
  const { plan, status, heldMs } = state;
  if (status === 'completed' || status === 'rolled-back') return undefined;
  if (status === 'paused') return 'to be resumed';
  switch (plan.strategy) {
    case 'canary':
      return timeMissing(heldMs, plan.holdMs) ?? requestsMissing(state, plan, measurements);
    case 'blueGreen':
      return timeMissing(heldMs, plan.keepMs);
    case 'rolling': {
      const { stable, candidate } = measurements.workers;
      if (stable.workers > 0) return `${stable.workers} workers of the old version to leave`;
      return candidate.concurrency === 0 ? 'workers of the new version' : timeMissing(heldMs, plan.settleMs);
    }
  }
}

/** A duration as people read it. */
export function secondsText(ms: number): string {
  return `${Math.floor(ms / 100) / 10} s`;
}

function timeMissing(heldMs: number, ms: number): string | undefined {
  return heldMs >= ms ? undefined : `${secondsText(heldMs)} of ${secondsText(ms)}`;
}

function requestsMissing(
  { judged }: RolloutState,
  { gates, minRequests }: CanaryPlan,
  { candidate }: Pick<Measurements, 'candidate'>,
): string | undefined {
  if (judged.requests < minRequests) return `${judged.requests} of ${minRequests} requests`;
  // A step does not end on a window of which the gate on latency could not say anything.
  const answered = answeredOf(candidate);
  if (!judgesLatency(gates) || answered >= minRequests) return undefined;
  return `${answered} of ${minRequests} replies within ${secondsText(gates.windowMs)}`;
}

function judgesLatency({ maxP99Ms, maxP99Ratio }: Gates): boolean {
  return maxP99Ms !== undefined || maxP99Ratio !== undefined;
}
