import type { FrameView } from '../../codec/frame-view.js';
import type { BrokerCall } from '../calls/worker-group.js';
import { exactMs } from '../clock.js';
import type { RunningExperiment } from '../experiments/running-experiment.js';
import type { LoopBudget } from './loop-budget.js';
import { MIRROR_BOUNDS } from './mirror-bounds.js';
import type { MirrorPair } from './mirror-pair.js';
import type { MirrorReport } from './mirror-report.js';
import type { PairCost } from './pair-cost.js';

/** A request that is to be copied. */
export interface PlannedCopy {
  readonly pair: MirrorPair;
  readonly call: BrokerCall;
  /** It may have ended, and have no frame any more: this one is a copy. */
  readonly frame: FrameView;
  readonly experiment: RunningExperiment;
}

export interface MirrorBurstsParts {
  /** How often copies leave. Milliseconds; 0 for the end of every turn. */
  readonly everyMs: number;
  readonly budget: LoopBudget;
  /** Whether copies are left out for want of time. */
  readonly isBounded: boolean;
  readonly cost: PairCost;
  /** Hands a copy to a worker. `skipped` when there is to be none, `full` when no worker has room for it. */
  readonly copy: (planned: PlannedCopy) => 'handed' | 'skipped' | 'full';
}

/**
 * Has copies leave together: a worker that would otherwise be idle wakes up once for many of them, and requests in between
 * meet none.
 */
export class MirrorBursts {
  readonly #parts: MirrorBurstsParts;
  /** By the report in which they are counted. */
  readonly #targets = new Map<MirrorReport, Target>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round: ReturnType<typeof setImmediate> | undefined;
  #size = 0;

  constructor(parts: MirrorBurstsParts) {
    this.#parts = parts;
  }

  /** Requests whose copies have not left. */
  get size(): number {
    return this.#size;
  }

  add(planned: PlannedCopy): void {
    const { report } = planned.pair;
    let target = this.#targets.get(report);
    if (target === undefined) {
      target = new Target();
      this.#targets.set(report, target);
    }
    target.next.push(planned);
    this.#size++;
    if (this.#parts.everyMs === 0) this.#goOn();
    else this.#wind();
  }

  /** A copy has ended: there may be room for another. */
  ended(report: MirrorReport): void {
    const target = this.#targets.get(report);
    if (target === undefined) return;
    target.underWay--;
    if (target.isFull) this.#goOn();
    else if (target.isIdle) this.#targets.delete(report);
  }

  close(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#round);
    this.#targets.clear();
    this.#size = 0;
  }

  #wind(): void {
    if (this.#timer !== undefined) return;
    const { everyMs } = this.#parts;
    const dueMs = exactMs() + everyMs;
    this.#timer = setTimeout(() => this.#burst(dueMs), everyMs).unref();
  }

  #burst(dueMs: number): void {
    this.#timer = undefined;
    for (const target of this.#targets.values()) {
      // Whoever had no room for so long gets the next ones.
      if (target.isFull) this.#leaveOut(target);
      target.begin();
    }
    this.#copy(dueMs);
  }

  #leaveOut({ waiting }: Target): void {
    for (const { pair } of waiting) pair.skip('full');
    this.#size -= waiting.length;
    waiting.length = 0;
  }

  /** In another turn: after what was sent in this one, and after whoever came meanwhile. */
  #goOn(): void {
    if (this.#round !== undefined) return;
    const dueMs = exactMs();
    this.#round = setImmediate(() => {
      this.#round = undefined;
      if (this.#parts.everyMs === 0) for (const target of this.#targets.values()) target.begin();
      this.#copy(dueMs);
    });
  }

  /** For a part of a turn; the rest in later ones. */
  #copy(dueMs: number): void {
    const { budget, isBounded, cost } = this.#parts;
    const startedMs = exactMs();
    const isLate = startedMs - dueMs > MIRROR_BOUNDS.lateMs;
    const leftMs = isLate ? 0 : budget.leftMs(startedMs);
    const turn: Turn = {
      ...{ startedMs, nowMs: startedMs, copies: 0 },
      leftMs: isBounded ? leftMs : Number.POSITIVE_INFINITY,
    };
    for (const [report, target] of this.#targets) {
      this.#copyTo(target, turn);
      if (target.isIdle) this.#targets.delete(report);
      // So that none waits for room for longer than until the next burst.
      else if (target.isFull) this.#wind();
    }
    const tookMs = turn.nowMs - startedMs;
    cost.copied(turn.copies, tookMs);
    budget.spend(tookMs);
  }

  #copyTo(target: Target, turn: Turn): void {
    const { everyMs, copy } = this.#parts;
    const { waiting } = target;
    target.isFull = false;
    for (let one = waiting.at(-1); one !== undefined; one = waiting.at(-1)) {
      const tookMs = turn.nowMs - turn.startedMs;
      const isSpent = tookMs >= turn.leftMs;
      if (!isSpent && tookMs >= MIRROR_BOUNDS.turnMs) {
        this.#goOn();
        return;
      }
      if (isSpent) one.pair.skip('busy');
      else {
        const outcome = copy(one);
        turn.nowMs = exactMs();
        // Room that other copies take is free as soon as one of them has ended.
        target.isFull = outcome === 'full' && everyMs > 0 && target.underWay > 0;
        if (target.isFull) return;
        if (outcome === 'full') one.pair.skip('full');
        if (outcome === 'handed') {
          target.underWay++;
          turn.copies++;
        }
      }
      waiting.pop();
      this.#size--;
    }
  }
}

/** What is planned for one report. */
class Target {
  /** For the next burst. */
  next: PlannedCopy[] = [];
  /** Of this burst, the last one first. */
  waiting: PlannedCopy[] = [];
  /** Copies that have not ended. */
  underWay = 0;
  /** What waits does so until one of them ends. */
  isFull = false;

  get isIdle(): boolean {
    return this.underWay + this.next.length + this.waiting.length === 0;
  }

  begin(): void {
    if (this.next.length === 0) return;
    this.waiting = [...this.next.reverse(), ...this.waiting];
    this.next = [];
  }
}

/** What a turn of the event loop has made. */
interface Turn {
  readonly startedMs: number;
  /** What copies may take of it at most. Milliseconds. */
  readonly leftMs: number;
  nowMs: number;
  copies: number;
}
