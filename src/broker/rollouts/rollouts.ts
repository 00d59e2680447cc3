import { filtersOverlap } from '../../codec/subject.js';
import { toModwireError } from '../../errors.js';
import { ChangeQueue } from '../../registry/change-queue.js';
import { ROLLOUT_LIMITS } from '../../routing/rollouts/rollout-limits.js';
import type { RolloutPlan } from '../../routing/rollouts/rollout-plan.js';
import {
  isFinished,
  type RolloutEvent,
  type RolloutState,
  type Transition,
} from '../../routing/rollouts/rollout-state.js';
import { TICK_MS, tickRollout } from '../../routing/rollouts/rollout-tick.js';
import { startRollout } from '../../routing/rollouts/transitions.js';
import type { CallObserver, CallOutcome } from '../calls/call-observer.js';
import type { BrokerCall, WorkerGroup } from '../calls/worker-group.js';
import { exactMs, monotonicMs } from '../clock.js';
import { KnownRollout } from './known-rollout.js';
import type { KeptRollout } from './rollout-file.js';
import {
  detailsOf,
  infoOf,
  type RolloutDetails,
  type RolloutInfo,
  type RolloutSight,
} from './rollout-info.js';
import type { RolloutMeasurements } from './rollout-meter.js';
import * as refusals from './rollout-refusals.js';
import type { WeightSink } from './weight-sink.js';

export interface RolloutsParts {
  readonly file: { write(rollouts: readonly KeptRollout[]): Promise<void> };
  readonly sink: WeightSink;
  /** Who serves what. */
  readonly groups: () => Iterable<WorkerGroup>;
  readonly publish: (event: RolloutEvent) => void;
}

/** What an operator wants of a rollout. Throws what refuses it. */
export type RolloutCommand = (state: RolloutState, nowMs: number) => Transition;

/**
 * Rollouts and what drives them. What takes one further is on disk before it is in force, so that no restart takes it back;
 * what takes one back is in force at once, whatever the disk does.
 */
export class Rollouts implements CallObserver {
  readonly #parts: RolloutsParts;
  /** All that are known, in the order in which they began. */
  readonly #known = new Map<string, KnownRollout>();
  /** Those of them that go on. */
  readonly #running = new Map<string, KnownRollout>();
  readonly #queue = new ChangeQueue('rollouts');
  #sweptAt = 0;
  /** Something is not on disk as it is here. */
  #isUnsaved = false;
  /** Why, when it was tried. */
  #failure: string | undefined;

  /** Goes on with those kept, whose experiments are in force already. */
  constructor(parts: RolloutsParts, kept: readonly KeptRollout[]) {
    this.#parts = parts;
    for (const { state, inForce } of kept) this.#add(new KnownRollout(state, inForce));
  }

  list(): RolloutInfo[] {
    return [...this.#known.values()].map((rollout) => infoOf(this.#sightOf(rollout)));
  }

  /** Throws NOT_FOUND. */
  show(name: string): RolloutDetails {
    return detailsOf(this.#sightOf(this.#find(name)));
  }

  /**
   * Begins a rollout. Rejects with ALREADY_EXISTS for a name that is known, FAILED_PRECONDITION when somebody else has some of
   * its subjects, RESOURCE_EXHAUSTED at a bound; with these three or UNAVAILABLE when the disk refuses it.
   */
  start(plan: RolloutPlan): Promise<RolloutDetails> {
    return this.#queue.run(0, async () => {
      const before = this.#precedingOf(plan);
      const { state, events } = startRollout(plan, Date.now());
      const rollout = new KnownRollout(state, true);
      // First, so that nobody else comes in between.
      if (before !== undefined) this.#parts.sink.withdraw(before.name);
      try {
        this.#parts.sink.apply(rollout.experiment);
        await this.#parts.file.write([...this.#allKept(before, { inForce: false }), rollout.kept()]);
      } catch (thrown) {
        this.#parts.sink.withdraw(plan.name);
        if (before !== undefined) this.#parts.sink.apply(before.experiment);
        throw thrown;
      }
      if (before !== undefined) before.inForce = false;
      this.#add(rollout);
      this.#tell(events);
      return this.show(plan.name);
    });
  }

