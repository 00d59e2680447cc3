import { describe, expect, it } from 'vitest';
import type { ModwireError } from '../../../src/errors.js';
import { readRolloutState } from '../../../src/routing/rollouts/read-rollout-state.js';
import { promoteRollout, rollbackRollout } from '../../../src/routing/rollouts/rollout-commands.js';
import { startRollout } from '../../../src/routing/rollouts/transitions.js';
import { BLUE_GREEN, CANARY, ROLLING } from '../../support/rollouts.js';

const canary = promoteRollout(startRollout(CANARY, 0).state, 1).state;
const rolling = startRollout(ROLLING, 0).state;
const back = rollbackRollout(canary, 'by hand', 2).state;
const [event] = canary.history;

function fault(value: unknown): readonly unknown[] {
  try {
    readRolloutState(value);
  } catch (error) {
    const { code, detail } = error as ModwireError;
    return [code, /\[(.*)\]$/.exec(detail.what)?.[1], detail.where];
  }
  throw new Error('it was let pass');
}

const damaged: readonly (readonly [string, unknown, string, string])[] = [
  ['nothing', null, 'value-type', 'the root'],
  ['the plan alone', CANARY, 'unknown-member', 'the root'],
  ['a plan that is none', { ...canary, plan: { ...CANARY, steps: [50, 5] } }, 'steps-rise', 'plan.steps[1]'],
  ['an unknown status', { ...canary, status: 'ended' }, 'state-form', 'status'],
  ['a step beyond the last', { ...canary, step: 4 }, 'state-form', 'step'],
  ['a step between two', { ...canary, step: 0.5 }, 'state-form', 'step'],
  ['the weight of another step', { ...canary, weight: 50 }, 'state-form', 'weight'],
  ['a weight after it was rolled back', { ...back, weight: 25 }, 'state-form', 'weight'],
  ['a weight above everything', { ...rolling, weight: 101 }, 'state-form', 'weight'],
  ['a switch that is none', { ...startRollout(BLUE_GREEN, 0).state, weight: 50 }, 'state-form', 'weight'],
  ['time that has not passed', { ...canary, heldMs: -1 }, 'state-form', 'heldMs'],
  ['a time that is no number', { ...canary, tickedAtMs: null }, 'value-type', 'tickedAtMs'],
  ['half a request', { ...canary, judged: { requests: 0.5, failed: 0 } }, 'state-form', 'judged.requests'],
  ['a share above everything', { ...rolling, risingTo: 200 }, 'state-form', 'risingTo'],
  ['no history', { ...canary, history: [] }, 'state-form', 'history'],
  ['too much history', { ...canary, history: Array(1_001).fill(event) }, 'state-form', 'history'],
  ['an event of nobody', { ...canary, history: [{ ...event, by: 'chance' }] }, 'state-form', 'history[0].by'],
  [
    'an event without a reason',
    { ...canary, history: [{ ...event, reason: 1 }] },
    'value-type',
    'history[0].reason',
  ],
  [
    'figures that are none',
    { ...canary, history: [{ ...event, figures: { step: 1 } }] },
    'missing-member',
    'history[0].figures',
  ],
];

describe('the state of a rollout', () => {
  it.each(damaged)('is not taken up again with %s', (_, value, rule, where) => {
    expect(fault(value)).toEqual(['INVALID_ARGUMENT', rule, where]);
  });

  it('is not taken up again when a later version has written it', () => {
    expect(fault({ ...canary, format: 2, more: true })).toEqual(['UNIMPLEMENTED', undefined, 'format']);
  });

  it('is taken up as it was', () => {
    for (const state of [canary, rolling, back]) expect(readRolloutState(state)).toEqual(state);
  });
});
