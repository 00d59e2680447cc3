import { describe, expect, it } from 'vitest';
import type { ModwireError } from '../../../src/errors.js';
import {
  pauseRollout,
  promoteRollout,
  resumeRollout,
  rollbackRollout,
} from '../../../src/routing/rollouts/rollout-commands.js';
import type { RolloutState } from '../../../src/routing/rollouts/rollout-state.js';
import { tickRollout } from '../../../src/routing/rollouts/rollout-tick.js';
import { whatIsMissing } from '../../../src/routing/rollouts/step-conditions.js';
import { startRollout } from '../../../src/routing/rollouts/transitions.js';
import {
  BLUE_GREEN,
  CANARY,
  eventsOf,
  figures,
  lastEvent,
  measurements,
  ROLLING,
} from '../../support/rollouts.js';

const started = () => startRollout(CANARY, 0).state;

/** Ticks with enough good requests for any step, a second apart. */
function pass(state: RolloutState, seconds: number): RolloutState {
  for (let second = 1; second <= seconds; second++) {
    const totals = { requests: state.totals.requests + 50, failed: 0 };
    const given = measurements({ candidate: figures(250), totals });
    state = tickRollout(state, given, state.tickedAtMs + 1_000).state;
  }
  return state;
}

function refusal(command: () => unknown): ModwireError {
  try {
    command();
  } catch (error) {
    return error as ModwireError;
  }
  throw new Error('it was not refused');
}

describe('promoting', () => {
  it('takes the next step at once, which is then held like any other', () => {
    const { state, weights } = promoteRollout(pass(started(), 3), 3_500);
    expect(weights).toEqual({ stable: 75, candidate: 25 });
    expect(lastEvent(state)).toEqual({
      ...{ from: 'step-1', to: 'step-2', weight: 25, by: 'operator', reason: 'promoted' },
    });
    expect([state.heldMs, state.judged]).toEqual([0, { requests: 0, failed: 0 }]);
    expect(tickRollout(state, measurements(), 4_000).state.heldMs).toBe(500);
    expect(pass(state, 9).weight).toBe(25);
    expect(pass(state, 10).weight).toBe(50);
  });

  it('ends a canary after its last step, and the others at once', () => {
    let state = started();
    for (let step = 1; step <= 4; step++) state = promoteRollout(state, step).state;
    expect(state.status).toBe('completed');
    for (const plan of [BLUE_GREEN, ROLLING]) {
      const promoted = promoteRollout(startRollout(plan, 0).state, 1);
      expect([promoted.state.status, promoted.weights.candidate]).toEqual(['completed', 100]);
    }
  });

  it('from a named stage takes one step however often it is sent', () => {
    const once = promoteRollout(started(), 1, 'step-1');
    const twice = promoteRollout(once.state, 2, 'step-1');
    expect(twice).toEqual({ ...once, events: [] });
    expect(promoteRollout(twice.state, 3, 'step-2').state.step).toBe(2);
  });

  it('while paused takes a step and stays paused', () => {
    const { state } = promoteRollout(pauseRollout(started(), 1).state, 2);
    expect([state.status, state.weight]).toEqual(['paused', 25]);
    expect(lastEvent(state)).toMatchObject({ from: 'step-1 paused', to: 'step-2 paused' });
    expect(pass(state, 30).weight).toBe(25);
  });
});

describe('pausing', () => {
  it('takes no step until it is resumed, and then goes on with the time held before', () => {
    const paused = pauseRollout(pass(started(), 6), 6_000).state;
    const later = pass(paused, 100);
    expect([later.status, later.weight]).toEqual(['paused', 5]);
    expect(whatIsMissing(later, measurements())).toBe('to be resumed');
    const { state } = resumeRollout(later, 106_900);
    expect(pass(state, 3).weight).toBe(5);
    expect(pass(state, 4).weight).toBe(25);
  });

  it('counts no time between the last tick and being resumed', () => {
    const { state } = resumeRollout(pauseRollout(started(), 0).state, 8_000);
    expect(tickRollout(state, measurements(), 9_000).state.heldMs).toBe(1_000);
  });

  it('does not keep a gate from sending everything back', () => {
    const paused = pauseRollout(pass(started(), 3), 3_000).state;
    const bad = measurements({ candidate: figures(300, 30) });
    const { state, weights } = tickRollout(paused, bad, 4_000);
    expect(weights.candidate).toBe(0);
    expect(lastEvent(state)).toMatchObject({ from: 'step-1 paused', to: 'rolled-back', by: 'gate' });
  });

  it('and resuming change nothing when they are sent again', () => {
    const paused = pauseRollout(started(), 1);
    expect(pauseRollout(paused.state, 2)).toEqual({ ...paused, events: [] });
    const resumed = resumeRollout(paused.state, 3);
    expect(resumeRollout(resumed.state, 4)).toEqual({ ...resumed, events: [] });
    expect(eventsOf(resumed.state)).toEqual([
      'new to step-1 at 5 by start',
      'step-1 to step-1 paused at 5 by operator',
      'step-1 paused to step-1 at 5 by operator',
    ]);
  });
});

describe('rolling back', () => {
  it.each([CANARY, BLUE_GREEN, ROLLING])('takes all weight from the candidate: $strategy', (plan) => {
    const { state, weights } = rollbackRollout(startRollout(plan, 0).state, 'the new model drifts', 1);
    expect(weights).toEqual({ stable: 100, candidate: 0 });
    expect(lastEvent(state)).toMatchObject({
      ...{ to: 'rolled-back', weight: 0, by: 'operator', reason: 'the new model drifts' },
    });
  });
});

describe('the reason of a command', () => {
  const commands = [
    (reason: string) => promoteRollout(started(), 1, undefined, reason),
    (reason: string) => pauseRollout(started(), 1, reason),
    (reason: string) => resumeRollout(pauseRollout(started(), 0).state, 1, reason),
    (reason: string) => rollbackRollout(started(), reason, 1),
  ];

  it('is that of its event', () => {
    for (const command of commands) {
      expect(lastEvent(command('the numbers are good').state).reason).toBe('the numbers are good');
    }
  });

  it.each(['', '  ', 'x'.repeat(257)])('can be kept: %j is none', (reason) => {
    for (const command of commands) expect(refusal(() => command(reason)).code).toBe('INVALID_ARGUMENT');
  });
});

describe('a rollout that has ended', () => {
  const completed = promoteRollout(startRollout(BLUE_GREEN, 0).state, 1).state;
  const back = rollbackRollout(started(), 'the new model drifts', 1).state;

  it.each([
    ['promoted', (state: RolloutState) => promoteRollout(state, 2)],
    ['paused', (state: RolloutState) => pauseRollout(state, 2)],
    ['resumed', (state: RolloutState) => resumeRollout(state, 2)],
    ['rolled back', (state: RolloutState) => rollbackRollout(state, 'again', 2)],
  ])('cannot be %s, and says why', (wanted, command) => {
    const { code, detail } = refusal(() => command(back));
    expect([code, detail.what]).toEqual([
      'FAILED_PRECONDITION',
      `a rollout that has ended cannot be ${wanted}`,
    ]);
    expect(detail.got).toBe('rolled-back (the new model drifts)');
    expect(refusal(() => command(completed)).detail.got).toBe('completed (promoted)');
  });
});
