import { describe, expect, it } from 'vitest';
import { parseRolloutDemoOptions } from '../../../src/demo/rollout/options.js';
import { CALM_MS, planOf } from '../../../src/demo/rollout/scene.js';
import { readRolloutPlan } from '../../../src/routing/rollouts/read-rollout-plan.js';

describe("the flags of the rollout's demo", () => {
  it('have defaults', () => {
    expect(parseRolloutDemoOptions([])).toEqual({
      ...{ durationSeconds: 32, rate: 200, seed: 1, failing: false, json: false },
    });
  });

  it('say what happens', () => {
    const args = ['--failing', '--duration', '9', '--rate=50', '--seed', '7', '--json'];
    expect(parseRolloutDemoOptions(args)).toEqual({
      ...{ durationSeconds: 9, rate: 50, seed: 7, failing: true, json: true },
    });
  });

  it('ask for help, whatever else there is', () => {
    expect(parseRolloutDemoOptions(['--help', '--rate', '1'])).toBeUndefined();
  });

  it.each([
    [['--duration', '8'], '--duration is not valid: expected a whole number from 9 to 600, got "8"'],
    [['--rate', '1e3'], '--rate is not valid: expected a whole number from 20 to 2000, got "1e3"'],
    [['--seed', '-1'], /--seed/],
    [['--trace', 'a.csv'], /Unknown option '--trace'/],
    [['now'], /Unexpected argument 'now'/],
  ])('are refused when they are not valid: %j', (args, message) => {
    expect(() => parseRolloutDemoOptions(args)).toThrow(message);
  });

  it.each([
    [9, 20],
    [32, 200],
    [600, 2_000],
  ])('make a plan that the broker takes, whose steps fill %d s', (durationSeconds, rate) => {
    const plan = planOf({ durationSeconds, rate });
    expect(readRolloutPlan(plan)).toEqual(plan);
    const { holdMs, steps, minRequests } = plan;
    const heldMs = holdMs * steps.length + 2 * CALM_MS;
    expect(heldMs).toBeLessThanOrEqual(durationSeconds * 1_000);
    expect(heldMs).toBeGreaterThanOrEqual(durationSeconds * 1_000 * 0.75);
    // What a step waits for comes within its time, about.
    expect(minRequests).toBeLessThanOrEqual(Math.max(5, (rate * holdMs * 0.05) / 1_000));
  });
});
