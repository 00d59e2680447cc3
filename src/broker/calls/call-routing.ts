import { encodeControl } from '../../codec/control.js';
import type { FrameView } from '../../codec/frame-view.js';
import type { ModwireError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { IdMap } from '../../routing/calls/id-map.js';
import { monotonicMs, nowMicros } from '../clock.js';
import type { DirectDelivery } from '../direct-delivery.js';
import type { Session } from '../session.js';
import { STREAM_WINDOW } from './call.js';
import { CallDeadlines } from './call-deadlines.js';
import { CallFrames } from './call-frames.js';
import { type CallObserver, type CallOutcome, tellObservers } from './call-observer.js';
import * as refusals from './call-refusals.js';
import { tellWhy } from './explanation.js';
import { StartupGrace } from './startup-grace.js';
import { nobodyFor } from './unserved.js';
import { WaitingCalls } from './waiting-calls.js';
import type { BrokerCall, BrokerWorker, WorkerGroup } from './worker-group.js';

export interface CallRoutingParts {
  readonly limits: Limits;
  readonly ids: IdMap<BrokerCall>;
  readonly direct: DirectDelivery;
  /** Who serves the subject of a request, in the order of preference. */
  readonly groupsOf: (frame: FrameView) => readonly WorkerGroup[];
  /** Told of every end; others may join them. */
  readonly observers: readonly CallObserver[];
  /** Others may have a call that nobody takes, from now on: its experiment says so. False when they may not. */
  readonly fallBack: (call: BrokerCall) => boolean;
}

/** Takes requests from their admission to a worker, and to the one end that each of them has. */
export class CallRouting {
  readonly #parts: CallRoutingParts;
  readonly #frames = new CallFrames();
  readonly #deadlines = new CallDeadlines((call) => this.expired(call));
  readonly #grace: StartupGrace;
  readonly #waiting: WaitingCalls;
  readonly #whenIdle: (() => void)[] = [];
  /** Calls whose callers wait for an end, and the bytes of their requests. */
  #open = 0;
  #bytes = 0;
  /** Since the start: calls that ended with an error of the broker's. */
  failedCount = 0;

  constructor(parts: CallRoutingParts) {
    this.#parts = parts;
    this.#grace = new StartupGrace(parts.limits, (call) => this.route(call));
    this.#waiting = new WaitingCalls({
      limits: parts.limits,
      hand: (call, worker, nowMs) => this.#hand(call, worker, nowMs),
      fail: (call, error) => this.fail(call, error),
      route: (call) => this.route(call),
    });
  }

  get open(): number {
    return this.#open;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Calls that wait for somebody to serve their subject. */
  get unserved(): number {
    return this.#grace.size;
  }

  /** Begins to account for a call, whose id is new. */
  begin(call: BrokerCall): void {
    this.#parts.ids.set(call.id, 0, call);
    call.caller.calls.add(call);
    this.#deadlines.add(call);
    this.#open++;
    this.#bytes += call.byteLength;
  }

  /** Hands a copy of a request to a worker that has room. */
  handCopy(copy: BrokerCall, worker: BrokerWorker): void {
    this.begin(copy);
    this.#hand(copy, worker, monotonicMs());
  }

  /** Finds a worker, or lets the call wait for one. */
  route(call: BrokerCall): void {
    const nowMs = monotonicMs();
    const group = this.#groupOf(call);
    call.explanation?.looks(call, this.#parts.groupsOf(call.frame), group);
    if (call.deadlineMs <= nowMs) this.expired(call);
    else if (group === undefined) this.#unserved(call, nowMs);
    else {
      call.group = group;
      const worker = hasOthersBefore(call, group) ? undefined : group.choose(call);
      if (worker !== undefined) this.#hand(call, worker, nowMs);
      else this.#waiting.join(call, group, nowMs);
    }
  }

  /** Somebody begins to serve: what waited for that comes to the group. */
  served(group: WorkerGroup): void {
    for (const call of this.#grace.take(group.filter)) this.route(call);
    this.fill(group);
  }

  /** Hands waiting calls over for as long as a worker of the group has room. */
  fill(group: WorkerGroup): void {
    this.#waiting.fill(group);
  }

  /** Whether a call that a worker has rejected is to be tried with another, and there is one. */
  mayTryElsewhere(call: BrokerCall, worker: BrokerWorker): boolean {
    return this.#mayRetry(call) && this.#groupOf(call)?.isServedBesides(worker, call) === true;
  }

  /** Its time has run out. */
  expired(call: BrokerCall): void {
    if (call.over) return;
    const { worker } = call;
    if (worker !== undefined && !call.isCopy) {
      const { outliers, serviceTime } = worker.group;
      const nowMs = monotonicMs();
      // Who had less time for it than calls take is not at fault.
      if (nowMs - call.handedAt >= serviceTime.usualMs) outliers.failed(worker.standing, nowMs);
    }
    this.fail(call, refusals.deadlineExceeded(call));
  }

  /** It is out of the queue, since handing it over is no use any more. */
  waitedTooLong(call: BrokerCall): void {
    if (call.deadlineMs <= monotonicMs()) this.expired(call);
    else this.fail(call, refusals.tooLittleTimeLeft(call));
  }

  /** Ends a call with an error of the broker's; its worker, if it has one, is told to give up. */
  fail(call: BrokerCall, error: ModwireError): void {
    if (call.over) return;
    if (!call.isCopy) this.failedCount++;
    tellWhy(call, error.code);
    const bytes = this.#frames.error(call, call.wasLost ? refusals.startedAllTheSame(error) : error);
    call.caller.deliver(bytes, 0, bytes.length);
    this.giveUp(call, error.code);
  }

  /** Nobody waits for the end of a call any more. */
  giveUp(call: BrokerCall, outcome: CallOutcome = 'CANCELLED'): void {
    if (call.over) return;
    const { worker } = call;
    this.#waiting.leave(call);
    this.#grace.leave(call);
    this.end(call, outcome);
    if (worker !== undefined) this.#send(worker.session, this.#frames.cancel(call));
  }

  /** Its caller has had its end. A worker that has it still has to end it, and keeps its place until then. */
  end(call: BrokerCall, outcome: CallOutcome): void {
    if (!call.isCopy) tellObservers(this.#parts.observers, call, outcome);
    call.record?.ended(outcome);
    call.finish();
    this.#deadlines.cancel(call);
    call.caller.calls.delete(call);
    if (call.worker === undefined) this.#parts.ids.delete(call.id, 0);
    this.#bytes -= call.byteLength;
    if (--this.#open === 0) for (const done of this.#whenIdle.splice(0)) done();
  }

  /** A worker has ended a call, or is gone: it has room for another. */
  release(call: BrokerCall): void {
    call.worker!.calls.delete(call);
    call.worker = undefined;
    if (call.over) this.#parts.ids.delete(call.id, 0);
  }

  /** The caller takes so many replies in all. */
  grant(call: BrokerCall, replies: number): void {
    if (call.over || replies <= call.granted) return;
    call.granted = replies;
    if (call.worker !== undefined) this.#tellGranted(call, call.worker);
  }

  /** A worker's connection is gone. Its group has forgotten it already. */
  lost(worker: BrokerWorker): void {
    for (const call of [...worker.calls]) {
      this.release(call);
      if (call.over) continue;
      call.explanation?.attemptEnded('lost');
      call.wasLost = true;
      // Who has seen a part of the stream would see it twice.
      const repeatable = call.idempotent && call.replies === 0 && this.#mayRetry(call);
      if (repeatable && this.#groupOf(call) !== undefined) this.route(call);
      else this.fail(call, refusals.workerLost(call));
    }
    this.reconsider(worker.group);
  }

  /** Others of a group may have calls than before; what nobody there may have is for those of another group. */
  reconsider(group: WorkerGroup): void {
    this.#waiting.reconsider(group);
  }

  /** Resolves when no caller waits. */
  idle(): Promise<void> {
    if (this.#open === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Ends every call: the broker stops. None may begin afterwards. */
  abandon(): void {
    this.#deadlines.takeAll((call) => this.fail(call, refusals.brokerStops(call)));
  }

  close(): void {
    this.#deadlines.close();
    this.#grace.close();
  }

  #mayRetry(call: BrokerCall): boolean {
    if (call.isCopy || call.attempts >= this.#parts.limits.maxCallAttempts) return false;
    return call.deadlineMs > monotonicMs();
  }

  /** The first group in which somebody takes requests like it, else the first in which somebody may again. */
  #groupOf(call: BrokerCall): WorkerGroup | undefined {
    const groups = this.#parts.groupsOf(call.frame);
    for (const group of groups) if (group.isServedFor(call)) return group;
    // After a restart the workers of one version may be back before those of another: requests stay with their own.
    const mayFallBack = groups.length > 0 && !this.#grace.covers(call);
    if (mayFallBack && this.#parts.fallBack(call)) return this.#groupOf(call);
    for (const group of groups) if (group.hasAnyFor(call)) return group;
    return undefined;
  }

  #nobody(call: BrokerCall): ModwireError {
    return nobodyFor(call, this.#parts.groupsOf(call.frame));
  }

  /** Nobody serves its subject, or nobody yet. */
  #unserved(call: BrokerCall, nowMs: number): void {
    if (!this.#grace.holds(nowMs)) this.fail(call, this.#nobody(call));
    else if (!this.#grace.join(call, nowMs)) this.fail(call, refusals.queueFull(call, this.#parts.limits));
  }

  #hand(call: BrokerCall, worker: BrokerWorker, nowMs: number): void {
    const { frame, deadlineMs } = call;
    call.attempts++;
    call.parts = 0;
    call.handedAt = nowMs;
    call.worker = worker;
    worker.calls.add(call);
    call.explanation?.handed(worker);
    if (!call.isCopy) worker.countHanded(nowMs);
    frame.stamp(call.attempts, Math.max(1, deadlineMs - nowMs) * 1000, nowMicros());
    this.#parts.direct.send(worker.session, frame.memory.u8, frame.start, frame.end);
    if (call.granted > STREAM_WINDOW) this.#tellGranted(call, worker);
  }

  /** After the request, which may be gathered still. */
  #tellGranted({ id, granted }: BrokerCall, worker: BrokerWorker): void {
    this.#send(worker.session, encodeControl({ type: 'grant', request: id, replies: granted }));
  }

  #send(session: Session, bytes: Uint8Array): void {
    this.#parts.direct.send(session, bytes, 0, bytes.length);
  }
}

/** Whether others that the same workers may have wait already. Whoever else waits does so for workers without room. */
function hasOthersBefore(call: BrokerCall, group: WorkerGroup): boolean {
  const { queue } = group;
  return queue.size > 0 && queue.lanes.has(group.laneOf(call));
}
