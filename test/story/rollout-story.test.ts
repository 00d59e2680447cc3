import { afterEach, describe, expect, test } from 'vitest';
import { cleanUp } from '../cli/cli-process.js';
import {
  type AskedRequest,
  type AskerReport,
  drain,
  PLAN,
  RolloutStory,
  variantFor,
} from '../support/rollout-story.js';

/** Of the share of so many draws. Standard deviations. */
const MAX_SIGMAS = 3;
/** Fewer say nothing of a share: a step has as few where a machine has better things to do than to make requests. */
const MIN_REQUESTS = 100;

const VERSIONS: Readonly<Record<string, string>> = { stable: '1.4.0', candidate: '2.0.0' };

afterEach(cleanUp);

interface Step {
  /** As its event says. */
  readonly name: string;
  readonly weight: number;
  /** In the order in which they were made, without a gap. */
  readonly requests: readonly AskedRequest[];
}

/**
 * The requests that surely belong to each step: begun after its event had come, and ended before the next one was decided.
 * Those of the first step count from `readyAt` on, when the candidate's workers were there.
 */
function stepsOf({ ended, heard }: AskerReport, readyAt: number): Step[] {
  const ordered = ended.toSorted((one, other) => one.number - other.number);
  return heard.map(({ event, heardAt }, index) => {
    const from = event.by === 'start' ? Math.max(heardAt, readyAt) : heardAt;
    const to = heard[index + 1]?.event.atMs ?? Number.POSITIVE_INFINITY;
    const begun = ordered.filter(({ begunAt }) => begunAt > from);
    const late = begun.findIndex(({ endedAt }) => endedAt >= to);
    return { name: event.to, weight: event.weight, requests: late < 0 ? begun : begun.slice(0, late) };
  });
}

/** How far the share of the candidate is from its weight. Standard deviations. */
function sigmasOf({ weight, requests }: Step): number {
  const share = weight / 100;
  const count = requests.filter(({ variant }) => variant === 'candidate').length;
  const deviation = Math.sqrt(requests.length * share * (1 - share));
  return deviation === 0 ? count - requests.length * share : (count - requests.length * share) / deviation;
}

/** Requests that were not answered by the version of the variant where their key belongs, or whose reply says another one. */
function misled({ weight, requests }: Step): AskedRequest[] {
  return requests.filter(({ key, version, variant, told }) => {
    const expected = variantFor(key, weight);
    return variant !== expected || version !== VERSIONS[expected] || `${told}` !== `${PLAN.name},${expected}`;
  });
}

