import { describe, expect, it } from 'vitest';
import type { Measurements } from '../../../src/routing/rollouts/measurements.js';
import { OutcomeWindow } from '../../../src/routing/rollouts/outcome-window.js';
import type { CanaryPlan } from '../../../src/routing/rollouts/rollout-plan.js';
import type { RolloutState } from '../../../src/routing/rollouts/rollout-state.js';
import { TICK_MS, tickRollout } from '../../../src/routing/rollouts/rollout-tick.js';
import { whatIsMissing } from '../../../src/routing/rollouts/step-conditions.js';
import { startRollout } from '../../../src/routing/rollouts/transitions.js';
import { CANARY, eventsOf, figures, lastEvent, measurements } from '../../support/rollouts.js';

/** Ticks every second, with `perTick` good requests of the candidate in each and that many times five in the window. */
function pass(
  state: RolloutState,
  seconds: number,
  perTick: number,
  startMs = state.tickedAtMs,
): RolloutState {
  let { totals } = state;
  for (let second = 1; second <= seconds; second++) {
    totals = { ...totals, requests: totals.requests + perTick };
    const given = measurements({ candidate: figures(perTick * 5), totals });
    state = tickRollout(state, given, startMs + second * TICK_MS).state;
  }
  return state;
}

const started = (plan: CanaryPlan = CANARY) => startRollout(plan, 0).state;

