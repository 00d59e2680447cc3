import { FrameSlab } from '../../codec/frame-slab.js';
import type { FrameVerifier } from '../../codec/frame-verifier.js';
import type { FrameView } from '../../codec/frame-view.js';
import { ContentType } from '../../codec/generated/modwire/content-type.js';
import { FrameFlags } from '../../codec/generated/modwire/frame-flags.js';
import { toHex } from '../../codec/message-id.js';
import { BySchemaId } from '../../codec/schema-ids.js';
import type { Limits } from '../../limits.js';
import type { MirroredReply } from '../../mirroring/reply-reading.js';
import type { Registry } from '../../registry/registry.js';
import type { HeavyWork } from '../../workers/heavy-work.js';
import { Call, STREAM_WINDOW } from '../calls/call.js';
import type { BrokerCall, BrokerCaller, BrokerWorker, WorkerGroup } from '../calls/worker-group.js';
import { exactMs, monotonicMs } from '../clock.js';
import type { CallAssignment } from '../experiments/call-assignment.js';
import type { Experiments } from '../experiments/experiments.js';
import type { RunningExperiment, RunningVariant } from '../experiments/running-experiment.js';
import { LoopBudget } from './loop-budget.js';
import { MIRROR_BOUNDS } from './mirror-bounds.js';
import { MirrorBursts, type PlannedCopy } from './mirror-bursts.js';
import { MirrorComparisons } from './mirror-comparisons.js';
import { MirrorPair, type MirrorPairHost } from './mirror-pair.js';
import { MirrorReport } from './mirror-report.js';
import { mirrorWorker } from './mirror-worker.js';
import { MirroredFrames } from './mirrored-frame.js';
import { PairCost } from './pair-cost.js';

/** What mirrors need of the broker's calls. */
export interface MirroredCalls {
  /** Hands a copy to a worker that has room. */
  readonly hand: (copy: BrokerCall, worker: BrokerWorker) => void;
  readonly giveUp: (copy: BrokerCall) => void;
  readonly grant: (copy: BrokerCall, replies: number) => void;
  readonly groupsOf: (frame: FrameView) => readonly WorkerGroup[];
}

export interface MirrorsParts {
  readonly limits: Pick<Limits, 'maxMirrorBytes' | 'maxFrameBytes' | 'mirrorPercent' | 'mirrorEveryMs'>;
  readonly registry: Pick<Registry, 'schema'>;
  readonly experiments: Pick<Experiments, 'list' | 'onChange'>;
  readonly work: Pick<HeavyWork, 'compareReplies'>;
  /** One whose frames the broker admits. */
  readonly verifier: FrameVerifier;
  /** Asked for first when there is something to copy. */
  readonly calls: () => MirroredCalls;
}

/** Requests whose copies leave together lie together. Bytes. */
const SLAB_BYTES = 8 * 1024;

/** Copies requests to a variant that answers nobody, and compares what it answers with what callers got. */
export class Mirrors {
  readonly #parts: MirrorsParts;
  readonly #frames: MirroredFrames;
  readonly #schemaIds = new BySchemaId((schemaId) => schemaId);
  readonly #budget: LoopBudget;
  /** Whether copies are left out for want of time. */
  readonly #isBounded: boolean;
  readonly #cost = new PairCost();
  readonly #slab = new FrameSlab(SLAB_BYTES);
  readonly #bursts: MirrorBursts;
  readonly #comparisons: MirrorComparisons;
  readonly #host: MirrorPairHost;
  readonly #reports = new Map<string, MirrorReport>();
  /** The report that was asked for last: it is asked for with every request. */
  #latest: { readonly experiment: RunningExperiment; readonly report: MirrorReport } | undefined;
  /** Who makes all copies: what they are answered with is kept by their records. */
  readonly #caller: BrokerCaller = { calls: new Set(), deliver: () => undefined };
  /** Copies that nobody is interested in any more. */
  readonly #unwanted: BrokerCall[] = [];
  #bytes = 0;
  #closed = false;

