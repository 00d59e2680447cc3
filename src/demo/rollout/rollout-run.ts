import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RolloutDetails } from '../../broker/rollouts/rollout-info.js';
import { ModwireError, toModwireError } from '../../errors.js';
import type { Experiment } from '../../routing/experiments/experiment.js';
import type { BrokerCommands } from '../commands.js';
import type { DemoProcess } from '../demo-process.js';
import { endedError, ProcessGroup } from '../process-group.js';
import { unlessAborted } from '../unless-aborted.js';
import { BrokerOverHttp } from './broker-over-http.js';
import type { CallerCommands, CallerFigures, EndedRequest, HeardEvent, WorkerCommands } from './commands.js';
import type { RolloutDemoOptions } from './options.js';
import { CALM_MS, planOf, REQUEST_MS, type Side, VERSIONS, WORKERS } from './scene.js';

const START_MS = 30_000;
/** For processes to end what is under way. Milliseconds. */
const DRAIN_MS = REQUEST_MS + 15_000;
const POLL_MS = 200;
/** A rollout that takes so much longer than planned is stuck. Milliseconds. */
const STUCK_MS = 60_000;

/** What is known of a run at one moment. */
export interface RolloutSnapshot {
  readonly phase: 'starting' | 'before' | 'moving' | 'after' | 'draining';
  readonly details: RolloutDetails | undefined;
  readonly ended: readonly EndedRequest[];
  readonly heard: readonly HeardEvent[];
}

/** How a run went. Times are of the wall clock, in milliseconds. */
export interface RolloutResult extends RolloutSnapshot {
  readonly experiment: Experiment | undefined;
  readonly startedAt: number;
  readonly stoppedAt: number;
  readonly candidateReadyAt: number;
  readonly made: number;
  readonly retries: number;
  /** Numbers of requests, each as often as it was processed. */
  readonly processed: readonly number[];
  /** Version whose workers were drained and stopped while requests went on, and how many were made afterwards. */
  readonly left: { readonly side: Side; readonly madeAfter: number } | undefined;
  /** What processes met that nobody should. */
  readonly problems: readonly string[];
  /** What processes wrote to their standard error. */
  readonly outputs: ReadonlyArray<{ readonly name: string; readonly output: string }>;
  readonly failure: ModwireError | undefined;
  readonly interrupted: boolean;
}

/** One run of the rollout's demo: its processes, from their start to their end. */
export class RolloutRun {
  readonly #options: RolloutDemoOptions;
  readonly #group: ProcessGroup;
  readonly #broken = new AbortController();
  readonly #broker: DemoProcess<BrokerCommands>;
  readonly #caller: DemoProcess<CallerCommands>;
  readonly #workers: Readonly<Record<Side, ReadonlyArray<DemoProcess<WorkerCommands>>>>;
  readonly #ended: EndedRequest[] = [];
  readonly #heard: HeardEvent[] = [];
  readonly #problems: string[] = [];
  readonly #processed: number[] = [];
  #phase: RolloutSnapshot['phase'] = 'starting';
  #details: RolloutDetails | undefined;
  #experiment: Experiment | undefined;
  #made = 0;
  #retries = 0;
  #startedAt = 0;
  #stoppedAt = 0;
  #candidateReadyAt = 0;
  #left: { side: Side; madeBefore: number } | undefined;

