import type { Measurements, Tally, VersionFigures } from '../../src/routing/rollouts/measurements.js';
import type { BlueGreenPlan, CanaryPlan, RollingPlan } from '../../src/routing/rollouts/rollout-plan.js';
import type { RolloutState } from '../../src/routing/rollouts/rollout-state.js';

const MOVE = { name: 'scorer-2', subject: 'models.score', stable: '^1.0.0', candidate: '^2.0.0' } as const;

export const CANARY: CanaryPlan = {
  ...MOVE,
  ...{ strategy: 'canary', steps: [5, 25, 50, 100], holdMs: 10_000, minRequests: 100 },
  gates: { maxErrorRate: 0.01, maxP99Ms: 250, maxP99Ratio: 2, windowMs: 5_000 },
};

export const BLUE_GREEN: BlueGreenPlan = {
  ...MOVE,
  ...{ strategy: 'blueGreen', keepMs: 10_000, minRequests: 100 },
  gates: { maxErrorRate: 0.01, maxP99Ms: 250, windowMs: 5_000 },
};

export const ROLLING: RollingPlan = { ...MOVE, strategy: 'rolling', settleMs: 3_000 };

/** Figures of so many requests, of which so many failed; without any there are no latencies. */
export function figures(requests: number, failed = 0, p99Ms = 20): VersionFigures {
  const codes = failed > 0 ? { INTERNAL: failed } : {};
  const latencies = requests > failed ? { p50Ms: p99Ms / 2, p99Ms } : {};
  return { requests, failed, callerErrors: 0, codes, ...latencies };
}

interface Given {
  readonly stable?: VersionFigures;
  readonly candidate?: VersionFigures;
  /** What its figures count, by default. */
  readonly totals?: Tally;
  /** Numbers of workers, each of concurrency 10: of the old version and of the new one. */
  readonly workers?: readonly [stable: number, candidate: number];
}

export function measurements({
  stable,
  candidate,
  totals,
  workers: [old, young] = [2, 2],
}: Given = {}): Measurements {
  const ofCandidate = candidate ?? figures(0);
  return {
    stable: stable ?? figures(1_000),
    candidate: ofCandidate,
    totals: totals ?? { requests: ofCandidate.requests, failed: ofCandidate.failed },
    workers: {
      stable: { workers: old, concurrency: old * 10 },
      candidate: { workers: young, concurrency: young * 10 },
    },
  };
}

/** What a state's last event says, without its figures. */
export function lastEvent({ history }: RolloutState) {
  const { from, to, weight, by, reason } = history.at(-1)!;
  return { from, to, weight, by, reason };
}

/** All that has happened, a line for each event. */
export function eventsOf({ history }: RolloutState): string[] {
  return history.map(({ from, to, weight, by }) => `${from} to ${to} at ${weight} by ${by}`);
}
