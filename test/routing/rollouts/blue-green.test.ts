import { describe, expect, it } from 'vitest';
import type { RolloutState } from '../../../src/routing/rollouts/rollout-state.js';
import { tickRollout } from '../../../src/routing/rollouts/rollout-tick.js';
import { whatIsMissing } from '../../../src/routing/rollouts/step-conditions.js';
import { startRollout } from '../../../src/routing/rollouts/transitions.js';
import { BLUE_GREEN, eventsOf, figures, lastEvent, measurements } from '../../support/rollouts.js';

function pass(state: RolloutState, seconds: number): RolloutState {
  for (let second = 1; second <= seconds; second++) {
    state = tickRollout(state, measurements(), state.tickedAtMs + 1_000).state;
  }
  return state;
}

describe('blue/green', () => {
  it('switches at once', () => {
    expect(startRollout(BLUE_GREEN, 0).weights).toEqual({ stable: 0, candidate: 100 });
  });

  it('keeps the old version for its time, whatever comes, and then ends', () => {
    const kept = pass(startRollout(BLUE_GREEN, 0).state, 9);
    expect(kept.status).toBe('running');
    expect(whatIsMissing(kept, measurements())).toBe('9 s of 10 s');
    expect(eventsOf(pass(kept, 1))).toEqual([
      'new to switched at 100 by start',
      'switched to completed at 100 by schedule',
    ]);
  });

  it('switches back at once when a gate fails', () => {
    const switched = startRollout(BLUE_GREEN, 0).state;
    const slow = measurements({ candidate: figures(100, 0, 300) });
    const { state, weights } = tickRollout(switched, slow, 1_000);
    expect(weights).toEqual({ stable: 100, candidate: 0 });
    expect(lastEvent(state)).toEqual({
      ...{ from: 'switched', to: 'rolled-back', weight: 0, by: 'gate' },
      reason: '99 % of replies took up to 300 ms: more than 250 ms',
    });
  });

  it('that has no gates is only switched back by an operator', () => {
    const { gates: _, ...plan } = BLUE_GREEN;
    const failing = measurements({ candidate: figures(1_000, 1_000) });
    expect(tickRollout(startRollout(plan, 0).state, failing, 1_000).state.status).toBe('running');
  });
});
