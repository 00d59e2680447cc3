import { workerData } from 'node:worker_threads';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { type HeavyResult, HeavyTasks } from './heavy-tasks.js';
import { failureOf } from './worker-errors.js';
import { monotonicMs, type PostedTask, type WorkerAnswer, type WorkerSetup } from './worker-task.js';

// What each thread of the pool runs.
const { clocks } = workerData as WorkerSetup;
const tasks = new HeavyTasks();

export default function run({ slot, task }: PostedTask): unknown {
  clocks[slot] = monotonicMs();
  let result: HeavyResult;
  try {
    result = tasks.run(task);
  } catch (thrown) {
    return failureOf(thrown);
  }
  const answer: WorkerAnswer = { ok: true, value: result.value };
  return move({ [transferableSymbol]: result.transfer, [valueSymbol]: answer } as Parameters<typeof move>[0]);
}
