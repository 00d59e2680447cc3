import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import type { BenchCase } from './bench-case.js';
import { CASES } from './cases/index.js';
import { describeMachine } from './machine.js';
import { FLAGS, type Options, parseOptions, UsageError } from './options.js';
import { killAll } from './process-group.js';
import { Progress } from './progress.js';
import { formatCase, formatMachine, writeJson } from './report.js';
import { missing } from './requirements.js';
import { type CaseOutcome, presentSystems, runCase } from './runner.js';

const progress = new Progress();

// Whatever ends this process ends its children with it.
process.on('exit', killAll);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    progress.clear();
    process.exit(128 + constants.signals[signal]);
  });
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) console.log(helpText());
  else process.exitCode = await main(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`bench: ${error.message}\nTry --help.`);
  process.exitCode = 2;
}

/** Runs what was asked for and returns the exit code: 1 when a system failed. */
async function main(options: Options): Promise<number> {
  const chosen = CASES.filter((bench) => options.filter.test(bench.name));
  if (chosen.length === 0) {
    const names = CASES.map((bench) => bench.name).join(', ');
    throw new UsageError(`--filter: no case matches ${options.filter}; there are ${names}`);
  }
  if (options.json !== undefined) checkWritable(options.json);

  const machine = describeMachine();
  console.log(`${formatMachine(machine)}\n`);
  const cases = chosen.filter(reportSkipped);
  progress.start(cases.reduce((steps, bench) => steps + presentSystems(bench).length * options.runs, 0));
  const outcomes: CaseOutcome[] = [];
  for (const bench of cases) {
    const outcome = await runCase(bench, { ...options, progress });
    progress.clear();
    console.log(formatCase(bench, outcome));
    outcomes.push(outcome);
  }
  if (options.json !== undefined) writeJson(options.json, machine, outcomes);

  const failures = outcomes.flatMap((outcome) => outcome.failures);
  for (const { case: name, system, error } of failures) {
    console.error(`bench: ${name}, ${system}: ${error.message}`);
  }
  return failures.length > 0 ? 1 : 0;
}

/** Says what cannot be measured here, each system once. False when it is the whole case. */
function reportSkipped(bench: BenchCase, index: number, all: readonly BenchCase[]): boolean {
  const reason = bench.unavailable?.();
  if (reason !== undefined) {
    console.log(`${bench.name} skipped: ${reason}\n`);
    return false;
  }
  const seen = new Set(all.slice(0, index).flatMap((earlier) => earlier.systems));
  for (const system of bench.systems) {
    const lack = seen.has(system) ? undefined : missing(system);
    if (lack !== undefined) console.log(`${system} skipped: ${lack}\n`);
  }
  return true;
}

/** Better to know before the runs than after them. */
function checkWritable(file: string): void {
  try {
    closeSync(openSync(file, 'a'));
  } catch (error) {
    throw new UsageError(`--json: cannot write '${file}': ${(error as Error).message}`);
  }
}

function helpText(): string {
  const width = Math.max(...CASES.map((bench) => bench.name.length));
  const cases = CASES.map((bench) => `  ${bench.name.padEnd(width)}   ${bench.about}`);
  return `npm run --silent bench -- [--filter REGEX] [--runs N] [--json FILE]

Measures Modwire beside other systems on this machine. Systems that are not installed are skipped by name.

${FLAGS}

Cases:
${cases.join('\n')}`;
}
