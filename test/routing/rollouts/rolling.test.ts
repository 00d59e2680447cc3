import { describe, expect, it } from 'vitest';
import {
  pauseRollout,
  promoteRollout,
  resumeRollout,
} from '../../../src/routing/rollouts/rollout-commands.js';
import type { RolloutState, Transition } from '../../../src/routing/rollouts/rollout-state.js';
import { tickRollout } from '../../../src/routing/rollouts/rollout-tick.js';
import { whatIsMissing } from '../../../src/routing/rollouts/step-conditions.js';
import { startRollout } from '../../../src/routing/rollouts/transitions.js';
import { eventsOf, figures, lastEvent, measurements, ROLLING } from '../../support/rollouts.js';

/** A tick for each pair of numbers of workers, a second after the one before. */
function pass(state: RolloutState, ...workers: readonly (readonly [number, number])[]): Transition {
  let transition: Transition = { state, events: [], weights: { stable: 100, candidate: 0 } };
  for (const pair of workers) {
    const { state: before } = transition;
    transition = tickRollout(before, measurements({ workers: pair }), before.tickedAtMs + 1_000);
  }
  return transition;
}

const started = () => startRollout(ROLLING, 0).state;
/** As long as a share has to last: the tick that sees it first, and three seconds. */
const settled = (old: number, young: number) => Array(4).fill([old, young] as const);

describe('rolling', () => {
  it('begins with no weight', () => {
    expect(startRollout(ROLLING, 0).weights).toEqual({ stable: 100, candidate: 0 });
  });

  it('follows the workers as they are replaced, and ends when no old one is left', () => {
    const { state } = pass(started(), ...settled(3, 1), ...settled(1, 2), ...settled(0, 3), ...settled(0, 3));
    expect(eventsOf(state)).toEqual([
      'new to following at 0 by start',
      'following to following at 25 by schedule',
      'following to following at 66.66 by schedule',
      'following to following at 100 by schedule',
      'following to completed at 100 by schedule',
    ]);
    expect(state.history.map(({ reason }) => reason).slice(1)).toEqual([
      'the new version has 25 % of the concurrency',
      'the new version has 66.66 % of the concurrency',
      'the new version has 100 % of the concurrency',
      'no worker of the old version is left',
    ]);
  });

  it('does not follow a share before it has lasted, and then the least that it was', () => {
    const three = pass(started(), [1, 3], [2, 3], [1, 3]);
    expect(three.state.weight).toBe(0);
    expect(pass(three.state, [1, 3]).state).toMatchObject({ weight: 60, heldMs: 0 });
    expect(pass(three.state, [1, 0], [1, 3], [1, 3], [1, 3]).state.weight).toBe(0);
  });

  it('never falls, whoever leaves', () => {
    const half = pass(started(), ...settled(2, 2)).state;
    const { state, weights } = pass(half, ...settled(5, 1));
    expect(weights).toEqual({ stable: 50, candidate: 50 });
    expect(state.weight).toBe(50);
  });

  it('does not end while an old worker is there that takes no requests', () => {
    let state = pass(started(), ...settled(0, 2)).state;
    const given = measurements({ workers: [0, 2] });
    const busy = { ...given, workers: { ...given.workers, stable: { workers: 1, concurrency: 0 } } };
    for (let second = 0; second < 20; second++)
      state = tickRollout(state, busy, state.tickedAtMs + 1_000).state;
    expect([state.status, state.weight]).toEqual(['running', 100]);
    expect(pass(state, ...settled(0, 2)).state.status).toBe('completed');
  });

  it('does not end, nor follow, when after a restart the new workers are there first', () => {
    const half = pass(started(), ...settled(2, 2)).state;
    const restarted = pass(half, [0, 0], [0, 1], [0, 2], [2, 2], [2, 2], [2, 2]).state;
    expect([restarted.status, restarted.weight]).toEqual(['running', 50]);
  });

  it('sends requests where workers are while one version has none that are ready, and changes nothing by it', () => {
    const half = pass(started(), ...settled(2, 2)).state;
    const without = pass(half, [0, 2]);
    expect(without.weights).toEqual({ stable: 0, candidate: 100 });
    expect([without.state.weight, without.events]).toEqual([50, []]);
    expect(pass(without.state, [2, 0]).weights).toEqual({ stable: 100, candidate: 0 });
    expect(pass(without.state, [0, 0]).weights).toEqual({ stable: 50, candidate: 50 });
    expect(pass(without.state, [2, 2]).weights).toEqual({ stable: 50, candidate: 50 });
  });

  it('has no gates: it goes on when requests fail', () => {
    const failing = measurements({ candidate: figures(1_000, 1_000), workers: [1, 1] });
    expect(tickRollout(started(), failing, 1_000).state.status).toBe('running');
  });

  it('stands still while it is paused', () => {
    const paused = pauseRollout(pass(started(), [1, 1]).state, 1_000).state;
    const later = pass(paused, ...settled(1, 3), ...settled(0, 3)).state;
    expect([later.status, later.weight]).toEqual(['paused', 0]);
    const { state } = resumeRollout(later, 9_000);
    expect(pass(state, [1, 1], [1, 1], [1, 1]).state.weight).toBe(50);
  });

  it('stands still while it is paused also when shares need not last', () => {
    const { state } = startRollout({ ...ROLLING, settleMs: 0 }, 0);
    expect(pass(state, [1, 1]).state.weight).toBe(50);
    expect(pass(pauseRollout(state, 0).state, [1, 1]).state.weight).toBe(0);
  });

  it('ends when an operator says so', () => {
    const { state, weights } = promoteRollout(pass(started(), [3, 1]).state, 2_000);
    expect(weights).toEqual({ stable: 0, candidate: 100 });
    expect(lastEvent(state)).toMatchObject({ to: 'completed', by: 'operator' });
  });

  it('says what it waits for', () => {
    const missing = (workers: readonly [number, number]) =>
      whatIsMissing(pass(started(), ...settled(0, 2), [0, 2]).state, measurements({ workers }));
    expect(missing([2, 1])).toBe('2 workers of the old version to leave');
    expect(missing([0, 0])).toBe('workers of the new version');
    expect(missing([0, 2])).toBe('0 s of 3 s');
  });
});
