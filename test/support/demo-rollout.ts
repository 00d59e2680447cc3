import type { EndedRequest, HeardEvent } from '../../src/demo/rollout/commands.js';
import { VERSIONS } from '../../src/demo/rollout/scene.js';
import type { RolloutEvent } from '../../src/routing/rollouts/rollout-state.js';

/** A request that a version answered, or `failing` for one that failed. */
export function ended(
  number: number,
  [begunAt, endedAt]: readonly [number, number],
  outcome: keyof typeof VERSIONS | 'failing',
  { key = `user-${number}`, returning = false } = {},
): EndedRequest {
  return {
    ...{ number, key, returning, begunAt, endedAt, tookMs: endedAt - begunAt },
    ...(outcome === 'failing' ? { code: 'INTERNAL' } : { version: VERSIONS[outcome] }),
  };
}

/** An event that was told some milliseconds after it was decided. */
export function heard(
  atMs: number,
  to: RolloutEvent['to'],
  weight: number,
  by: RolloutEvent['by'] = 'schedule',
  delayMs = 10,
): HeardEvent {
  const event = { atMs, rollout: 'scorer-2', from: 'new', to, weight, by, reason: 'because' } as const;
  return { event, heardAt: atMs + delayMs };
}
