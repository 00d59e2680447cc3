import { ModwireError, toModwireError } from '../errors.js';
import type { WorkerAnswer } from './worker-task.js';

/** A thrown value as data that may cross the thread. */
export function failureOf(thrown: unknown): WorkerAnswer {
  const { code, detail } = toModwireError(thrown);
  // What caused it may be anything, also what cannot be cloned.
  const { cause: _, ...plain } = detail;
  return { ok: false, code, detail: plain };
}

/** The value of an answer; throws the error that it carries. */
export function answerValue(answer: WorkerAnswer): unknown {
  if (answer.ok) return answer.value;
  throw new ModwireError(answer.code, answer.detail);
}

export function queueFull(bound: number): ModwireError {
  return new ModwireError('RESOURCE_EXHAUSTED', {
    what: 'the worker pool has too many tasks',
    expected: `at most ${bound}`,
    advice: 'try again later, or raise limits.maxWorkerTasks',
  });
}

export function poolClosed(): ModwireError {
  return new ModwireError('UNAVAILABLE', { what: 'the worker pool is closed' });
}

export function taskTooLong(kind: string, taskMs: number): ModwireError {
  return new ModwireError('DEADLINE_EXCEEDED', {
    what: `a task of the worker pool took too long: ${kind}`,
    expected: `at most ${taskMs} ms`,
  });
}

export function workerDied(kind: string, cause: unknown): ModwireError {
  const got = cause instanceof Error ? cause.message : String(cause);
  return new ModwireError('INTERNAL', { what: `a worker died: ${kind}`, got, cause });
}
