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
import * as refusals from './call-refusals.js';
import { StartupGrace } from './startup-grace.js';
import type { BrokerCall, BrokerWorker, WorkerGroup } from './worker-group.js';

export interface CallRoutingParts {
  readonly limits: Limits;
  readonly ids: IdMap<BrokerCall>;
  readonly direct: DirectDelivery;
  /** Who serves the subject of a request, in the order of preference. */
  readonly groupsOf: (frame: FrameView) => readonly WorkerGroup[];
}

/** Requests that are passed over at once, since who has room has rejected them. */
const MAX_PASSED_OVER = 16;

/** Takes requests from their admission to a worker, and to the one end that each of them has. */
export class CallRouting {
  readonly #parts: CallRoutingParts;
  readonly #frames = new CallFrames();
  readonly #deadlines = new CallDeadlines((call) => this.expired(call));
  readonly #grace: StartupGrace;
  readonly #whenIdle: (() => void)[] = [];
  /** Calls whose callers wait for an end, and the bytes of their requests. */
  #open = 0;
  #bytes = 0;
  /** Since the start: calls that ended with an error of the broker's. */
  failedCount = 0;

  constructor(parts: CallRoutingParts) {
    this.#parts = parts;
    this.#grace = new StartupGrace(parts.limits, (call) =>
      this.fail(call, refusals.noResponders(call.subject)),
    );
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

  /** Finds a worker, or lets the call wait for one. */
  route(call: BrokerCall): void {
    const nowMs = monotonicMs();
    const group = this.#groupOf(call);
    if (call.deadlineMs <= nowMs) this.expired(call);
    else if (group === undefined) this.#unserved(call, nowMs);
    else {
      call.group = group;
      const worker =
        group.queue.size > 0 ? undefined : group.policy.choose(call.keyHash, avoided(call, group));
      if (worker !== undefined) this.#hand(call, worker, nowMs);
      else this.#wait(call, group, nowMs);
    }
  }

  /** Somebody begins to serve: what waited for that comes to the group. */
  served(group: WorkerGroup): void {
    for (const call of this.#grace.take(group.filter)) this.route(call);
    this.fill(group);
  }

  /** Hands waiting calls over for as long as a worker of the group has room. */
  fill(group: WorkerGroup): void {
    if (group.queue.size === 0) return;
    const nowMs = monotonicMs();
    const passedOver: BrokerCall[] = [];
    while (passedOver.length < MAX_PASSED_OVER && group.hasRoom) {
      const call = group.queue.take(nowMs);
      if (call === undefined) break;
      const worker = group.policy.choose(call.keyHash, avoided(call, group));
      if (worker === undefined) passedOver.push(call);
      else {
        call.place = undefined;
        this.#hand(call, worker, nowMs);
      }
    }
    for (const call of passedOver) group.queue.putBack(call.place!);
  }

  /** Whether a call that a worker has rejected is to be tried with another, and there is one. */
  mayTryElsewhere(call: BrokerCall, worker: BrokerWorker): boolean {
    return this.#mayRetry(call) && this.#groupOf(call)?.isServedBesides(worker) === true;
  }

  /** Its time has run out. */
  expired(call: BrokerCall): void {
    if (call.over) return;
    const { worker } = call;
    if (worker !== undefined) {
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
    this.failedCount++;
    const bytes = this.#frames.error(call, call.wasLost ? refusals.startedAllTheSame(error) : error);
    call.caller.deliver(bytes, 0, bytes.length);
    this.giveUp(call);
  }

  /** Nobody waits for the end of a call any more. */
  giveUp(call: BrokerCall): void {
    if (call.over) return;
    const { worker, place } = call;
    if (place !== undefined) {
      call.group!.queue.leave(place);
      call.place = undefined;
    }
    this.#grace.leave(call);
    this.end(call);
    if (worker !== undefined) this.#send(worker.session, this.#frames.cancel(call));
  }

  /** Its caller has had its end. A worker that has it still has to end it, and keeps its place until then. */
  end(call: BrokerCall): void {
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
      // Who has seen a part of the stream would see it twice.
      call.wasLost = true;
      const repeatable = call.idempotent && call.replies === 0 && this.#mayRetry(call);
      if (repeatable && this.#groupOf(call) !== undefined) this.route(call);
      else this.fail(call, refusals.workerLost(call));
    }
    this.left(worker.group);
  }

  /** Somebody has left a group: what waits there is for the others, or for those of another group. */
  left(group: WorkerGroup): void {
    if (group.workers.size > 0) {
      this.fill(group);
      return;
    }
    const nowMs = monotonicMs();
    for (let call = group.queue.take(nowMs); call !== undefined; call = group.queue.take(nowMs)) {
      call.place = undefined;
      this.route(call);
    }
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
    return call.attempts < this.#parts.limits.maxCallAttempts && call.deadlineMs > monotonicMs();
  }

  /** The first group in which somebody takes requests, else the first in which somebody may again. */
  #groupOf(call: BrokerCall): WorkerGroup | undefined {
    const groups = this.#parts.groupsOf(call.frame);
    return groups.find(({ isServed }) => isServed) ?? groups.find(({ workers }) => workers.size > 0);
  }

  /** Nobody serves its subject, or nobody yet. */
  #unserved(call: BrokerCall, nowMs: number): void {
    if (!this.#grace.holds(nowMs)) this.fail(call, refusals.noResponders(call.subject));
    else if (!this.#grace.join(call, nowMs)) this.fail(call, refusals.queueFull(call, this.#parts.limits));
  }

  #wait(call: BrokerCall, group: WorkerGroup, nowMs: number): void {
    const { byteLength } = call;
    const { priority } = call.frame;
    const { queue, serviceTime } = group;
    const ahead = queue.countBefore(priority);
    const handOverMs = lastHandOverMs(call, serviceTime.usualMs, nowMs);
    if (serviceTime.expectedWaitMs(ahead, group.concurrency) > handOverMs - nowMs && group.isServed) {
      this.fail(call, refusals.tooLate(call, ahead));
      return;
    }
    call.place = queue.join(call, { priority, deadlineMs: handOverMs, byteLength }, nowMs);
    if (call.place === undefined) this.fail(call, refusals.queueFull(call, this.#parts.limits));
    else this.fill(group);
  }

  #hand(call: BrokerCall, worker: BrokerWorker, nowMs: number): void {
    const { frame, deadlineMs } = call;
    call.attempts++;
    call.parts = 0;
    call.handedAt = nowMs;
    call.worker = worker;
    worker.calls.add(call);
    worker.group.handed++;
    worker.group.rate.count(nowMs);
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

/**
 * When it is no use to hand over a call that waits: with less time left than calls usually take a worker would work in vain,
 * and others wait for it. Half of the time that it has is for waiting in any case. Milliseconds.
 */
function lastHandOverMs({ deadlineMs }: BrokerCall, usualMs: number, nowMs: number): number {
  return deadlineMs - Math.min(usualMs, (deadlineMs - nowMs) / 2);
}

/** Whom a call is not to be handed to: who has rejected it, unless nobody else takes requests. */
function avoided({ rejectedBy }: BrokerCall, group: WorkerGroup): BrokerWorker | undefined {
  return rejectedBy !== undefined && group.isServedBesides(rejectedBy) ? rejectedBy : undefined;
}
