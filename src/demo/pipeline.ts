import { ModwireError, toModwireError } from '../errors.js';
import type {
  BrokerCommands,
  Commands,
  FeaturesCommands,
  FeedbackCommands,
  GatewayCommands,
  GatewayPlan,
  ScorerCommands,
} from './commands.js';
import type { DemoProcess } from './demo-process.js';
import type { BrokerFigures, Figures } from './figures.js';
import { endedError, ProcessGroup } from './process-group.js';
import { FEATURES, FEEDBACK, GATEWAY, type ProcessName, SCORERS, VERSIONS } from './stages.js';
import { unlessAborted } from './unless-aborted.js';

export type Phase = 'starting' | 'running' | 'draining' | 'ended';

/** What is known at one moment: every process's last word. */
export interface Snapshot {
  readonly phase: Phase;
  /** Since the first request was due, until the last one was sent. Seconds. */
  readonly seconds: number;
  readonly brokerUrl: string;
  /** Empty until the broker has started. */
  readonly transport: string;
  readonly broker: BrokerFigures | undefined;
  readonly figures: Readonly<Partial<Record<ProcessName, Figures>>>;
}

/** How a run went. */
export interface RunResult extends Snapshot {
  /** Why it ended early; undefined when it did not. */
  readonly failure: ModwireError | undefined;
  /** Asked to stop before all requests were sent. */
  readonly interrupted: boolean;
  /** Processes that ended early: what is known of them is what they said last. */
  readonly dead: readonly string[];
  /** What processes wrote to their standard error. */
  readonly outputs: ReadonlyArray<{ readonly name: string; readonly output: string }>;
}

export type PipelinePlan = Omit<GatewayPlan, 'url'>;

/** Time to start, for all processes together. Milliseconds. */
const START_MS = 20_000;
/** Time for each stage to take what is under way. Milliseconds. */
const DRAIN_MS = 60_000;
/** The same after a failure, when only the figures are still wanted. Milliseconds. */
const SALVAGE_MS = 5_000;
/** Past the end of the schedule, a gateway that sends nothing for this long hangs. Milliseconds. */
const STALL_MS = 15_000;

/** One run of the demo: its processes, from their start to their end. */
export class Pipeline {
  readonly #plan: PipelinePlan;
  readonly #group: ProcessGroup;
  readonly #broker: DemoProcess<BrokerCommands>;
  readonly #gateway: DemoProcess<GatewayCommands>;
  readonly #features: DemoProcess<FeaturesCommands>;
  readonly #scorers: ReadonlyArray<DemoProcess<ScorerCommands>>;
  readonly #feedback: DemoProcess<FeedbackCommands>;
  readonly #figures: Partial<Record<ProcessName, Figures>> = {};
  readonly #broken = new AbortController();
  #brokerFigures: BrokerFigures | undefined;
  #address = { url: '', transport: '' };
  #phase: Phase = 'starting';
  #startedAt = 0;
  #seconds: number | undefined;