  constructor(parts: MirrorsParts) {
    this.#parts = parts;
    this.#isBounded = parts.limits.mirrorPercent < 100;
    this.#budget = new LoopBudget(parts.limits.mirrorPercent / 100, MIRROR_BOUNDS.savedMs, exactMs());
    this.#frames = new MirroredFrames(parts.verifier);
    this.#bursts = new MirrorBursts({
      ...{ budget: this.#budget, isBounded: this.#isBounded, cost: this.#cost },
      everyMs: parts.limits.mirrorEveryMs,
      copy: (planned) => this.#copy(planned),
    });
    this.#comparisons = new MirrorComparisons({
      ...{ work: parts.work, budget: this.#budget, cost: this.#cost },
      done: (pair) => this.#letGo(pair),
    });
    parts.experiments.onChange(() => this.#forgetReports());
    this.#host = {
      keep: (pair, byteLength) => this.#keep(pair, byteLength),
      letGo: (pair) => this.#letGo(pair),
      schemaOf: (reply) => this.#schemaOf(reply),
      complete: (pair) => this.#comparisons.add(pair),
      giveUp: (copy) => this.#giveUp(copy),
      copyEnded: (pair) => this.#bursts.ended(pair.report),
      took: (copy, replies) => this.#took(copy, replies),
    };
  }

  /**
   * A request of an experiment was routed. It may be copied later: its own way is not touched.
   */
  routed(call: BrokerCall, { experiment, variant }: CallAssignment): void {
    if (this.#closed || !experiment.compiled.mirrors(variant, call.id)) return;
    const report = this.#reportOf(experiment);
    if (call.over) {
      report.skipped('ended');
      return;
    }
    // Made on account of a copy, it is none that somebody waits for.
    if ((call.frame.flags & FrameFlags.mirrored) !== 0) return;
    if (call.worker === undefined) {
      report.skipped('waiting');
      return;
    }
    // Most of those that are left out cost no more than this.
    if (this.#isBounded && this.#budget.leftMs(exactMs()) <= this.#bursts.size * this.#cost.usualMs) {
      report.skipped('busy');
      return;
    }
    const { frame } = call;
    const pair = new MirrorPair(report, call.id, this.#host);
    if (!this.#keep(pair, MIRROR_BOUNDS.pairBytes + frame.byteLength)) {
      pair.skip('memory');
      return;
    }
    call.record = pair.primary;
    this.#bursts.add({ pair, call, frame: this.#slab.copy(frame) ?? frame.copy(), experiment });
  }

  /** What came of the copies of an experiment that has a mirror. */
  report(experiment: RunningExperiment): MirrorReport {
    return this.#reportOf(experiment);
  }

  /** The report begins anew; returns the old one, for which copies under way still count. */
  reset(experiment: RunningExperiment): MirrorReport {
    const report = this.#reportOf(experiment);
    this.#reports.delete(experiment.name);
    this.#latest = undefined;
    return report;
  }

  /** Gives up all copies, and makes no more. */
  close(): void {
    this.#closed = true;
    this.#bursts.close();
    this.#comparisons.close();
    for (const copy of [...this.#caller.calls]) this.#parts.calls().giveUp(copy);
  }

  /** After this turn: a record begins and ends no calls. */
  #giveUp(copy: BrokerCall): void {
    if (this.#unwanted.push(copy) > 1) return;
    setImmediate(() => {
      for (const one of this.#unwanted.splice(0)) this.#parts.calls().giveUp(one);
    });
  }

  #copy({ pair, call, frame, experiment }: PlannedCopy): 'handed' | 'skipped' | 'full' {
    const { unwanted } = pair;
    if (unwanted !== undefined) {
      pair.skip(unwanted);
      return 'skipped';
    }
    const { calls, limits } = this.#parts;
    const { name, eligibility } = mirrorOf(experiment);
    const { weight } = experiment.kept.experiment.variants[experiment.compiled.mirrorVariant]!;
    // Read from the frame of the call otherwise, which it may not have any more.
    call.schemaId ??= this.#schemaIds.of(frame);
    // Where requests go by themselves they find a place that no copy has taken.
    const worker = mirrorWorker(call, calls().groupsOf(frame), eligibility, weight === 0 ? 0 : 1);
    if (worker === 'full') return worker;
    if (worker === 'no-worker') {
      pair.skip(worker);
      return 'skipped';
    }
    const own = this.#frames.of(frame, experiment.name, name);
    if (own === undefined || own.byteLength > limits.maxFrameBytes) {
      pair.skip('memory');
      return 'skipped';
    }
    const nowMs = monotonicMs();
    // From now on it has as long as its request had.
    const deadlineMs = nowMs + call.deadlineMs - Math.floor(call.begunAt);
    const copy: BrokerCall = new Call(
      ...([this.#caller, own, nowMs, deadlineMs, call.keyHash, false] as const),
    );
    copy.isCopy = true;
    copy.eligibility = eligibility;
    copy.record = pair.shadow;
    pair.copy = copy;
    pair.report.mirrored();
    calls().hand(copy, worker);
    this.#budget.spend(MIRROR_BOUNDS.unseenMs);
    return 'handed';
  }

  #reportOf(experiment: RunningExperiment): MirrorReport {
    if (this.#latest?.experiment === experiment) return this.#latest.report;
    const { name, eligibility } = mirrorOf(experiment);
    const target = `${name} ${eligibility?.lane}`;
    let report = this.#reports.get(experiment.name);
    if (report?.target !== target) {
      report = new MirrorReport(experiment.name, name, target);
      this.#reports.set(experiment.name, report);
    }
    this.#latest = { experiment, report };
    return report;
  }

  /** Those of experiments that are no more. */
  #forgetReports(): void {
    this.#latest = undefined;
    if (this.#reports.size === 0) return;
    const names = new Set(this.#parts.experiments.list().map(({ experiment }) => experiment.name));
    for (const name of this.#reports.keys()) if (!names.has(name)) this.#reports.delete(name);
  }

  #keep(pair: MirrorPair, byteLength: number): boolean {
    const { maxMirrorBytes } = this.#parts.limits;
    if (pair.bytes + byteLength > maxMirrorBytes * MIRROR_BOUNDS.pairShare) return false;
    if (this.#bytes + byteLength > maxMirrorBytes) return false;
    pair.bytes += byteLength;
    this.#bytes += byteLength;
    return true;
  }

  #letGo(pair: MirrorPair): void {
    this.#bytes -= pair.bytes;
    pair.bytes = 0;
    pair.primary.replies.length = 0;
    pair.shadow.replies.length = 0;
  }

  #schemaOf({ contentType, schemaId }: FrameView): MirroredReply['schema'] {
    if (contentType !== ContentType.flatbuffer || schemaId === undefined) return undefined;
    return this.#parts.registry.schema(toHex(schemaId))?.compiled;
  }

  /** A copy is let go on for as long as its replies can be kept. */
  #took(copy: BrokerCall, replies: number): void {
    if (copy.granted - replies > STREAM_WINDOW / 2) return;
    this.#parts.calls().grant(copy, replies + STREAM_WINDOW);
  }
}

/** The variant of an experiment that gets copies. */
function mirrorOf({ compiled, variants }: RunningExperiment): RunningVariant {
  return variants[compiled.mirrorVariant]!;
}
