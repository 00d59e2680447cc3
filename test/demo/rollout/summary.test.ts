import { describe, expect, it } from 'vitest';
import type { RolloutDetails } from '../../../src/broker/rollouts/rollout-info.js';
import type { EndedRequest } from '../../../src/demo/rollout/commands.js';
import { KeySides } from '../../../src/demo/rollout/key-sides.js';
import type { RolloutResult } from '../../../src/demo/rollout/rollout-run.js';
import { planOf, STEPS } from '../../../src/demo/rollout/scene.js';
import { summarize } from '../../../src/demo/rollout/summary.js';
import { rolloutSummaryText } from '../../../src/demo/rollout/summary-text.js';
import { styleOf } from '../../../src/demo/style.js';
import { ModwireError } from '../../../src/errors.js';
import type { Experiment } from '../../../src/routing/experiments/experiment.js';
import { ended, heard } from '../../support/demo-rollout.js';

const OPTIONS = { durationSeconds: 9, rate: 200, seed: 1, failing: false, json: false };
const PLAIN = styleOf({}, {});
const STEP_MS = 1_000;
const EACH = 400;

const EXPERIMENT: Experiment = {
  ...{ name: 'scorer-2', subject: 'models.score', variants: [] },
  ...{ assign: { key: 'key-or-id', salt: 'scorer-2' }, default: 'stable' },
};
const keys = new KeySides(EXPERIMENT);

/** A run in which all is well: before, four steps, and afterwards, each a second with some requests that went where they belong. */
function wellRun(): RolloutResult {
  const weights = [0, ...STEPS, 100];
  const requests = weights.flatMap((weight, step) =>
    Array.from({ length: EACH }, (_, index) => {
      const number = step * EACH + index;
      const begunAt = 10_000 + step * STEP_MS + 20 + index;
      const side = keys.sideOf(`user-${number}`, weight);
      return ended(number, [begunAt, begunAt + 5], side);
    }),
  );
  const events = STEPS.map((weight, step) =>
    heard(11_000 + step * STEP_MS, `step-${step + 1}`, weight, step === 0 ? 'start' : 'schedule'),
  );
  events.push(heard(15_000, 'completed', 100));
  return {
    ...{ phase: 'draining', startedAt: 10_000, stoppedAt: 16_000, candidateReadyAt: 11_010 },
    ...{ ended: requests, heard: events, experiment: EXPERIMENT, made: requests.length, retries: 0 },
    processed: requests.map(({ number }) => number),
    details: { plan: planOf(OPTIONS), status: 'completed', history: events } as unknown as RolloutDetails,
    left: { side: 'stable', madeAfter: 300 },
    ...{ problems: [], outputs: [], failure: undefined, interrupted: false },
  };
}

/** The same with some requests otherwise. */
function changed(result: RolloutResult, change: (request: EndedRequest) => EndedRequest): RolloutResult {
  return { ...result, ended: result.ended.map(change) };
}

function verdictOf(result: RolloutResult, failing = false): [exitCode: number, problems: readonly string[]] {
  const { exitCode, problems } = summarize(result, { ...OPTIONS, failing });
  return [exitCode, problems];
}