  /** Starts the processes. */
  constructor(options: RolloutDemoOptions) {
    this.#options = options;
    this.#group = new ProcessGroup((end) => this.#broken.abort(endedError(end)));
    const start = (side: Side) =>
      Array.from({ length: WORKERS }, (_, index) =>
        this.#group.start<WorkerCommands>(nameOf(side, index), 'rollout/worker', () => undefined),
      );
    this.#broker = this.#group.start('broker', 'broker', () => undefined);
    this.#workers = { stable: start('stable'), candidate: start('candidate') };
    this.#caller = this.#group.start('caller', 'rollout/caller', (figures) =>
      this.#take(figures as CallerFigures),
    );
  }

  get snapshot(): RolloutSnapshot {
    return { phase: this.#phase, details: this.#details, ended: this.#ended, heard: this.#heard };
  }

  /** Runs to the end and resolves when no process is left. `stop` ends it in order, `abandon` at once. */
  async run(stop: AbortSignal, abandon: AbortSignal): Promise<RolloutResult> {
    const dataDir = await mkdtemp(join(tmpdir(), 'modwire-demo-'));
    const onAbandon = () => this.#broken.abort(new ModwireError('CANCELLED', 'ended before it was drained'));
    abandon.addEventListener('abort', onAbandon, { once: true });
    let failure: ModwireError | undefined;
    try {
      await unlessAborted(this.#broken.signal, this.#course(dataDir, stop));
    } catch (thrown) {
      failure = toModwireError(thrown);
    }
    abandon.removeEventListener('abort', onAbandon);
    await this.#group.close(failure !== undefined);
    await rm(dataDir, { recursive: true, force: true });
    const left = this.#left && { side: this.#left.side, madeAfter: this.#made - this.#left.madeBefore };
    return {
      ...this.snapshot,
      ...{ experiment: this.#experiment, startedAt: this.#startedAt, stoppedAt: this.#stoppedAt },
      ...{ candidateReadyAt: this.#candidateReadyAt, made: this.#made, retries: this.#retries },
      ...{ processed: this.#processed, left, problems: this.#problems, failure, interrupted: stop.aborted },
      outputs: this.#group.outputs,
    };
  }

  async #course(dataDir: string, stop: AbortSignal): Promise<void> {
    const { rate, seed } = this.#options;
    const { url } = await this.#broker.call('start', { dataDir }, START_MS);
    await this.#connect('stable', url);
    await this.#caller.call('connect', { url, rate, seed }, START_MS);
    this.#startedAt = Date.now();
    await this.#caller.call('run', undefined, START_MS);
    this.#phase = 'before';
    await pause(CALM_MS, stop);
    if (!stop.aborted) await this.#move(url, new BrokerOverHttp(url), stop);
    await this.#end();
  }

  async #move(url: string, broker: BrokerOverHttp, stop: AbortSignal): Promise<void> {
    const plan = planOf(this.#options);
    // First: workers of a version that no rollout holds back share the requests like any others.
    this.#details = await broker.start(plan);
    this.#experiment = (await broker.experiment()).experiment;
    this.#phase = 'moving';
    await this.#connect('candidate', url);
    const lastMs = performance.now() + plan.holdMs * plan.steps.length + STUCK_MS;
    while (!stop.aborted && this.#details.mayStop === null) {
      await pause(POLL_MS, stop);
      this.#details = await broker.rollout();
      const { workers } = this.#details.candidate.workers;
      if (this.#candidateReadyAt === 0 && workers === WORKERS) this.#candidateReadyAt = Date.now();
      if (performance.now() > lastMs) throw stuckError(this.#details);
    }
    const side = this.#details.mayStop;
    if (side === null) return;
    await this.#drainWorkers(side);
    this.#left = { side, madeBefore: this.#made };
    this.#phase = 'after';
    this.#details = await broker.rollout();
    await pause(CALM_MS, stop);
  }

  /** Every request has its outcome, then everybody leaves. */
  async #end(): Promise<void> {
    this.#phase = 'draining';
    await this.#caller.call('stop', undefined, DRAIN_MS);
    this.#stoppedAt = Date.now();
    this.#take(await this.#caller.call('drain', undefined, DRAIN_MS));
    const stay = (['stable', 'candidate'] as const).filter((side) => side !== this.#left?.side);
    for (const side of stay) {
      if (side === 'stable' || this.#details !== undefined) await this.#drainWorkers(side);
    }
    const { refused } = await this.#broker.call('drain', undefined, DRAIN_MS);
    if (refused > 0) this.#problems.push(`the broker refused ${refused} frames`);
  }

  async #connect(side: Side, url: string): Promise<void> {
    const failing = side === 'candidate' && this.#options.failing;
    await Promise.all(
      this.#workers[side].map((worker, index) => {
        const plan = { url, name: nameOf(side, index), version: VERSIONS[side], failing };
        return worker.call('connect', plan, START_MS);
      }),
    );
  }

  /** One after the other, as one does it in service: until the process is gone. */
  async #drainWorkers(side: Side): Promise<void> {
    for (const worker of this.#workers[side]) {
      for (const number of await worker.call('drain', undefined, DRAIN_MS)) this.#processed.push(number);
      await this.#group.leave(worker);
    }
  }

  #take({ made, retries, ended, heard, problems }: CallerFigures): void {
    this.#made = made;
    this.#retries = retries;
    for (const one of ended) this.#ended.push(one);
    this.#heard.push(...heard);
    this.#problems.push(...problems);
  }
}

function nameOf(side: Side, index: number): string {
  return `scorer ${VERSIONS[side]} ${index + 1}`;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

function stuckError({ stage, missing }: RolloutDetails): ModwireError {
  return new ModwireError('DEADLINE_EXCEEDED', {
    what: 'the rollout does not go on',
    expected: 'its end within its time',
    got: `${stage}, waiting for ${missing}`,
  });
}
