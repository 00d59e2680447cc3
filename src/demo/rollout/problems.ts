import type { RolloutCounts } from './counts.js';
import type { RolloutDemoOptions } from './options.js';
import type { RolloutResult } from './rollout-run.js';
import { STEPS } from './scene.js';

/** A share that is further from the plan is no chance: less than one run in a thousand has one. Standard deviations. */
const MAX_SIGMAS = 4.5;

/** Standard deviations say little of fewer draws than make one expect so many of either version. */
const MIN_EXPECTED = 10;

/** Every promise that a run did not keep, in words. */
export function problemsOf(
  counts: RolloutCounts,
  { failure, problems, interrupted, left, details }: RolloutResult,
  { failing }: RolloutDemoOptions,
): string[] {
  const { open, failed, failedElsewhere, duplicates, elsewhere, wentBack, status } = counts;
  const found = failure === undefined ? [] : [`${failure.code}: ${failure.message}`];
  const failures = Object.values(failed).reduce((sum, count) => sum + count, 0);
  if (failing) {
    if (failedElsewhere > 0)
      found.push(`${counted(failedElsewhere, 'request')} failed besides those for the new version`);
  } else if (failures > 0) {
    found.push(`${counted(failures, 'request')} failed: ${Object.keys(failed).join(', ')}`);
  }
  if (open > 0) found.push(`${counted(open, 'request')} without an outcome`);
  if (duplicates > 0) found.push(`${counted(duplicates, 'request')} processed twice`);
  if (elsewhere > 0)
    found.push(`${counted(elsewhere, 'request')} at a version that the key does not belong to`);
  if (!failing && wentBack > 0)
    found.push(`${counted(wentBack, 'user')} met the old version after the new one`);
  found.push(...shareProblems(counts), ...problems);
  if (failure !== undefined || interrupted) return found;
  const expected = failing ? 'rolled-back' : 'completed';
  if (status !== expected) found.push(`the rollout ended ${status} instead of ${expected}`);
  if (details !== undefined && details.history.length !== counts.events.length) {
    found.push(`${details.history.length} events happened and ${counts.events.length} were told`);
  }
  if (left === undefined || left.madeAfter === 0)
    found.push('no request was made after the workers had gone');
  const { rollbackMs = 0, windowMs } = counts;
  if (failing && rollbackMs > windowMs) {
    found.push(`it took ${rollbackMs} ms to roll back: more than the window of ${windowMs} ms`);
  }
  if (!failing && counts.steps.length !== STEPS.length + 2) {
    found.push(`${counts.steps.length - 2} steps instead of ${STEPS.length}`);
  }
  return found;
}

function shareProblems({ steps }: RolloutCounts): string[] {
  return steps.flatMap(({ name, planned, requests, candidate, sigmas = 0 }) => {
    const rarer = (requests * Math.min(planned, 100 - planned)) / 100;
    if (rarer < MIN_EXPECTED || Math.abs(sigmas) <= MAX_SIGMAS) return [];
    return [
      `${name}: ${candidate} of ${requests} requests went to the new version, ${sigmas.toFixed(1)} σ beside ${planned} %`,
    ];
  });
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