describe('the summary of a rollout', () => {
  it('is well when every request was answered where it belongs', () => {
    expect(verdictOf(wellRun())).toEqual([0, []]);
    const text = rolloutSummaryText(summarize(wellRun(), OPTIONS), OPTIONS, PLAIN, 120);
    expect(text).toMatch(
      /^modwire demo rollout: 1\.4\.0 → 2\.0\.0 by 5, 25, 50, 100 %, 6\.0 s at 200 requests\/s\n/,
    );
    expect(text).toMatch(/\nstep-1 +1\.0 s +400 +\d+ +\d+ +5 % +\d\.\d % +-?\d\.\d σ\n/);
    expect(text).toContain('\nassigned   2,400 of 2,400 as their keys and the step say; ');
    expect(text).toMatch(/\nok: no request failed.*$/);
  });

  it('is broken, with exit code 1, by a request that failed', () => {
    const result = changed(wellRun(), (one) =>
      one.number === 7 ? ended(7, [10_027, 10_032], 'failing') : one,
    );
    expect(verdictOf(result)).toEqual([1, ['1 request failed: INTERNAL']]);
    const text = rolloutSummaryText(summarize(result, OPTIONS), OPTIONS, PLAIN, 120);
    expect(text).toMatch(/\nBROKEN\n {2}1 request failed: INTERNAL$/);
  });

  it('is broken by a request without an outcome, and by one that was processed twice', () => {
    const well = wellRun();
    expect(verdictOf({ ...well, made: well.made + 1 })).toEqual([1, ['1 request without an outcome']]);
    const processed = [...well.processed, 3];
    expect(verdictOf({ ...well, processed })).toEqual([1, ['1 request processed twice']]);
  });

  it('is broken by requests that went elsewhere, and by a share that is no chance', () => {
    const swapped = changed(wellRun(), (one) => (one.number === 2 ? { ...one, version: '2.0.0' } : one));
    expect(verdictOf(swapped)).toEqual([1, ['1 request at a version that the key does not belong to']]);
    // As if the second step had the weight of the third.
    const from = 2 * EACH;
    const wrong = changed(wellRun(), (one) =>
      one.number >= from && one.number < from + EACH
        ? { ...one, version: keys.sideOf(one.key, 50) === 'stable' ? '1.4.0' : '2.0.0' }
        : one,
    );
    const [code, problems] = verdictOf(wrong);
    expect(code).toBe(1);
    expect(problems.at(-1)).toMatch(
      /^step-2: \d+ of 400 requests went to the new version, \d+\.\d σ beside 25 %$/,
    );
  });

  it('is broken by a rollout that ends otherwise, by an event that nobody was told, and by workers that stay', () => {
    const well = wellRun();
    const details = { ...well.details!, status: 'rolled-back' } as RolloutDetails;
    expect(verdictOf({ ...well, details })).toEqual([
      1,
      ['the rollout ended rolled-back instead of completed'],
    ]);
    expect(verdictOf({ ...well, left: undefined })).toEqual([
      1,
      ['no request was made after the workers had gone'],
    ]);
    expect(verdictOf({ ...well, heard: well.heard.slice(0, -1) })).toEqual([
      1,
      ['5 events happened and 4 were told', '3 steps instead of 4'],
    ]);
  });

  it('has the exit code of what failed, and that of Ctrl-C when nothing is broken', () => {
    const well = wellRun();
    const failure = new ModwireError('INTERNAL', 'broker ended');
    expect(verdictOf({ ...well, failure })).toEqual([70, ['INTERNAL: broker ended']]);
    expect(verdictOf({ ...well, interrupted: true, left: undefined })).toEqual([20, []]);
  });

  it('of a version that fails is well when it was taken back in time and nobody else was hit', () => {
    const well = wellRun();
    const first = keys.sideOf.bind(keys);
    const requests = well.ended
      .slice(0, 3 * EACH)
      .map((one) => ({ ...one, version: '1.4.0' }))
      .map((one) => {
        const isHit = one.number >= EACH && one.number < 2 * EACH && first(one.key, 5) === 'candidate';
        return isHit ? ended(one.number, [one.begunAt, one.endedAt], 'failing') : one;
      });
    const events = [well.heard[0]!, heard(12_000, 'rolled-back', 0, 'gate')];
    const details = { ...well.details!, status: 'rolled-back', history: events } as unknown as RolloutDetails;
    const back: RolloutResult = {
      ...well,
      ...{ ended: requests, made: requests.length, heard: events, details, stoppedAt: 13_000 },
      processed: requests.map(({ number }) => number),
      left: { side: 'candidate', madeAfter: 100 },
    };
    expect(verdictOf(back, true)).toEqual([0, []]);
    const [hit] = requests.filter(({ key }) => first(key, 5) === 'stable').slice(EACH);
    const spread = changed(back, (one) =>
      one === hit ? ended(one.number, [one.begunAt, one.endedAt], 'failing') : one,
    );
    expect(verdictOf(spread, true)).toEqual([1, ['1 request failed besides those for the new version']]);
    const late = { ...events[1]!, heardAt: 17_500 };
    const [code, problems] = verdictOf({ ...back, heard: [events[0]!, late] }, true);
    expect(code).toBe(1);
    expect(problems.at(-1)).toMatch(/^it took \d+ ms to roll back: more than the window of 5000 ms$/);
  });
});