describe('a canary', () => {
  it('begins with the weight of its first step', () => {
    const { state, events, weights } = startRollout(CANARY, 1_000);
    expect(weights).toEqual({ stable: 95, candidate: 5 });
    expect(events).toEqual([
      {
        ...{ atMs: 1_000, rollout: 'scorer-2', from: 'new', to: 'step-1' },
        ...{ weight: 5, reason: 'started', by: 'start' },
      },
    ]);
    expect(state.history).toEqual(events);
  });

  it('has weights that sum to 100 in decimals', () => {
    const { weights } = startRollout({ ...CANARY, steps: [8.04, 100] }, 0);
    expect(weights).toEqual({ stable: 91.96, candidate: 8.04 });
  });

  it('goes through its steps, each held for its time, and is the stable version at the end', () => {
    const atTimes = [9, 10, 19, 20, 29, 30, 39, 40].map((seconds) => {
      const { status, weight } = pass(started(), seconds, 50);
      return [seconds, status, weight];
    });
    expect(atTimes).toEqual([
      [9, 'running', 5],
      [10, 'running', 25],
      [19, 'running', 25],
      [20, 'running', 50],
      [29, 'running', 50],
      [30, 'running', 100],
      [39, 'running', 100],
      [40, 'completed', 100],
    ]);
    expect(eventsOf(pass(started(), 60, 50))).toEqual([
      'new to step-1 at 5 by start',
      'step-1 to step-2 at 25 by schedule',
      'step-2 to step-3 at 50 by schedule',
      'step-3 to step-4 at 100 by schedule',
      'step-4 to completed at 100 by schedule',
    ]);
  });

  it('says with each step what it was judged by', () => {
    const { reason, figures: known } = pass(started(), 10, 50).history.at(-1)!;
    expect(reason).toBe('held for 10 s, 500 requests judged');
    expect(known).toEqual({
      ...{ stable: figures(1_000), candidate: figures(250) },
      step: { requests: 500, failed: 0 },
    });
  });

  it('takes no step before enough of its requests were judged, counted from the beginning of the step', () => {
    // With nothing that judges latency, few requests in each window are enough in the end.
    const plan = { ...CANARY, gates: { maxErrorRate: 0.01, windowMs: 5_000 } };
    expect(pass(started(plan), 49, 2).weight).toBe(5);
    expect(pass(started(plan), 50, 2).weight).toBe(25);
    expect(pass(started(plan), 99, 2).weight).toBe(25);
    expect(pass(started(plan), 100, 2).weight).toBe(50);
  });

  it.each([
    ['its own', { maxP99Ms: 250 }],
    ['its ratio to the stable one', { maxP99Ratio: 2 }],
  ])('takes no step on a window of which a gate on %s latency could not say anything', (_, gate) => {
    const plan = { ...CANARY, gates: { ...gate, windowMs: 5_000 } };
    const slow = pass(started(plan), 600, 19);
    expect(slow.weight).toBe(5);
    expect(pass(slow, 1, 20).weight).toBe(25);
  });

  it('says what it waits for', () => {
    const few = measurements({ candidate: figures(30) });
    const missing = (state: RolloutState, given: Measurements = few) => whatIsMissing(state, given);
    expect(missing(pass(started(), 3, 1))).toBe('3 s of 10 s');
    expect(missing(pass(started(), 30, 1))).toBe('30 of 100 requests');
    expect(missing(pass(started(), 200, 1))).toBe('30 of 100 replies within 5 s');
    expect(missing(pass(started(), 60, 50))).toBeUndefined();
  });

  it('goes back at once when a gate fails, and stays there', () => {
    const running = pass(started(), 15, 50);
    const bad = measurements({ candidate: figures(300, 30), totals: { requests: 5_000, failed: 30 } });
    const { state, events, weights } = tickRollout(running, bad, 16_000);
    expect(weights).toEqual({ stable: 100, candidate: 0 });
    expect(events).toHaveLength(1);
    expect(lastEvent(state)).toEqual({
      ...{ from: 'step-2', to: 'rolled-back', weight: 0, by: 'gate' },
      reason: '30 of 300 requests failed: more than 1 %, mostly INTERNAL',
    });
    expect(tickRollout(state, measurements(), 17_000)).toEqual({ state, events: [], weights });
  });

  it('goes back for failures that are too few for any window but too many for the step', () => {
    let state = started();
    const counts: string[] = [];
    for (let second = 1; state.status === 'running'; second++) {
      // One of ten fails; a window has ten requests, of which one failure says nothing.
      const totals = { requests: second * 2, failed: Math.floor((second * 2) / 10) };
      state = tickRollout(state, measurements({ candidate: figures(10, 1), totals }), second * 1_000).state;
      counts.push(`${totals.failed} of ${totals.requests}`);
    }
    expect(counts.at(-1)).toBe('2 of 20');
    expect(lastEvent(state).reason).toContain('in the whole step');
  });

  it('with a version that fails all requests is back within one window, whenever it begins to fail', () => {
    for (const goodMs of [0, 100, 4_900, 9_500, 17_300, 26_000]) {
      const windowMs = 5_000;
      const plan = { ...CANARY, gates: { maxErrorRate: 0.05, windowMs }, minRequests: 50 };
      const windows = { stable: new OutcomeWindow(windowMs), candidate: new OutcomeWindow(windowMs) };
      let { state } = startRollout(plan, 0);
      let backMs = Number.POSITIVE_INFINITY;
      for (let nowMs = 10; nowMs < 60_000 && state.status === 'running'; nowMs += 10) {
        // A request every ten milliseconds, from the first step on.
        if (nowMs > goodMs) windows.candidate.erred('INTERNAL', nowMs);
        else windows.candidate.answered(10, nowMs);
        windows.stable.answered(10, nowMs);
        if (nowMs % TICK_MS !== 0) continue;
        const given = {
          ...measurements({
            candidate: windows.candidate.figures(nowMs),
            stable: windows.stable.figures(nowMs),
          }),
          totals: windows.candidate.totals,
        };
        state = tickRollout(state, given, nowMs).state;
        if (state.status === 'rolled-back') backMs = nowMs;
      }
      expect(backMs - goodMs).toBeLessThanOrEqual(windowMs);
    }
  });

  it('does not count time in which nobody looked, or that a clock that is set has made up', () => {
    const asleep = tickRollout(pass(started(), 5, 50), measurements(), 3_600_000).state;
    expect(asleep.heldMs).toBe(15_000);
    const held = pass(started(), 5, 50);
    const back = tickRollout(held, measurements(), -3_600_000).state;
    expect(back.heldMs).toBe(5_000);
    expect(pass(back, 4, 50).weight).toBe(5);
    expect(pass(back, 5, 50).weight).toBe(25);
  });

  it('goes on counting when the counters have begun anew, with the process', () => {
    const before = pass(started(), 3, 10);
    expect(before.judged.requests).toBe(30);
    const anew = measurements({ totals: { requests: 4, failed: 1 } });
    expect(tickRollout(before, anew, 4_000).state.judged).toEqual({ requests: 34, failed: 1 });
  });
});
