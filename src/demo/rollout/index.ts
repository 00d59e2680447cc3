/** The demo of a rollout: a service goes from one version to another under load, and every request is accounted for. */
import { ModwireError } from '../../errors.js';
import { listenForInterruption } from '../interruption.js';
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
  try {
    const options = parseRolloutDemoOptions(args);
    if (options === undefined) {
      process.stdout.write(USAGE);
      return 0;
    }
    const summary = await runAndShow(options);
    const style = styleOf(process.stdout, process.env);
    const text = options.json
      ? JSON.stringify(summary, null, 2)
      : rolloutSummaryText(summary, options, style, process.stdout.columns || Infinity);
    process.stdout.write(`${text}\n`);
    return summary.exitCode;
  } catch (thrown) {
    // What is a defect shows where it is.
    if (!(thrown instanceof ModwireError)) throw thrown;
    process.stderr.write(`modwire: ${thrown.code}: ${thrown.message}\n`);
    return thrown.row.exitCode;
  }
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
