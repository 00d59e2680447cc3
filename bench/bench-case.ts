import type { ProcessGroup } from './process-group.js';

/** What is measured, and which way is better: a ratio is above 1 when `of` is better. */
export interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
}

/** One reading for every metric of the case, by the metric's name. */
export type Readings = Readonly<Record<string, number>>;

/** What a run may use. */
export interface RunContext {
  /** Everything started in it ends with the run, also when the run fails. */
  readonly processes: ProcessGroup;
  /** How long to run before measuring. Milliseconds. */
  readonly warmupMs: number;
  /** How long to measure. Milliseconds. */
  readonly windowMs: number;
}

/**
 * A benchmark. A new one is an object of this kind in cases/index.ts: the runner takes care of interleaving,
 * statistics, printing and cleaning up.
 */
export interface BenchCase {
  readonly name: string;
  /** One sentence for the table and `--help`. */
  readonly about: string;
  readonly metrics: readonly Metric[];
  /** In the order of the table. Ratios are of OURS to each of the others. */
  readonly systems: readonly string[];
  /** Least ratio aimed at, by the other system's name, for the first metric. */
  readonly targets?: Readonly<Record<string, number>>;
  /** Largest reading aimed at, by the metric's name, for OURS; for metrics where less is better. */
  readonly ceilings?: Readonly<Record<string, number>>;
  /** The system that does as little as possible and so shows what could be reached at best. */
  readonly limit?: string;
  /** Why the case cannot run on this machine; undefined when it can. */
  unavailable?(): string | undefined;
  /** Measures one system once. Throws when the figures would be void, such as when messages were lost. */
  run(system: string, context: RunContext): Promise<Readings>;
}

/** The system that ratios are of. */
export const OURS = 'modwire';
