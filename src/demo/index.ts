/** The demo: an inference service in processes of its own, and an account of every request and frame in the end. */
import { basename } from 'node:path';
import { replayArrivals, withinDuration } from './arrivals.js';
import { listenForInterruption } from './interruption.js';
import { LiveView } from './live-view.js';
import { type DemoOptions, parseDemoOptions, USAGE } from './options.js';
import { Pipeline } from './pipeline.js';
import { runProgram } from './program.js';
import { styleOf } from './style.js';
import { type Summary, summarize } from './summary.js';
import { summaryText } from './summary-text.js';
import { formatCount } from './table.js';
import { readTrace } from './trace-csv.js';

/**
 * Runs the demo with its command line and resolves with the exit code; `--help` says what there is. Live figures go
 * to standard error when that is a terminal, the summary goes to standard output. When it resolves, none of its
 * processes is left.
 */
export async function runDemo(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  if (first === 'rollout') return (await import('./rollout/index.js')).runRolloutDemo(rest);
  return runProgram({ usage: USAGE, parse: parseDemoOptions, run: runDescribed }, args);
}

async function runDescribed(options: DemoOptions): Promise<{ text: string; exitCode: number }> {
  const title = await describe(options);
  const summary = await runAndShow(options, title);
  const text = options.json
    ? JSON.stringify(summary, null, 2)
    : summaryText(summary, title, styleOf(process.stdout, process.env), process.stdout.columns || Infinity);
  return { text, exitCode: summary.exitCode };
}

async function runAndShow(options: DemoOptions, title: string): Promise<Summary> {
  const { arrivals, seed, durationSeconds } = options;
  const interruption = listenForInterruption();
  const pipeline = new Pipeline({ arrivals, seed, durationSeconds });
  const view = new LiveView(process.stderr, title, durationSeconds);
  view.start(() => pipeline.snapshot);
  const result = await pipeline.run(interruption.stop, interruption.abandon);
  view.stop();
  interruption.end();
  if (result.failure === undefined) {
    for (const { name, output } of result.outputs) process.stderr.write(`${name}: ${output.trimEnd()}\n`);
  }
  return summarize(result);
}

/** What is going to be run. Reads as much of a trace as will be sent, so that a bad line is refused before the start. */
async function describe({ arrivals, seed, durationSeconds }: DemoOptions): Promise<string> {
  if (arrivals.kind === 'generated') {
    return `generated requests, ${formatCount(arrivals.rate)}/s, seed ${seed}`;
  }
  const { path, speed } = arrivals;
  let count = 0;
  const due = withinDuration(replayArrivals(readTrace(path), speed), durationSeconds * 1e6);
  for await (const _ of due) count++;
  return `${basename(path)}, ${speed} times as fast, ${formatCount(count)} requests`;
}
