import type { Measurements, VersionFigures } from '../../routing/rollouts/measurements.js';
import { OutcomeWindow } from '../../routing/rollouts/outcome-window.js';
import { ROLLOUT_DEFAULTS } from '../../routing/rollouts/rollout-limits.js';
import type { RolloutPlan } from '../../routing/rollouts/rollout-plan.js';
import { VersionRange } from '../../routing/version-range.js';
import type { CallOutcome } from '../calls/call-observer.js';
import type { WorkerGroup } from '../calls/worker-group.js';
import { CANDIDATE } from './rollout-experiment.js';
import { type BusyWorkers, countWorkers } from './rollout-workers.js';

/** What is measured of both versions. */
export interface RolloutMeasurements extends Measurements {
  readonly workers: Readonly<Record<'stable' | 'candidate', BusyWorkers>>;
}

const NOTHING: VersionFigures = { requests: 0, failed: 0, callerErrors: 0, codes: {} };

/** Measures both versions of a rollout: how calls end, for as long as it goes on, and who works. */
export class RolloutMeter {
  readonly #plan: RolloutPlan;
  readonly #stable: VersionRange;
  readonly #candidate: VersionRange;
  /** Undefined once it has ended: nothing is judged any more. */
  #windows: Readonly<Record<'stable' | 'candidate', OutcomeWindow>> | undefined;

  constructor(plan: RolloutPlan) {
    this.#plan = plan;
    this.#stable = new VersionRange(plan.stable);
    this.#candidate = new VersionRange(plan.candidate);
  }

  begin(): void {
    const gates = this.#plan.strategy === 'rolling' ? undefined : this.#plan.gates;
    const windowMs = gates?.windowMs ?? ROLLOUT_DEFAULTS.windowMs;
    this.#windows = { stable: new OutcomeWindow(windowMs), candidate: new OutcomeWindow(windowMs) };
  }

  end(): void {
    this.#windows = undefined;
  }

  /** Counts a call, and allocates nothing. `nowMs` is on a clock that does not go back. */
  ended(
    version: string | undefined,
    variant: string,
    outcome: CallOutcome,
    latencyMs: number,
    nowMs: number,
  ) {
    const window = this.#windows?.[this.#sideOf(version, variant)];
    if (outcome === undefined) window?.answered(latencyMs, nowMs);
    else window?.erred(outcome, nowMs);
  }

  /** `nowMs` is on the same clock. */
  measure(groups: Iterable<WorkerGroup>, nowMs: number): RolloutMeasurements {
    const all = [...groups];
    const count = (range: VersionRange) => countWorkers(all, this.#plan.subject, range);
    return {
      stable: this.#windows?.stable.figures(nowMs) ?? NOTHING,
      candidate: this.#windows?.candidate.figures(nowMs) ?? NOTHING,
      totals: this.#windows?.candidate.totals ?? { requests: 0, failed: 0 },
      workers: { stable: count(this.#stable), candidate: count(this.#candidate) },
    };
  }

  /** What decides is which version had the call; of one that none had, or whose worker is gone, the variant. */
  #sideOf(version: string | undefined, variant: string): 'stable' | 'candidate' {
    if (version !== undefined && version !== '') {
      if (this.#candidate.includes(version)) return 'candidate';
      if (this.#stable.includes(version)) return 'stable';
    }
    return variant === CANDIDATE ? 'candidate' : 'stable';
  }
}
