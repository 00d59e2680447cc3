import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ModwireError } from '../../../src/errors.js';
import { readRolloutPlan } from '../../../src/routing/rollouts/read-rollout-plan.js';
import { ROLLOUT_RULES } from '../../../src/routing/rollouts/rollout-rules.js';
import { BLUE_GREEN, CANARY, ROLLING } from '../../support/rollouts.js';

function fault(value: unknown, where?: string): { code: string; rule: string; where: string | undefined } {
  try {
    readRolloutPlan(value, where);
  } catch (error) {
    const { code, detail } = error as ModwireError;
    return { code, rule: /\[(.*)\]$/.exec(detail.what)?.[1] ?? detail.what, where: detail.where };
  }
  throw new Error('it was let pass');
}

const gated = (gates: object) => ({ ...CANARY, gates });
const stepped = (...steps: unknown[]) => ({ ...CANARY, steps });
const { strategy: _, ...unnamed } = CANARY;
const { holdMs: __, ...unheld } = CANARY;

const wrong: readonly (readonly [string, unknown, string, string])[] = [
  ['no object', [], 'value-type', 'the root'],
  ['nothing', null, 'value-type', 'the root'],
  ['no strategy', unnamed, 'missing-member', 'the root'],
  ['a strategy that is no text', { ...CANARY, strategy: 1 }, 'value-type', 'strategy'],
  ['an unknown strategy', { ...CANARY, strategy: 'blue/green' }, 'strategy-unknown', 'strategy'],
  ['a strategy that every object has', { ...CANARY, strategy: 'toString' }, 'strategy-unknown', 'strategy'],
  ['a member that is missing', unheld, 'missing-member', 'the root'],
  ['a member of another strategy', { ...ROLLING, gates: CANARY.gates }, 'unknown-member', 'the root'],
  ['a name of two tokens', { ...CANARY, name: 'a.b' }, 'name-form', 'name'],
  ['a name that is too long', { ...CANARY, name: 'a'.repeat(65) }, 'name-form', 'name'],
  ['a reserved subject', { ...CANARY, subject: '$experiments.>' }, 'subject-form', 'subject'],
  ['a subject with an empty token', { ...CANARY, subject: 'models..a' }, 'subject-form', 'subject'],
  ['a range that is none', { ...CANARY, stable: 'latest' }, 'not-a-range', 'stable'],
  ['a range without versions', { ...CANARY, candidate: '>2 <1' }, 'range-empty', 'candidate'],
  ['versions that are both', { ...ROLLING, candidate: '>=1.9' }, 'versions-overlap', 'candidate'],
  ['no steps', stepped(), 'steps-count', 'steps'],
  ['more than a hundred steps', stepped(...Array(101).fill(1)), 'steps-count', 'steps'],
  ['a step of nothing', stepped(0, 100), 'step-range', 'steps[0]'],
  ['a step above everything', stepped(50, 100.01), 'step-range', 'steps[1]'],
  ['a step of three decimals', stepped(0.125, 100), 'step-range', 'steps[0]'],
  ['a step that is no number', stepped('5', 100), 'value-type', 'steps[0]'],
  ['steps that fall', stepped(5, 50, 25, 100), 'steps-rise', 'steps[2]'],
  ['a step that is there twice', stepped(5, 5, 100), 'steps-rise', 'steps[1]'],
  ['steps that end too early', stepped(5, 50), 'steps-end', 'steps[1]'],
  ['a time before now', { ...CANARY, holdMs: -1 }, 'time-range', 'holdMs'],
  ['a fraction of a millisecond', { ...BLUE_GREEN, keepMs: 0.5 }, 'time-range', 'keepMs'],
  ['a time that never ends', { ...ROLLING, settleMs: 1e12 }, 'time-range', 'settleMs'],
  ['no requests to judge', { ...CANARY, minRequests: 0 }, 'requests-range', 'minRequests'],
  ['gates that judge nothing', gated({ windowMs: 5_000 }), 'gate-missing', 'gates'],
  ['an unknown gate', gated({ maxErrors: 1 }), 'unknown-member', 'gates'],
  ['a percentage for a share', gated({ maxErrorRate: 1 }), 'gate-range', 'gates.maxErrorRate'],
  ['a share below nothing', gated({ maxErrorRate: -0.01 }), 'gate-range', 'gates.maxErrorRate'],
  ['a share that is no number', gated({ maxErrorRate: Number.NaN }), 'gate-range', 'gates.maxErrorRate'],
  ['no latency at all', gated({ maxP99Ms: 0 }), 'gate-range', 'gates.maxP99Ms'],
  ['a ratio below one', gated({ maxP99Ratio: 0.9 }), 'gate-range', 'gates.maxP99Ratio'],
  ['a window too short', gated({ maxErrorRate: 0, windowMs: 999 }), 'window-range', 'gates.windowMs'],
  ['a window too long', gated({ maxErrorRate: 0, windowMs: 600_001 }), 'window-range', 'gates.windowMs'],
  [
    'a comparison after the switch',
    { ...BLUE_GREEN, gates: { maxP99Ratio: 2 } },
    'gate-blind',
    'gates.maxP99Ratio',
  ],
  [
    'a comparison with all requests in one step',
    { ...gated({ maxP99Ratio: 2 }), steps: [100] },
    'gate-blind',
    'gates.maxP99Ratio',
  ],
];

