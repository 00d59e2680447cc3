import { type BenchCase, OURS, type Readings, type RunContext } from './bench-case.js';
import { ProcessGroup } from './process-group.js';
import type { Progress } from './progress.js';
import { missing } from './requirements.js';
import { pairRatios, type Summary, summarize } from './statistics.js';

export interface Result extends Summary {
  readonly case: string;
  readonly system: string;
  readonly metric: string;
  readonly unit: string;
  readonly runs: number;
}

/** How many times better `of` is than `to`. */
export interface Ratio extends Summary {
  readonly case: string;
  readonly metric: string;
  readonly of: string;
  readonly to: string;
}

/** A system whose figures in a case are void. */
export interface Failure {
  readonly case: string;
  readonly system: string;
  readonly error: Error;
}

export interface CaseOutcome {
  readonly results: readonly Result[];
  readonly ratios: readonly Ratio[];
  readonly failures: readonly Failure[];
}

export interface RunOptions {
  readonly runs: number;
  readonly warmupMs: number;
  readonly windowMs: number;
  readonly progress: Progress;
}

/** The systems of a case that can be measured on this machine. */
export function presentSystems(bench: BenchCase): string[] {
  return bench.systems.filter((system) => missing(system) === undefined);
}

/**
 * Measures every system of a case `runs` times, round after round: A B C, B C A, C A B. What changes on the machine
 * meanwhile meets all of them, and none is always first.
 */
export async function runCase(bench: BenchCase, options: RunOptions): Promise<CaseOutcome> {
  const systems = presentSystems(bench);
  const readings = new Map<string, Readings[]>(systems.map((system) => [system, []]));
  const failures: Failure[] = [];
  for (let round = 0; round < options.runs; round++) {
    for (let place = 0; place < systems.length; place++) {
      const system = systems[(round + place) % systems.length]!;
      options.progress.step(`${bench.name}: ${system}, run ${round + 1} of ${options.runs}`);
      // One void run voids the system: what is left would be a choice of the good ones.
      if (failures.some((failure) => failure.system === system)) continue;
      try {
        readings.get(system)!.push(await runOnce(bench, system, options));
      } catch (thrown) {
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        failures.push({ case: bench.name, system, error });
        readings.delete(system);
      }
    }
  }
  return { results: resultsOf(bench, readings), ratios: ratiosOf(bench, readings), failures };
}

async function runOnce(bench: BenchCase, system: string, options: RunOptions): Promise<Readings> {
  const processes = new ProcessGroup();
  const context: RunContext = { processes, warmupMs: options.warmupMs, windowMs: options.windowMs };
  try {
    return await Promise.race([bench.run(system, context), processes.failure]);
  } finally {
    await processes.close();
  }
}

function resultsOf(bench: BenchCase, readings: ReadonlyMap<string, readonly Readings[]>): Result[] {
  const results: Result[] = [];
  for (const [system, runs] of readings) {
    for (const { name, unit } of bench.metrics) {
      const values = runs.map((run) => readingOf(run, name));
      results.push({
        case: bench.name,
        system,
        metric: name,
        unit,
        ...summarize(values),
        runs: values.length,
      });
    }
  }
  return results;
}

function ratiosOf(bench: BenchCase, readings: ReadonlyMap<string, readonly Readings[]>): Ratio[] {
  const ours = readings.get(OURS);
  if (ours === undefined) return [];
  const ratios: Ratio[] = [];
  for (const [system, theirs] of readings) {
    if (system === OURS) continue;
    for (const { name, better } of bench.metrics) {
      const [a, b] = [ours, theirs].map((runs) => runs.map((run) => readingOf(run, name)));
      // Of nothing there is no multiple.
      if (a!.includes(0) || b!.includes(0)) continue;
      const pairs = pairRatios(a!, b!, better);
      ratios.push({ case: bench.name, metric: name, of: OURS, to: system, ...summarize(pairs) });
    }
  }
  return ratios;
}

function readingOf(run: Readings, metric: string): number {
  const value = run[metric];
  if (value === undefined) throw new Error(`the case gave no reading for its metric '${metric}'`);
  return value;
}
