import { ERRORS, type ErrorCode, type ModwireError } from '../errors.js';
import { type Counts, countsOf } from './counts.js';
import type { RunResult } from './pipeline.js';
import { problemsOf } from './problems.js';

/** The account of a whole run; `--json` prints it. */
export interface Summary extends Counts {
  /** Every request has its outcome, every frame is accounted for, none is lost, and nothing failed. */
  readonly ok: boolean;
  readonly exitCode: number;
  /** What is wrong, most telling first. */
  readonly problems: readonly string[];
}

/** Holds all counts of a run that has ended against each other. */
export function summarize(result: RunResult): Summary {
  const counts = countsOf(result);
  const problems = problemsOf(counts, result);
  const code = exitCode(problems.length > 0, result.failure, result.interrupted);
  return { ok: problems.length === 0, exitCode: code, ...counts, problems };
}

/** Failures of the kind that the user can mend keep their own code; a loss is a defect. */
function exitCode(wrong: boolean, failure: ModwireError | undefined, interrupted: boolean): number {
  const code: ErrorCode | undefined = failure?.code ?? (wrong ? 'INTERNAL' : undefined);
  if (code !== undefined) return ERRORS[code].exitCode;
  return interrupted ? ERRORS.CANCELLED.exitCode : 0;
}
