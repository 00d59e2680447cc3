import type { ModwireError } from '../errors.js';
import { monotonicMs, type WorkerTask } from './worker-task.js';

/** Time for a thread to start before a task counts as never begun. Milliseconds. */
const START_MS = 30_000;

/** A task from when it is asked for until it is settled, which it is once. */
export class PendingTask {
  readonly task: WorkerTask;
  readonly transfer: readonly ArrayBuffer[];
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: ModwireError) => void;
  readonly #abort = new AbortController();
  #slot = -1;
  #clocks: Float64Array | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #settled = false;

  constructor(
    task: WorkerTask,
    transfer: readonly ArrayBuffer[],
    resolve: (value: unknown) => void,
    reject: (error: ModwireError) => void,
  ) {
    this.task = task;
    this.transfer = transfer;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Its worker's entry among the clocks; -1 while it waits. */
  get slot(): number {
    return this.#slot;
  }

  /** Ends the worker that runs it, when it is aborted. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** Whether its worker has begun with it. */
  get begun(): boolean {
    return this.#clocks !== undefined && this.#clocks[this.#slot]! > 0;
  }

  /** It is handed over. `late` is called when its worker has had it for `taskMs`, or never began. */
  begin(slot: number, clocks: Float64Array, taskMs: number, late: () => void): void {
    clocks[slot] = 0;
    this.#slot = slot;
    this.#clocks = clocks;
    const handedOver = monotonicMs();
    const check = () => {
      const began = clocks[slot]!;
      const due = began > 0 ? began + taskMs : handedOver + START_MS + taskMs;
      const left = due - monotonicMs();
      if (left <= 0) late();
      // It may begin at any time: due then is sooner than it looks now.
      else this.#timer = setTimeout(check, Math.ceil(began > 0 ? left : Math.min(left, taskMs)));
    };
    this.#timer = setTimeout(check, taskMs);
  }

  resolve(value: unknown): void {
    if (this.#settle()) this.#resolve(value);
  }

  reject(error: ModwireError): void {
    if (this.#settle()) this.#reject(error);
  }

  /** Rejects, and ends the worker that runs it. */
  abandon(error: ModwireError): void {
    this.reject(error);
    this.#abort.abort();
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    clearTimeout(this.#timer);
    return true;
  }
}
