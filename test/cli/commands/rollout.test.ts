import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ERRORS } from '../../../src/errors.js';
import { BrokerFixture } from '../../support/broker-fixture.js';
import { QUICK_CANARY, RolloutsOverHttp, serveVersion } from '../../support/rollout-scene.js';
import { TRANSPORTS } from '../../support/transports.js';
import { cleanUp, folder, start } from '../cli-process.js';
import { runHere } from '../run-here.js';

const fixture = new BrokerFixture();
const NAME = QUICK_CANARY.name;

afterEach(cleanUp);

async function scene(plan: unknown = QUICK_CANARY) {
  const broker = await fixture.broker(TRANSPORTS[0]!);
  const cwd = folder();
  writeFileSync(join(cwd, 'plan.json'), JSON.stringify(plan));
  const env = { MODWIRE_URL: broker.url };
  const rollout = (...args: readonly string[]) => runHere(['rollout', ...args], { cwd, env });
  return { broker, cwd, env, rollout, rollouts: new RolloutsOverHttp(broker) };
}

describe('modwire rollout', () => {
  it('starts what a file describes, and shows the shares, what both versions do and what it waits for', async () => {
    const { broker, rollout } = await scene();
    await serveVersion(await fixture.client(broker.url), '1.4.0');
    const { code, lines, stderr } = await rollout('start', 'plan.json');
    expect([code, stderr]).toEqual([0, '']);
    const [head, status, bar, ...rest] = lines;
    expect(head).toBe('scorer-2 canary on models.score');
    expect(status).toMatch(/^ {2}running, step-1 of 3, held for \d/);
    expect(bar).toBe(`  ${'█'.repeat(8)}${'░'.repeat(32)} 80 % stable, 20 % candidate`);
    expect(rest.map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['version', 'share', 'requests', 'failed', 'median', 'p99', 'workers', 'busy'],
      ['^1.0.0 (stable)', '80 %', '0', '0', '-', '-', '1', '0 of 64'],
      ['^2.0.0 (candidate)', '20 %', '0', '0', '-', '-', '0', '0 of 0'],
      [expect.stringMatching(/^waits for 0.* s of 0.5 s$/)],
      [expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3} new -> step-1, 20 % by start: started$/)],
    ]);
  });

  it('promotes, pauses, resumes, rolls back and deletes', async () => {
    const { rollout, rollouts } = await scene();
    await rollout('start', 'plan.json');
    expect((await rollout('pause', NAME, '--reason', 'lunch')).lines[1]).toMatch(/^ {2}paused, step-1 of 3/);
    expect((await rollout('promote', NAME, '--from', 'step-1')).lines[1]).toMatch(/^ {2}paused, step-2 of 3/);
    expect((await rollout('resume', NAME, '--json')).stdout).toContain('"status":"running"');
    const back = await rollout('rollback', NAME, '--reason', 'scores drift');
    expect(back.lines[1]).toBe('  rolled-back');
    expect(back.stdout).toContain(
      'workers of ^2.0.0 get no more requests and may be stopped: no workers, no requests under way',
    );
    expect((await rollouts.show()).history.map(({ reason }) => reason)).toEqual([
      ...['started', 'lunch', 'promoted', 'resumed', 'scores drift'],
    ]);
    expect((await rollout('delete', NAME)).lines).toEqual([`deleted ${NAME}`]);
    expect(await rollout('status')).toMatchObject({ code: 0, stdout: '', stderr: 'no rollouts\n' });
  });

  it('shows all, or one, also as JSON as HTTP answers it', async () => {
    const { rollout, rollouts } = await scene();
    await rollouts.start();
    await rollouts.command('pause');
    await rollouts.start({ ...QUICK_CANARY, name: 'other', subject: 'other' });
    await rollouts.command('pause', {}, 'other');
    const all = await rollout('status', '--json');
    expect(all.lines.map((line) => JSON.parse(line).name)).toEqual([NAME, 'other']);
    const one = await rollout('status', 'other', '--json');
    expect(JSON.parse(one.stdout)).toEqual(await rollouts.show('other'));
    expect((await rollout('status')).stdout).toMatch(/^scorer-2 .*^other /ms);
  });

  it('refuses with the exit code of what the broker says, and without a reason to roll back', async () => {
    const { rollout } = await scene({ ...QUICK_CANARY, steps: [1] });
    const started = await rollout('start', 'plan.json');
    expect(started.code).toBe(ERRORS.INVALID_ARGUMENT.exitCode);
    expect(started.stderr).toContain('[steps-end]');
    expect((await rollout('start', 'none.json')).code).toBe(ERRORS.NOT_FOUND.exitCode);
    expect((await rollout('pause', NAME)).code).toBe(ERRORS.NOT_FOUND.exitCode);
    expect((await rollout('rollback', NAME)).stderr).toContain('--reason is missing');
    expect((await rollout('status', '--watch')).stderr).toContain('--watch needs NAME');
  });

  it('watches what happens to the end, and fails when that is a rollback', async () => {
    const { env, cwd, rollouts } = await scene();
    await rollouts.start();
    const watching = start(['rollout', 'status', NAME, '--watch'], { env, cwd });
    await watching.until('stdout', /new -> step-1, 20 % by start: started/);
    await rollouts.command('promote');
    await watching.until('stdout', /step-1 -> step-2, 50 % by operator: promoted/);
    await rollouts.command('rollback', { reason: 'scores drift' });
    const { code } = await watching.exit;
    expect(code).toBe(ERRORS.FAILED_PRECONDITION.exitCode);
    expect(watching.lines).toHaveLength(3);
    expect(watching.stderr).toContain('the rollout was rolled back: got scores drift');
  });

  it('watches as JSON, an event a line, and ends well with the rollout', async () => {
    const { rollout, rollouts } = await scene();
    await rollouts.start();
    for (let step = 0; step < 3; step++) await rollouts.command('promote');
    const { code, lines } = await rollout('status', NAME, '--watch', '--json');
    expect(code).toBe(0);
    expect(lines.map((line) => JSON.parse(line))).toEqual((await rollouts.show()).history);
  });

  it('ends well when watching is interrupted', async () => {
    const { env, cwd, rollouts } = await scene();
    await rollouts.start();
    const watching = start(['rollout', 'status', NAME, '--watch'], { env, cwd });
    await watching.until('stdout', /started/);
    watching.child.kill('SIGINT');
    expect(await watching.exit).toEqual({ code: 0, signal: null });
  });
});