  /** Starts the processes. */
  constructor(plan: PipelinePlan) {
    this.#plan = plan;
    this.#group = new ProcessGroup((end) => this.#broken.abort(endedError(end)));
    this.#broker = this.#group.start('broker', 'broker', (figures) => {
      this.#brokerFigures = figures as BrokerFigures;
    });
    this.#gateway = this.#start(GATEWAY, 'gateway');
    this.#features = this.#start(FEATURES, 'features');
    this.#scorers = SCORERS.map((name) => this.#start<ScorerCommands>(name, 'scorer'));
    this.#feedback = this.#start(FEEDBACK, 'feedback');
  }

  get snapshot(): Snapshot {
    const sinceStart = this.#startedAt === 0 ? 0 : (performance.now() - this.#startedAt) / 1000;
    return {
      phase: this.#phase,
      seconds: this.#seconds ?? sinceStart,
      brokerUrl: this.#address.url,
      transport: this.#address.transport,
      broker: this.#brokerFigures,
      figures: { ...this.#figures },
    };
  }

  /**
   * Runs to the end and resolves when no process is left, also after failures: those are in the result. `stop` ends
   * the schedule, and what is under way is still accounted for; `abandon` ends everything at once.
   */
  async run(stop: AbortSignal, abandon: AbortSignal): Promise<RunResult> {
    let failure: ModwireError | undefined;
    const onAbandon = () => this.#broken.abort(new ModwireError('CANCELLED', 'ended before it was drained'));
    abandon.addEventListener('abort', onAbandon, { once: true });
    try {
      await this.#unlessBroken(this.#connect());
      if (!stop.aborted) await this.#unlessBroken(this.#send(stop));
      this.#phase = 'draining';
      await this.#unlessBroken(this.#drain(DRAIN_MS));
    } catch (thrown) {
      failure = toModwireError(thrown);
      if (!abandon.aborted && this.#broker.running && this.#phase !== 'starting') await this.#salvage();
    }
    this.#phase = 'ended';
    abandon.removeEventListener('abort', onAbandon);
    await this.#group.close(failure !== undefined);
    const interrupted = stop.aborted;
    const { lost, outputs } = this.#group;
    return { ...this.snapshot, failure, interrupted, dead: lost, outputs };
  }

  #start<C extends Commands<C>>(name: ProcessName, program: string): DemoProcess<C> {
    return this.#group.start<C>(name, program, (figures) => {
      this.#figures[name] = figures as Figures;
    });
  }

  /** Who makes requests last: until then there is nobody to answer them, and nobody to take what is published. */
  async #connect(): Promise<void> {
    this.#address = await this.#broker.call('start', undefined, START_MS);
    const { url } = this.#address;
    await Promise.all([
      ...this.#scorers.map((scorer, index) =>
        scorer.call('connect', { url, version: VERSIONS[index]! }, START_MS),
      ),
      this.#features.call('connect', { url }, START_MS),
      this.#feedback.call('connect', { url }, START_MS),
      this.#gateway.call('connect', { ...this.#plan, url }, START_MS),
    ]);
  }

  async #send(stop: AbortSignal): Promise<void> {
    this.#phase = 'running';
    this.#startedAt = performance.now();
    const onStop = () => void this.#gateway.call('stop', undefined, DRAIN_MS).catch(() => undefined);
    stop.addEventListener('abort', onStop, { once: true });
    const endWatch = this.#watchForStall();
    try {
      this.#seconds = await this.#gateway.call('run', undefined);
    } finally {
      this.#seconds ??= (performance.now() - this.#startedAt) / 1000;
      endWatch();
      stop.removeEventListener('abort', onStop);
    }
  }

  /** When all requests have their outcome, each process in its turn takes what was sent, and gives its last figures. */
  async #drain(timeoutMs: number): Promise<void> {
    await this.#gateway.call('settle', undefined, timeoutMs);
    await this.#drainOne(FEATURES, this.#features, timeoutMs);
    await Promise.all(
      this.#scorers.map((scorer, index) => this.#drainOne(SCORERS[index]!, scorer, timeoutMs)),
    );
    await this.#drainOne(FEEDBACK, this.#feedback, timeoutMs);
    await this.#drainOne(GATEWAY, this.#gateway, timeoutMs);
    this.#brokerFigures = await this.#broker.call('drain', undefined, timeoutMs);
  }

  async #drainOne(
    name: ProcessName,
    process: DemoProcess<FeaturesCommands | ScorerCommands | FeedbackCommands | GatewayCommands>,
    timeoutMs: number,
  ): Promise<void> {
    this.#figures[name] = await process.call('drain', undefined, timeoutMs);
  }

  /** After a failure: the last figures of those that can still give them, so that it shows what was lost where. */
  async #salvage(): Promise<void> {
    this.#phase = 'draining';
    const attempt = (work: Promise<unknown>) => work.catch(() => undefined);
    await attempt(this.#gateway.call('stop', undefined, SALVAGE_MS));
    await attempt(this.#gateway.call('settle', undefined, SALVAGE_MS));
    await attempt(this.#drainOne(FEATURES, this.#features, SALVAGE_MS));
    await Promise.all(
      this.#scorers.map((scorer, index) => attempt(this.#drainOne(SCORERS[index]!, scorer, SALVAGE_MS))),
    );
    await attempt(this.#drainOne(FEEDBACK, this.#feedback, SALVAGE_MS));
    await attempt(this.#drainOne(GATEWAY, this.#gateway, SALVAGE_MS));
  }

  /** Rejects as soon as a process ends that should not, or the run is abandoned. */
  #unlessBroken<T>(work: Promise<T>): Promise<T> {
    return unlessAborted(this.#broken.signal, work);
  }

  #watchForStall(): () => void {
    let sent = 0;
    let progressAt = performance.now() + this.#plan.durationSeconds * 1000;
    const timer = setInterval(() => {
      const now = performance.now();
      const current = this.#figures[GATEWAY]?.requests?.sent ?? 0;
      if (current !== sent) progressAt = Math.max(progressAt, now);
      sent = current;
      if (now - progressAt > STALL_MS) this.#broken.abort(stalledError(sent));
    }, 1_000);
    return () => clearInterval(timer);
  }
}

function stalledError(sent: number): ModwireError {
  return new ModwireError('DEADLINE_EXCEEDED', {
    what: 'the gateway hangs',
    expected: `a request sent within ${STALL_MS} ms`,
    got: `none after the first ${sent}`,
  });
}
