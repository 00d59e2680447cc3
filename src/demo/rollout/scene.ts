import type { CanaryPlan } from '../../routing/rollouts/rollout-plan.js';

/** What is served and asked in the demo of a rollout. */
export const SUBJECT = 'models.score';

export const VERSIONS = { stable: '1.4.0', candidate: '2.0.0' } as const;

export type Side = keyof typeof VERSIONS;

/** Of each version. */
export const WORKERS = 3;

/** Name of the rollout. */
export const ROLLOUT = 'scorer-2';

export const STEPS = [5, 25, 50, 100] as const;

/** Before the rollout begins, and after the version that is not needed any more has gone. Milliseconds. */
export const CALM_MS = 1_500;

/** Longest time of a request, whatever else the machine does: nothing here takes as long. Milliseconds. */
export const REQUEST_MS = 30_000;

export interface SceneOptions {
  /** How long requests are made, about. Seconds. */
  readonly durationSeconds: number;
  /** Requests a second. */
  readonly rate: number;
}

/** The canary of a run: its steps are so long that all together they take the time there is. */
export function planOf({ durationSeconds, rate }: SceneOptions): CanaryPlan {
  const stepMs = (durationSeconds * 1_000 - 2 * CALM_MS) / STEPS.length;
  // A step ends when it is looked at: half a second later, in the mean.
  const holdMs = Math.max(500, Math.round(stepMs - 500));
  const inFirst = (rate * holdMs * STEPS[0]) / 100_000;
  return {
    ...{ name: ROLLOUT, subject: SUBJECT, strategy: 'canary', steps: STEPS, holdMs },
    ...{ stable: '^1.0.0', candidate: '^2.0.0' },
    // Half of what the first step should have: it is over when its time is.
    minRequests: Math.min(100, Math.max(5, Math.floor(inFirst / 2))),
    gates: { maxErrorRate: 0.05, windowMs: 5_000 },
  };
}
