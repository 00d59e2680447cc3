import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Summary } from '../../src/demo/summary.js';
import { DemoRun, isAlive, jsonRun, PROCESSES } from './demo-run.js';

const directory = mkdtempSync(join(tmpdir(), 'modwire-demo-'));
afterAll(() => rmSync(directory, { recursive: true }));

function traceFile(name: string, lines: readonly string[]): string {
  const path = join(directory, name);
  writeFileSync(path, ['TIMESTAMP,ContextTokens,GeneratedTokens', ...lines].join('\r\n'));
  return path;
}

/** Every number of a run in which nothing was lost, from the number of its requests. */
function expectAllAccountedFor(summary: Summary, requests: number): void {
  expect(summary.problems).toEqual([]);
  expect(summary.ok).toBe(true);
  expect(summary.requests).toEqual({
    ...{ sent: requests, answered: requests, failed: {}, open: 0 },
    ...{ predicted: requests, fedBack: requests, unexpected: 0 },
  });
  expect(summary.causes).toEqual({ joined: requests, broken: 0, waiting: 0 });
  const { retries } = summary;
  const made = 3 * requests + retries;
  expect(summary.broker).toMatchObject({ admitted: 3 * requests, refused: 0, requests: made, open: 0 });
  const [predict, scoreV1, scoreV2, explainV1, explainV2] = summary.calls;
  for (const { requests: all, replied, failed, open, sent, replies } of summary.calls) {
    expect({ replied, failed, open, replies }).toEqual({ replied: all, failed: {}, open: 0, replies: sent });
  }
  expect(predict!.requests).toBe(requests);
  expect(scoreV1!.requests + scoreV2!.requests).toBe(requests);
  expect([explainV1!.requests, explainV2!.requests]).toEqual([scoreV1!.requests, scoreV2!.requests]);
  for (const stage of summary.stages) {
    expect(stage).toMatchObject({ published: requests, delivered: requests, lost: 0, gaps: 0 });
  }
  const frames = 3 * requests;
  expect(summary.total).toEqual({ published: frames, due: frames, delivered: frames, lost: 0, gaps: 0 });
}

describe('the demo', { timeout: 90_000 }, () => {
  it('sends generated requests and accounts for every frame, with lost 0', async () => {
    const { code, summary, stderr } = await jsonRun(['--duration', '1', '--rate', '300', '--seed', '7']);
    expect(summary.requests.sent).toBeGreaterThan(100);
    expectAllAccountedFor(summary, summary.requests.sent);
    expect(code).toBe(0);
    expect(summary.exitCode).toBe(0);
    expect(stderr).toBe('');
    const latencies = [...summary.calls, ...summary.stages].map(({ latencyMicros }) => latencyMicros!);
    for (const { p50, p99, p999, max } of [...latencies, summary.answerMicros!]) {
      expect([p50, p99, p999, max].toSorted((one, other) => one - other)).toEqual([p50, p99, p999, max]);
      expect(p50).toBeGreaterThan(0);
    }
    // A prediction is published after its features were, and fed back after it was received.
    const [features, predictions, feedback] = summary.stages.map((stage) => stage.latencyMicros!);
    for (const figure of ['p50', 'p99', 'p999', 'max'] as const) {
      expect(feedback![figure]).toBeGreaterThanOrEqual(predictions![figure]);
    }
    expect(predictions!.max).toBeGreaterThanOrEqual(features!.p50);
    // Both versions have had their share, and every explanation its tokens.
    for (const { requests, replies } of summary.calls) {
      expect(requests).toBeGreaterThan(0);
      expect(replies).toBeGreaterThanOrEqual(requests);
    }
  });

  it('replays a trace to its end, whatever the sizes of its requests', async () => {
    const path = traceFile('small.csv', [
      '2023-11-16 18:15:46.6805900,374,44',
      '2023-11-16 18:15:46.6805900,0,0',
      '2023-11-16 18:15:50.9951690,14050,1000',
      '2023-11-16 18:16:16.1234567,100000,1',
    ]);
    const { code, summary } = await jsonRun(['--trace', path, '--speed', '60', '--duration', '30']);
    expectAllAccountedFor(summary, 4);
    expect(code).toBe(0);
    // Half a minute at sixty times the speed.
    expect(summary.seconds).toBeGreaterThanOrEqual(0.49);
    // Explanations are as long as the trace says, up to two tokens for each of eight features.
    const tokens = summary.calls.slice(3).reduce((sum, { replies }) => sum + replies, 0);
    expect(tokens).toBe(16 + 0 + 16 + 1);
  });

  it('sends what of a trace is due within the duration, and does not read on', async () => {
    const path = traceFile('long.csv', [
      '2023-11-16 18:15:46.0,10,10',
      '2023-11-16 18:15:47.0,10,10',
      '2023-11-16 18:35:46.0,10,10',
      'a line that is not valid',
    ]);
    const { code, summary } = await jsonRun(['--trace', path, '--speed', '10', '--duration', '1']);
    expectAllAccountedFor(summary, 2);
    expect(code).toBe(0);
  });

  it('says in a pipe nothing but the summary, without colours', async () => {
    const { code, stdout, stderr } = await new DemoRun(['--duration', '0.5', '--rate', '100']).ended;
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^modwire demo: 0\.\d s of generated requests, 100\/s, seed 1\n/);
    expect(stdout).toMatch(/, lost 0\n\nok: every request and every frame is accounted for, lost 0\n$/);
    expect(stdout).not.toContain('\u001b');
    expect(code).toBe(0);
  });

  it('refuses a bad line of the trace by its number before it starts anything', async () => {
    const path = traceFile('bad.csv', ['2023-11-16 18:15:46.0,10,10', '2023-11-16 18:15:47.0,ten,10']);
    const { code, stdout, stderr } = await new DemoRun(['--trace', path]).ended;
    expect(stderr).toBe(
      `modwire: INVALID_ARGUMENT: ContextTokens is not valid: expected a whole number from 0 to 1000000, got "ten" (${path}, line 3)\n`,
    );
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('says which file is missing', async () => {
    const { code, stderr } = await new DemoRun(['--trace', join(directory, 'none.csv')]).ended;
    expect(stderr).toContain(`none.csv`);
    expect(stderr).toMatch(/^modwire: NOT_FOUND: cannot read the trace: expected a CSV file/);
    expect(code).toBe(22);
  });

  it('stops on SIGINT, and still accounts for what was sent', async () => {
    const run = new DemoRun(['--duration', '60', '--rate', '200', '--json']);
    const children = await run.children(PROCESSES.length);
    expect(children.map(({ program }) => program).toSorted()).toEqual(PROCESSES);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    run.process.kill('SIGINT');
    const { code, stdout } = await run.ended;
    const summary = JSON.parse(stdout) as Summary;
    expectAllAccountedFor(summary, summary.requests.sent);
    expect(summary.interrupted).toBe(true);
    expect(code).toBe(20);
    expect(children.filter(({ pid }) => isAlive(pid))).toEqual([]);
  });
});
