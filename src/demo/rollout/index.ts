/** The demo of a rollout: a service goes from one version to another under load, and every request is accounted for. */
import { listenForInterruption } from '../interruption.js';
import { runProgram } from '../program.js';
import { styleOf } from '../style.js';
import { parseRolloutDemoOptions, type RolloutDemoOptions, USAGE } from './options.js';
import { RolloutProgress } from './progress.js';
import { RolloutRun } from './rollout-run.js';
import { type RolloutSummary, summarize } from './summary.js';
import { rolloutSummaryText } from './summary-text.js';

/**
 * Runs the demo with its command line and resolves with the exit code. What happens meanwhile goes to standard error, the
 * summary to standard output. When it resolves, none of its processes is left.
 */
export async function runRolloutDemo(args: readonly string[]): Promise<number> {
  return runProgram({ usage: USAGE, parse: parseRolloutDemoOptions, run: runSummarized }, args);
}

async function runSummarized(options: RolloutDemoOptions): Promise<{ text: string; exitCode: number }> {
  const summary = await runAndShow(options);
  const style = styleOf(process.stdout, process.env);
  const text = options.json
    ? JSON.stringify(summary, null, 2)
    : rolloutSummaryText(summary, options, style, process.stdout.columns || Infinity);
  return { text, exitCode: summary.exitCode };
}

async function runAndShow(options: RolloutDemoOptions): Promise<RolloutSummary> {
  const interruption = listenForInterruption();
  const run = new RolloutRun(options);
  const progress = new RolloutProgress(process.stderr);
  progress.start(() => run.snapshot);
  const result = await run.run(interruption.stop, interruption.abandon);
  progress.stop();
  interruption.end();
  if (result.failure === undefined) {
    for (const { name, output } of result.outputs) process.stderr.write(`${name}: ${output.trimEnd()}\n`);
  }
  return summarize(result, options);
}
