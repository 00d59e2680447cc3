import { describe, expect, it } from 'vitest';
import type { RolloutSummary } from '../../../src/demo/rollout/summary.js';
import { DemoRun, isAlive, whenGone } from '../demo-run.js';

const PROCESSES = ['broker', 'rollout/caller', ...Array<string>(6).fill('rollout/worker')];

/** The shortest, and few requests. */
const SHORT = ['--duration', '9', '--rate', '60'];

async function jsonRun(...args: readonly string[]) {
  const { code, stdout, stderr } = await new DemoRun(['rollout', ...SHORT, '--json', ...args]).ended;
  return { code, stderr, summary: JSON.parse(stdout) as RolloutSummary };
}

describe('the demo of a rollout', { timeout: 120_000 }, () => {
  it('moves a service to its new version, and accounts for every request', async () => {
    const { code, stderr, summary } = await jsonRun('--seed', '3');
    expect(summary.problems).toEqual([]);
    expect(code).toBe(0);
    const { made, answered, failed, open, processed, duplicates, judged, elsewhere, wentBack, left } =
      summary;
    expect([failed, open, duplicates, elsewhere, wentBack]).toEqual([{}, 0, 0, 0, 0]);
    expect(answered.stable + answered.candidate).toBe(made);
    expect(processed).toBe(made);
    expect(judged).toBeGreaterThan(made / 2);
    expect(left).toEqual({ side: 'stable', madeAfter: expect.any(Number) });
    expect(summary.steps.map(({ name, planned }) => [name, planned])).toEqual([
      ['before', 0],
      ['step-1', 5],
      ['step-2', 25],
      ['step-3', 50],
      ['step-4', 100],
      ['completed', 100],
    ]);
    // In a pipe a line for each event.
    expect(
      stderr
        .trimEnd()
        .split('\n')
        .map((line) => line.split(',')[0]),
    ).toEqual([
      ...['new -> step-1', 'step-1 -> step-2', 'step-2 -> step-3', 'step-3 -> step-4', 'step-4 -> completed'],
    ]);
  });

  it('shows a version that fails taken back by its gate, with the figures', async () => {
    const { code, stdout } = await new DemoRun(['rollout', ...SHORT, '--rate', '200', '--failing']).ended;
    expect(stdout).toMatch(
      /\nrequests {3}[\d,]+ made, [\d,]+ answered by 1\.4\.0, \d+ by 2\.0\.0, \d+ INTERNAL, 0 open/,
    );
    expect(stdout).toMatch(
      /\nfailures {3}0 of them not for 2\.0\.0; taken back \d+\.\d s after the first failure \(window 5\.0 s\)\n/,
    );
    expect(stdout).toMatch(/\nleft {7}workers of 2\.0\.0 drained and stopped, [\d,]+ requests since then\n/);
    expect(stdout).toMatch(
      /\nlast event step-1 -> rolled-back, 0 % to 2\.0\.0, by gate: \d+ of \d+ requests failed: more than 5 %/,
    );
    expect(stdout).toMatch(/\nok: taken back within the window/);
    expect(code).toBe(0);
  });

  it('stops on SIGINT, and still accounts for what was asked', async () => {
    const run = new DemoRun(['rollout', '--duration', '60', '--json']);
    const children = await run.children(PROCESSES.length);
    expect(children.map(({ program }) => program).toSorted()).toEqual(PROCESSES);
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    run.process.kill('SIGINT');
    const { code, stdout } = await run.ended;
    const summary = JSON.parse(stdout) as RolloutSummary;
    expect(summary).toMatchObject({ ok: true, interrupted: true, open: 0, problems: [] });
    expect(code).toBe(20);
    expect(children.filter(({ pid }) => isAlive(pid))).toEqual([]);
  });

  it('fails when a worker is killed, and leaves no process behind', async () => {
    const run = new DemoRun(['rollout', '--duration', '60']);
    const children = await run.children(PROCESSES.length);
    process.kill(children.find(({ program }) => program === 'rollout/worker')!.pid, 'SIGKILL');
    const { code, stdout } = await run.ended;
    expect(stdout).toMatch(
      /\nBROKEN\n {2}INTERNAL: scorer \d\.\d\.\d \d ended in the middle of the run: .*SIGKILL/,
    );
    expect(code).toBe(70);
    expect(children.filter(({ pid }) => isAlive(pid))).toEqual([]);
  });

  it('leaves no process behind when it is killed itself', async () => {
    const run = new DemoRun(['rollout', '--duration', '60']);
    const children = await run.children(PROCESSES.length);
    run.process.kill('SIGKILL');
    await run.ended;
    await whenGone(children);
  });
});