  /** Rejects with NOT_FOUND, what the command throws, and as `start` does when the disk refuses it. */
  command(name: string, command: RolloutCommand): Promise<RolloutDetails> {
    return this.#queue.run(0, async () => {
      await this.#change(this.#find(name), command);
      return this.show(name);
    });
  }

  /** Forgets a rollout that has ended; requests go where they would without it. Rejects like `command`. */
  delete(name: string): Promise<RolloutDetails> {
    return this.#queue.run(0, async () => {
      const rollout = this.#find(name);
      if (!isFinished(rollout.state)) throw refusals.goesOn(name);
      const last = this.show(name);
      const others = [...this.#known.values()].filter((one) => one !== rollout);
      await this.#parts.file.write(others.map((one) => one.kept()));
      this.#known.delete(name);
      if (rollout.inForce) this.#parts.sink.withdraw(name);
      return { ...last, inForce: false };
    });
  }

  ended(call: BrokerCall, outcome: CallOutcome, nowMs: number): void {
    if (this.#running.size === 0) return;
    const { assignment, worker, begunAt } = call;
    if (assignment === undefined) return;
    const { experiment, variant } = assignment;
    const rollout = this.#running.get(experiment.name);
    if (rollout === undefined) return;
    const { name } = experiment.variants[variant]!;
    rollout.meter.ended(worker?.version, name, outcome, nowMs - begunAt, nowMs);
  }

  /** Periodic. */
  sweep(): void {
    const nowMs = monotonicMs();
    if (nowMs - this.#sweptAt < TICK_MS) return;
    this.#sweptAt = nowMs;
    for (const rollout of this.#running.values()) this.#tick(rollout);
    if (this.#isUnsaved) this.#queue.run(0, () => this.#save()).catch(() => undefined);
  }

  /** Resolves when all is on disk that was asked for. Takes nothing more. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  #tick(rollout: KnownRollout): void {
    const tick: RolloutCommand = (state, nowMs) => tickRollout(state, this.#measure(rollout), nowMs);
    const transition = tick(rollout.state, Date.now());
    const { state, events } = transition;
    if (events.length === 0 || state.status === 'rolled-back') this.#adopt(rollout, transition);
    else if (!rollout.isMoving) {
      rollout.isMoving = true;
      // When its turn has come, more is known. What the disk refuses is tried again with the next tick.
      this.#queue
        .run(0, () => this.#change(rollout, tick))
        .catch((thrown) => {
          this.#failure = toModwireError(thrown).message;
        })
        .finally(() => {
          rollout.isMoving = false;
        });
    }
  }

  /** In its turn. */
  async #change(rollout: KnownRollout, command: RolloutCommand): Promise<void> {
    const transition = command(rollout.state, Date.now());
    const { state, events } = transition;
    if (events.length === 0) return this.#adopt(rollout, transition);
    if (state.status === 'rolled-back') {
      this.#adopt(rollout, transition);
      return this.#save();
    }
    await this.#parts.file.write(this.#allKept(rollout, { state }));
    if (isFinished(rollout.state)) {
      // A gate has sent it back meanwhile: what is on disk is what was to be.
      this.#isUnsaved = true;
      command(rollout.state, Date.now());
      return;
    }
    this.#adopt(rollout, transition);
  }

  #adopt(rollout: KnownRollout, { state, events, weights }: Transition): void {
    const { name } = rollout;
    if (rollout.differs(state)) this.#isUnsaved = true;
    if (rollout.adopt(state, weights)) this.#parts.sink.apply(rollout.experiment);
    if (isFinished(state)) {
      this.#running.delete(name);
      rollout.meter.end();
    }
    this.#tell(events);
  }

  /** What is to be on disk, when one of them is to be otherwise than it is. */
  #allKept(changed?: KnownRollout, change?: Partial<KeptRollout>): KeptRollout[] {
    return [...this.#known.values()].map((one) => one.kept(one === changed ? change : undefined));
  }

  /** The rollout that a new one takes the place of. Throws what refuses the new one. */
  #precedingOf({ name, subject }: RolloutPlan): KnownRollout | undefined {
    const known = [...this.#known.values()];
    if (this.#known.has(name)) throw refusals.nameInUse(name);
    if (known.length >= ROLLOUT_LIMITS.maxRollouts) throw refusals.tooMany();
    const before = known.filter(
      ({ inForce, state }) => inForce && filtersOverlap(state.plan.subject, subject),
    );
    const other = before.find(({ state }) => !isFinished(state) || state.plan.subject !== subject);
    if (other !== undefined) throw refusals.subjectInUse(subject, other.state);
    return before[0];
  }

  #add(rollout: KnownRollout): void {
    this.#known.set(rollout.name, rollout);
    if (!isFinished(rollout.state)) this.#running.set(rollout.name, rollout);
  }

  #find(name: string): KnownRollout {
    const found = this.#known.get(name);
    if (found === undefined) throw refusals.notFound(name);
    return found;
  }

  #measure({ meter }: KnownRollout): RolloutMeasurements {
    return meter.measure(this.#parts.groups(), exactMs());
  }

  #sightOf(rollout: KnownRollout): RolloutSight {
    const { state, inForce, weights } = rollout;
    const unsaved = this.#isUnsaved ? this.#failure : undefined;
    return { state, inForce, weights, measurements: this.#measure(rollout), unsaved };
  }

  #tell(events: readonly RolloutEvent[]): void {
    for (const event of events) this.#parts.publish(event);
  }

  async #save(): Promise<void> {
    if (!this.#isUnsaved) return;
    this.#isUnsaved = false;
    try {
      await this.#parts.file.write(this.#allKept());
      this.#failure = undefined;
    } catch (thrown) {
      this.#isUnsaved = true;
      this.#failure = toModwireError(thrown).message;
      throw thrown;
    }
  }
}
