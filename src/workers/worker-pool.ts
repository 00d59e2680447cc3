import { Piscina } from 'piscina';
import type { Violation } from '../codec/verify-rule.js';
import type { CompatibilityReport } from '../contracts/compatibility.js';
import type { CompiledSchema } from '../contracts/compile-schema.js';
import type { Program } from '../contracts/program.js';
import { type ModwireError, toModwireError } from '../errors.js';
import type { ComparisonOptions, MirroredOutcome } from '../mirroring/compare-replies.js';
import type { ReplyComparison } from '../mirroring/difference.js';
import type { InferBody, InferCall, ModelName, OutputForm } from '../open-inference/infer-body.js';
import type { HeavyWork, SchemaRoot } from './heavy-work.js';
import { PendingTask } from './pending-task.js';
import { shareProgram, shareSchema } from './shared-values.js';
import { answerValue, poolClosed, queueFull, taskTooLong, workerDied } from './worker-errors.js';
import { workerFile } from './worker-file.js';
import type { PostedTask, SharedOutcome, SharedRoot, WorkerAnswer, WorkerTask } from './worker-task.js';

export interface WorkerPoolOptions {
  readonly threads: number;
  /** Tasks that wait for a worker or run. Another one is refused with RESOURCE_EXHAUSTED. */
  readonly maxQueue: number;
  /** From a task's start in its worker on. */
  readonly taskMs: number;
  /**
   * Heap of one worker. Where it ends, V8 ends the whole process more often than one thread: what is read of a task onto
   * the heap is bounded so that no task needs more than the least that the limit of this name may be.
   */
  readonly maxWorkerBytes: number;
}

export interface WorkerPoolStats {
  /** Alive at present; none before the first task and after a while without any. */
  readonly threads: number;
  readonly running: number;
  readonly waiting: number;
  /** Since the start: tasks that ended with a value or with the error of their input. */
  readonly completed: number;
  /** Since the start: tasks that took too long or whose worker died. */
  readonly lost: number;
  /** Since the start: tasks refused because of maxQueue. */
  readonly refused: number;
}

export interface WorkerPool extends HeavyWork {
  stats(): WorkerPoolStats;
  /** Ends all threads at once; what waits or runs is rejected with UNAVAILABLE. */
  close(): Promise<void>;
}

/** A worker without a task for this long ends. */
const IDLE_MS = 60_000;
/** How much more readily threads of the pool give way than the event loop. */
const NICE_INCREMENT = 10;
const MIB = 1024 * 1024;
/** Of the heap of a worker, for objects that live short. */
const YOUNG_SHARE = 8;
const MOST_YOUNG_MIB = 32;

/** Starts a pool. Its threads start with the tasks that need them. */
export function startWorkerPool(options: WorkerPoolOptions): WorkerPool {
  return new PiscinaPool(options);
}

