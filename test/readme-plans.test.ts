import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readExperiment } from '../src/routing/experiments/read-experiment.js';
import { readRolloutPlan } from '../src/routing/rollouts/read-rollout-plan.js';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const blocks = [...README.matchAll(/^```json\n(.*?)^```$/gms)].map(([, text]) => JSON.parse(text!));

it('the plan and the experiment of the README are what a broker takes', () => {
  const [plan, experiment, ...others] = blocks;
  expect(others).toEqual([]);
  expect(readRolloutPlan(plan)).toEqual(plan);
  expect(readExperiment(experiment)).toMatchObject(experiment);
});
