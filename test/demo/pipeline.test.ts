import { describe, expect, it } from 'vitest';
import type { Pipeline as PipelineClass, RunResult } from '../../src/demo/pipeline.js';
import { HOPS } from '../../src/demo/stages.js';
import { summarize } from '../../src/demo/summary.js';
import { childrenOf, isAlive } from './demo-run.js';

// The built one: it starts programs that lie beside it.
const { Pipeline } = (await import(new URL('../../dist/demo/pipeline.js', import.meta.url).href)) as {
  Pipeline: typeof PipelineClass;
};

const NEVER = new AbortController().signal;
const PLAN = { arrivals: { kind: 'generated', rate: 200 }, seed: 1, durationSeconds: 60 } as const;

/** Resolves when so many requests were answered, and every worker has told of some. */
async function answered(pipeline: PipelineClass, requests: number): Promise<void> {
  for (;;) {
    const { figures } = pipeline.snapshot;
    const handled = HOPS.map(({ name, worker }) => figures[worker]?.served?.[name]?.requests ?? 0);
    if ((figures.gateway?.requests?.answered ?? 0) >= requests && !handled.includes(0)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function killProgram(program: string): void {
  process.kill(childrenOf(process.pid).find((child) => child.program === program)!.pid, 'SIGKILL');
}

async function runAndKill(program: string): Promise<RunResult> {
  const pipeline = new Pipeline(PLAN);
  const run = pipeline.run(NEVER, NEVER);
  await answered(pipeline, 50);
  const children = childrenOf(process.pid);
  killProgram(program);
  const result = await run;
  expect(children).toHaveLength(6);
  expect(children.filter(({ pid }) => isAlive(pid))).toEqual([]);
  return result;
}

describe('a run', { timeout: 90_000 }, () => {
  it('whose scorer is killed on the way has an outcome for every request, and loses no frame', async () => {
    const summary = summarize(await runAndKill('scorer'));
    expect(summary).toMatchObject({ ok: false, exitCode: 70, total: { lost: 0 } });
    expect(summary.problems[0]).toMatch(
      /^scorer v[12] ended in the middle of the run: .*got killed by SIGKILL$/,
    );
    for (const { open } of summary.calls) expect(open).toBe(0);
    expect(summary.requests).toMatchObject({ open: 0, unexpected: 0 });
    expect(summary.requests.fedBack).toBe(summary.requests.predicted);
    expect(summary.requests.answered).toBeGreaterThanOrEqual(50);
  });

  it('whose broker is killed on the way fails without waiting for what cannot come', async () => {
    const result = await runAndKill('broker');
    expect(result.dead).toEqual(['broker']);
    expect(result.failure?.message).toMatch(/^broker ended in the middle of the run/);
    expect(summarize(result).exitCode).toBe(70);
  });

  it('that is abandoned ends at once, with what is known', async () => {
    const pipeline = new Pipeline(PLAN);
    const abandon = new AbortController();
    const run = pipeline.run(NEVER, abandon.signal);
    await answered(pipeline, 20);
    const children = childrenOf(process.pid);
    abandon.abort();
    const result = await run;
    expect(result.failure?.code).toBe('CANCELLED');
    expect(result.dead).toEqual([]);
    expect(result.figures.gateway!.requests!.answered).toBeGreaterThanOrEqual(20);
    expect(children.filter(({ pid }) => isAlive(pid))).toEqual([]);
  });

  it('that is stopped before it has started sends nothing and loses nothing', async () => {
    const stop = new AbortController();
    stop.abort();
    const summary = summarize(await new Pipeline(PLAN).run(stop.signal, NEVER));
    expect(summary).toMatchObject({ ok: true, interrupted: true, exitCode: 20 });
    expect(summary.total).toEqual({ published: 0, due: 0, delivered: 0, lost: 0, gaps: 0 });
  });
});
