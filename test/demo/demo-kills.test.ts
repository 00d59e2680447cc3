import { describe, expect, it } from 'vitest';
import type { Summary } from '../../src/demo/summary.js';
import { DemoRun, isAlive, jsonRun, PROCESSES, whenGone } from './demo-run.js';

describe('the demo, again and again', { timeout: 90_000 }, () => {
  it('sends the same requests for the same seed', async () => {
    const args = ['--duration', '1', '--rate', '200', '--seed', '3'];
    const [one, other] = [await jsonRun(args), await jsonRun(args)];
    const counts = ({ calls }: Summary) => calls.map(({ requests, replies }) => [requests, replies]);
    expect(counts(one.summary)).toEqual(counts(other.summary));
  });

  it('stops on SIGTERM as on SIGINT', async () => {
    const run = new DemoRun(['--duration', '60', '--rate', '200', '--json']);
    const children = await run.children(PROCESSES.length);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    run.process.kill('SIGTERM');
    const { code, stdout } = await run.ended;
    const summary = JSON.parse(stdout) as Summary;
    expect(summary).toMatchObject({ ok: true, interrupted: true, problems: [], total: { lost: 0, gaps: 0 } });
    expect(summary.requests).toMatchObject({ answered: summary.requests.sent, failed: {}, open: 0 });
    expect(code).toBe(20);
    expect(children.filter(({ pid }) => isAlive(pid))).toEqual([]);
  });

  it('stops in order when Ctrl-C comes while its processes are being loaded', async () => {
    const run = new DemoRun(['--duration', '60', '--json'], true);
    const children = await run.children(PROCESSES.length);
    // A terminal sends it to all processes of the group.
    process.kill(-run.process.pid!, 'SIGINT');
    const { code, stdout } = await run.ended;
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      interrupted: true,
      total: { published: 0, lost: 0 },
    });
    expect(code).toBe(20);
    expect(children.filter(({ pid }) => isAlive(pid))).toEqual([]);
  });

  it.each(['broker', 'gateway', 'features', 'scorer', 'feedback'])(
    'fails when its %s is killed, and leaves no process behind',
    async (program) => {
      const run = new DemoRun(['--duration', '60', '--rate', '200']);
      const children = await run.children(PROCESSES.length);
      process.kill(children.find((child) => child.program === program)!.pid, 'SIGKILL');
      const { code, stdout } = await run.ended;
      expect(stdout).toMatch(
        /\nFAILED\n {2}\w+( v\d)? ended in the middle of the run: .*killed by SIGKILL\n/,
      );
      expect(stdout).toContain(`  ${program}`);
      expect(code).toBe(70);
      expect(children.filter(({ pid }) => isAlive(pid))).toEqual([]);
    },
  );

  it.each([
    ['while it starts', 0],
    ['while it runs', 3_000],
  ])('leaves no process behind when it is killed itself %s', async (_, afterMs) => {
    const run = new DemoRun(['--duration', '60', '--rate', '200']);
    const children = await run.children(PROCESSES.length);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    run.process.kill('SIGKILL');
    await run.ended;
    await whenGone(children);
  });
});