class PiscinaPool implements WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #piscina: Piscina;
  readonly #clocks: Float64Array;
  readonly #freeSlots: number[];
  readonly #waiting: PendingTask[] = [];
  readonly #running = new Set<PendingTask>();
  #completed = 0;
  #lost = 0;
  #refused = 0;
  #closed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    const { threads, maxWorkerBytes } = options;
    const heapMib = Math.max(1, Math.floor(maxWorkerBytes / MIB));
    const youngMib = Math.max(1, Math.min(MOST_YOUNG_MIB, Math.floor(heapMib / YOUNG_SHARE)));
    this.#clocks = new Float64Array(new SharedArrayBuffer(8 * threads));
    this.#freeSlots = Array.from({ length: threads }, (_, slot) => slot);
    this.#piscina = new Piscina({
      filename: workerFile(),
      minThreads: 0,
      maxThreads: threads,
      // Never asked for more than one task a thread: what waits does so here, where its place is certain.
      concurrentTasksPerWorker: 1,
      idleTimeout: IDLE_MS,
      recordTiming: false,
      // Where all cores are busy the event loop goes first.
      niceIncrement: process.platform === 'linux' ? NICE_INCREMENT : 0,
      workerData: { clocks: this.#clocks },
      resourceLimits: {
        maxOldGenerationSizeMb: Math.max(1, heapMib - youngMib),
        maxYoungGenerationSizeMb: youngMib,
      },
    });
    this.#piscina.on('error', (error: unknown) => this.#workerLost(error));
  }

  async verify(
    program: Program,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Promise<{ readonly bytes: Uint8Array; readonly violation: Violation | undefined }> {
    const own = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
    const task = {
      kind: 'verify',
      program: shareProgram(program),
      bytes: own ? bytes : bytes.slice(),
      start,
      end,
    } as const;
    return (await this.#run(task, [task.bytes.buffer as ArrayBuffer])) as {
      bytes: Uint8Array;
      violation: Violation | undefined;
    };
  }

  async compile(bfbs: Uint8Array, root: string | undefined): Promise<CompiledSchema> {
    return (await this.#run({ kind: 'compile', bfbs, root })) as CompiledSchema;
  }

  async compare(before: SchemaRoot, after: SchemaRoot): Promise<CompatibilityReport> {
    const task = { kind: 'compare', before: share(before), after: share(after) } as const;
    return (await this.#run(task)) as CompatibilityReport;
  }

  async fromJson(target: SchemaRoot, json: Uint8Array): Promise<Uint8Array> {
    return (await this.#run({ kind: 'fromJson', target: share(target), json })) as Uint8Array;
  }

  async toJson(source: SchemaRoot & { readonly program: Program }, payload: Uint8Array): Promise<Uint8Array> {
    const program = shareProgram(source.program);
    return (await this.#run({ kind: 'toJson', source: share(source), program, payload })) as Uint8Array;
  }

  async inferRequest(body: InferBody, model: ModelName): Promise<InferCall> {
    return (await this.#run({ kind: 'inferRequest', body, model })) as InferCall;
  }

  async inferResponse(payload: Uint8Array, form: OutputForm): Promise<InferBody> {
    return (await this.#run({ kind: 'inferResponse', payload, form })) as InferBody;
  }

  async compareReplies(
    primary: MirroredOutcome,
    shadow: MirroredOutcome,
    options: ComparisonOptions,
  ): Promise<ReplyComparison> {
    const task = {
      ...({ kind: 'compareReplies', options } as const),
      ...{ primary: shareOutcome(primary), shadow: shareOutcome(shadow) },
    };
    const payloads = [...primary.replies, ...shadow.replies].map(
      ({ payload }) => payload.buffer as ArrayBuffer,
    );
    return (await this.#run(task, payloads)) as ReplyComparison;
  }

  stats(): WorkerPoolStats {
    return {
      threads: this.#piscina.threads.length,
      running: this.#running.size,
      waiting: this.#waiting.length,
      completed: this.#completed,
      lost: this.#lost,
      refused: this.#refused,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const task of this.#waiting.splice(0)) task.reject(poolClosed());
    for (const task of this.#running) task.abandon(poolClosed());
    await this.#piscina.destroy();
  }

  #run(task: WorkerTask, transfer: readonly ArrayBuffer[] = []): Promise<unknown> {
    const { maxQueue } = this.#options;
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(poolClosed());
      if (this.#waiting.length + this.#running.size >= maxQueue) {
        this.#refused++;
        return reject(queueFull(maxQueue));
      }
      this.#waiting.push(new PendingTask(task, transfer, resolve, reject));
      this.#start();
    });
  }

  /** Hands tasks over for as long as there are threads. */
  #start(): void {
    const { taskMs } = this.#options;
    while (this.#freeSlots.length > 0 && this.#waiting.length > 0) {
      const task = this.#waiting.shift()!;
      this.#running.add(task);
      task.begin(this.#freeSlots.pop()!, this.#clocks, taskMs, () =>
        this.#lose(task, taskTooLong(task.task.kind, taskMs)),
      );
      void this.#post(task);
    }
  }

  async #post(pending: PendingTask): Promise<void> {
    const { slot, task, signal, transfer } = pending;
    const posted: PostedTask = { slot, task };
    try {
      const answer: WorkerAnswer = await this.#piscina.run(posted, { signal, transferList: [...transfer] });
      this.#completed++;
      try {
        pending.resolve(answerValue(answer));
      } catch (thrown) {
        pending.reject(toModwireError(thrown));
      }
    } catch (thrown) {
      // Whoever abandoned it has said why.
      if (!pending.settled) {
        this.#lost++;
        pending.reject(workerDied(task.kind, thrown));
      }
    }
    this.#running.delete(pending);
    this.#freeSlots.push(slot);
    this.#start();
  }

  #lose(task: PendingTask, error: ModwireError): void {
    this.#lost++;
    task.abandon(error);
  }

  /** A thread has died without a task of its own: while it started. One of those that wait for a thread is left over. */
  #workerLost(error: unknown): void {
    const left = [...this.#running].findLast(({ begun, settled }) => !begun && !settled);
    if (left !== undefined) this.#lose(left, workerDied(left.task.kind, error));
  }
}

function shareOutcome({ error, replies }: MirroredOutcome): SharedOutcome {
  const shared = replies.map(({ schema, ...reply }) => ({
    ...reply,
    schema: schema && { ...share(schema), program: shareProgram(schema.program) },
  }));
  return { error, replies: shared };
}

function share({ schema, root }: SchemaRoot): SharedRoot {
  return { schema: shareSchema(schema), root };
}