describe('the plan of a rollout', () => {
  it.each(wrong)('is refused with %s', (_, value, rule, where) => {
    expect(fault(value)).toEqual({ code: 'INVALID_ARGUMENT', rule, where });
  });

  it('is refused with a path below the one that it has itself', () => {
    expect(fault(stepped(5, 4, 100), 'rollouts[3]').where).toBe('rollouts[3].steps[1]');
  });

  it.each([CANARY, BLUE_GREEN, ROLLING])('reads $strategy as it is, also from JSON', (plan) => {
    expect(readRolloutPlan(plan)).toEqual(plan);
    expect(readRolloutPlan(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  });

  it('has defaults for what it leaves out', () => {
    const { minRequests: _, ...canary } = CANARY;
    expect(readRolloutPlan({ ...canary, gates: { maxErrorRate: 0 } })).toEqual({
      ...{ ...CANARY, minRequests: 100 },
      gates: { maxErrorRate: 0, windowMs: 60_000 },
    });
    const { settleMs: __, ...rolling } = ROLLING;
    expect(readRolloutPlan(rolling)).toEqual({ ...ROLLING, settleMs: 5_000 });
    const { gates: ___, ...blueGreen } = BLUE_GREEN;
    expect(readRolloutPlan(blueGreen)).toEqual(blueGreen);
  });

  it('may go from a version to a pre-release within its range', () => {
    expect(() => readRolloutPlan({ ...CANARY, stable: '^1.4', candidate: '1.5.0-rc.1' })).not.toThrow();
  });

  it('takes no zero with a sign, which JSON would lose', () => {
    const plan = readRolloutPlan({ ...CANARY, holdMs: -0, gates: { maxErrorRate: -0 } });
    expect(plan).toMatchObject({ holdMs: 0, gates: { maxErrorRate: 0 } });
  });
});

describe('the rules of plans', () => {
  it('are each broken above, but for the one on states', () => {
    const broken = new Set(wrong.map(([, , rule]) => rule));
    for (const rule of Object.keys(ROLLOUT_RULES))
      expect([rule, broken.has(rule)]).toEqual([rule, rule !== 'state-form']);
  });

  it('are in the documentation, each of them', () => {
    const text = readFileSync(new URL('../../../docs/rollouts.md', import.meta.url), 'utf8');
    const [, rules = ''] = text.split('\n## Rules\n');
    const listed = [...rules.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, rule]) => rule);
    const shapes = ['value-type', 'unknown-member', 'missing-member'];
    expect(listed.sort()).toEqual([...Object.keys(ROLLOUT_RULES), ...shapes].sort());
  });
});