describe('a rollout under load', () => {
  test('goes from version 1 by 5, 25, 50 and 100 % to version 2: no request fails, none is processed twice', {
    timeout: 120_000,
  }, async () => {
    const story = await RolloutStory.begin();
    const old = await story.workers('1.4.0');
    await story.asker();
    await story.someMore();
    // The rollout comes first: it holds the new version back from requests that are not for it.
    await story.startRollout();
    await story.workers('2.0.0');
    await story.untilComplete();
    const readyAt = Date.now();
    const { history, mayStop } = await story.until('the end', ({ status }) => status !== 'running');
    expect(mayStop).toBe('stable');
    await drain(old);
    await story.someMore();
    const report = await story.end();

    expect(report.ended.filter(({ code }) => code !== undefined)).toEqual([]);
    expect(report.disconnects).toBe(0);
    const processed = story.processed();
    expect(processed.length).toBe(report.made);
    expect(new Set(processed).size).toBe(report.made);
    expect(report.heard.map(({ event }) => event)).toEqual(history);
    expect(history.map(({ to, weight, by }) => [to, weight, by])).toEqual([
      ['step-1', 5, 'start'],
      ['step-2', 25, 'schedule'],
      ['step-3', 50, 'schedule'],
      ['step-4', 100, 'schedule'],
      ['completed', 100, 'schedule'],
    ]);
    const steps = stepsOf(report, readyAt);
    expect(steps.flatMap(misled)).toEqual([]);
    const judged = steps.filter(({ requests }) => requests.length >= MIN_REQUESTS);
    expect(judged.length).toBeGreaterThan(0);
    for (const step of judged) expect(Math.abs(sigmasOf(step))).toBeLessThanOrEqual(MAX_SIGMAS);
  });

  test('takes a version that fails back within one window, and nothing fails beyond its share', {
    timeout: 120_000,
  }, async () => {
    const story = await RolloutStory.begin();
    await story.workers('1.4.0');
    await story.asker();
    await story.someMore();
    await story.startRollout();
    const bad = await story.workers('2.0.0', 'failing');
    const { history, mayStop } = await story.until('the end', ({ status }) => status !== 'running');
    expect(mayStop).toBe('candidate');
    await drain(bad);
    await story.someMore();
    const report = await story.end();

    const last = history.at(-1)!;
    expect([last.from, last.to, last.by, last.weight]).toEqual(['step-1', 'rolled-back', 'gate', 0]);
    expect(last.reason).toMatch(/requests failed: more than 5 %.*, mostly INTERNAL$/);
    // The window holds still what came of its first request.
    const { candidate, step, stable } = last.figures!;
    expect([candidate.requests, candidate.failed]).toEqual([step.requests, step.failed]);
    expect(stable.failed).toBe(0);
    const failed = report.ended.filter(({ code }) => code !== undefined);
    expect(failed.length).toBeGreaterThanOrEqual(candidate.failed);
    expect(new Set(failed.map(({ code }) => code))).toEqual(new Set(['INTERNAL']));
    expect(failed.filter(({ key }) => variantFor(key, history[0]!.weight) !== 'candidate')).toEqual([]);
    const processed = story.processed();
    expect(new Set(processed).size).toBe(processed.length);
    const back = stepsOf(report, 0).at(-1)!;
    expect(back.requests.length).toBeGreaterThan(0);
    expect(misled(back)).toEqual([]);
  });

  test('goes on where it was after its broker was killed: assignments are the same, nobody is lost', {
    timeout: 180_000,
  }, async () => {
    const story = await RolloutStory.begin();
    const old = await story.workers('1.4.0');
    await story.asker();
    await story.startRollout();
    await story.rollouts.command('pause', { reason: 'to look at it' });
    await story.workers('2.0.0');
    await story.untilComplete();
    const before = await story.rollouts.command('promote');
    const experiment = await story.experiment();
    const variants = await story.variantsOf(1_000);
    expect(new Set(variants)).toEqual(new Set(['stable', 'candidate']));

    // Nothing moves while it is paused, so that everything has to be as it was.
    await story.restartBroker();
    await story.untilComplete();
    const after = await story.rollouts.show();
    expect([after.status, after.stage, after.weights]).toEqual(['paused', before.stage, before.weights]);
    expect([after.heldMs, after.history]).toEqual([before.heldMs, before.history]);
    expect(await story.experiment()).toEqual(experiment);
    expect(await story.variantsOf(1_000)).toEqual(variants);

    // And once more while it runs.
    const resumed = await story.rollouts.command('resume', {});
    await story.someMore();
    await story.restartBroker();
    await story.untilComplete();
    const { history, mayStop } = await story.until('the end', ({ status }) => status !== 'running');
    expect(mayStop).toBe('stable');
    expect(history.slice(0, resumed.history.length)).toEqual(resumed.history);
    expect(history.map(({ to, by }) => `${to} by ${by}`)).toEqual([
      ...['step-1 by start', 'step-1 paused by operator', 'step-2 paused by operator', 'step-2 by operator'],
      ...['step-3 by schedule', 'step-4 by schedule', 'completed by schedule'],
    ]);
    await drain(old);
    await story.someMore();
    const report = await story.end();
    expect(report.disconnects).toBeGreaterThanOrEqual(2);
    // Also those that were made while the workers came back one by one.
    const held = stepsOf(report, 0).find(({ name }) => name === 'step-2 paused')!;
    const answered = held.requests.filter(({ code }) => code === undefined);
    expect(answered.length).toBeGreaterThan(0);
    expect(misled({ ...held, requests: answered })).toEqual([]);
    const codes = new Set(report.ended.map(({ code }) => code ?? 'answered'));
    expect(codes.has('answered')).toBe(true);
    // What was under way at a broker that is killed may be lost, and is told so.
    expect([...codes].filter((code) => !['answered', 'UNAVAILABLE'].includes(code))).toEqual([]);
  });
});
