import { FrameFlags } from '../../codec/generated/modwire/frame-flags.js';
import type { ModwireError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { IdMap } from '../../routing/calls/id-map.js';
import { monotonicMs, nowMicros } from '../clock.js';
import type { DirectDelivery } from '../direct-delivery.js';
import type { Call } from './call.js';
import { CallDeadlines } from './call-deadlines.js';
import { CallFrames } from './call-frames.js';
import * as refusals from './call-refusals.js';
import type { CallSubject } from './services.js';
import type { Worker } from './worker.js';
import type { WorkerGroup } from './worker-group.js';

export interface CallRoutingParts {
  readonly limits: Limits;
  readonly ids: IdMap<Call>;
  readonly direct: DirectDelivery;
}

/** Takes requests from their admission to a worker, and to the one end that each of them has. */
export class CallRouting {
  readonly #parts: CallRoutingParts;
  readonly #frames = new CallFrames();
  readonly #deadlines = new CallDeadlines((call) => this.expired(call));
  readonly #whenIdle: (() => void)[] = [];
  /** Calls whose callers wait for an end. */
  #open = 0;
  /** Since the start: calls that ended with an error of the broker's. */
  failedCount = 0;

  constructor(parts: CallRoutingParts) {
    this.#parts = parts;
  }

  get open(): number {
    return this.#open;
  }

  /** Begins to account for a call, whose id is new. */
  begin(call: Call): void {
    const { frame } = call;
    this.#parts.ids.set(frame.id, 0, call);
    call.caller.calls.add(call);
    this.#deadlines.add(call);
    this.#open++;
  }

  /** Finds a worker, or lets the call wait for one. `except` has had it already. */
  route(call: Call, subject: CallSubject, except?: Worker): void {
    const group = subject.groups.find(isServed) ?? subject.groups.find(({ workers }) => workers.size > 0);
    if (group === undefined) this.fail(call, refusals.noResponders(subject.text));
    else this.#routeTo(call, group, except);
  }

  /** The same, within the group that it was given to. */
  routeAgain(call: Call, except: Worker): void {
    const group = call.group!;
    if (group.workers.size === 0) this.fail(call, refusals.noResponders(call.frame.subject));
    else this.#routeTo(call, group, except);
  }

  /** Hands waiting calls over for as long as a worker of the group has room. */
  fill(group: WorkerGroup): void {
    if (group.queue.size === 0) return;
    const nowMs = monotonicMs();
    while (group.hasRoom) {
      const call = group.queue.take(nowMs);
      if (call === undefined) return;
      call.place = undefined;
      this.#hand(call, group.policy.choose(call.keyHash, undefined)!, nowMs);
    }
  }

  /** Whether a call may be given to one more worker. */
  mayRetry(call: Call): boolean {
    return call.attempts < this.#parts.limits.maxCallAttempts && call.deadlineMs > monotonicMs();
  }

  /** Its time has run out. */
  expired(call: Call): void {
    if (call.over) return;
    const { worker } = call;
    if (worker !== undefined) worker.group.outliers.failed(worker.standing, monotonicMs());
    this.fail(call, refusals.deadlineExceeded(call));
  }

  /** Ends a call with an error of the broker's; its worker, if it has one, is told to give up. */
  fail(call: Call, error: ModwireError): void {
    if (call.over) return;
    this.failedCount++;
    const bytes = this.#frames.error(call.frame, error);
    call.caller.deliver(bytes, 0, bytes.length);
    this.giveUp(call);
  }

  /** Nobody waits for the end of a call any more. */
  giveUp(call: Call): void {
    if (call.over) return;
    const { worker, place } = call;
    if (place !== undefined) {
      call.group!.queue.leave(place);
      call.place = undefined;
    }
    this.end(call);
    if (worker === undefined) return;
    const bytes = this.#frames.cancel(call.frame);
    this.#parts.direct.send(worker.session, bytes, 0, bytes.length);
  }

  /** Its caller has had its end. A worker that has it still has to end it, and keeps its place until then. */
  end(call: Call): void {
    call.over = true;
    this.#deadlines.cancel(call);
    call.caller.calls.delete(call);
    if (call.worker === undefined) this.#parts.ids.delete(call.frame.id, 0);
    if (--this.#open === 0) for (const done of this.#whenIdle.splice(0)) done();
  }

  /** A worker has ended a call, or is gone: it has room for another. */
  release(call: Call): void {
    const worker = call.worker!;
    worker.calls.delete(call);
    call.worker = undefined;
    if (call.over) this.#parts.ids.delete(call.frame.id, 0);
  }

  /** A worker's connection is gone. Its group has forgotten it already. */
  lost(worker: Worker): void {
    for (const call of [...worker.calls]) {
      this.release(call);
      if (call.over) continue;
      if (call.idempotent && this.mayRetry(call)) this.routeAgain(call, worker);
      else this.fail(call, refusals.workerLost(call));
    }
    this.forsake(worker.group);
  }

  /** Ends what waits for a group in which nobody is left. */
  forsake(group: WorkerGroup): void {
    if (group.workers.size > 0) return;
    const nowMs = monotonicMs();
    for (let call = group.queue.take(nowMs); call !== undefined; call = group.queue.take(nowMs)) {
      call.place = undefined;
      this.fail(call, refusals.noResponders(call.frame.subject));
    }
  }

  /** Resolves when no caller waits. */
  idle(): Promise<void> {
    if (this.#open === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  close(): void {
    this.#deadlines.close();
  }

  #routeTo(call: Call, group: WorkerGroup, except: Worker | undefined): void {
    call.group = group;
    const nowMs = monotonicMs();
    const worker = group.queue.size > 0 ? undefined : group.policy.choose(call.keyHash, except);
    if (worker !== undefined) this.#hand(call, worker, nowMs);
    else this.#wait(call, group, nowMs);
  }

  #wait(call: Call, group: WorkerGroup, nowMs: number): void {
    const { priority, byteLength } = call.frame;
    const { deadlineMs } = call;
    const ahead = group.queue.countBefore(priority);
    if (group.serviceTime.expectedWaitMs(ahead, group.concurrency) > deadlineMs - nowMs && group.isServed) {
      this.fail(call, refusals.tooLate(call, ahead));
      return;
    }
    call.place = group.queue.join(call, { priority, deadlineMs, byteLength }, nowMs);
    if (call.place === undefined) this.fail(call, refusals.queueFull(call, this.#parts.limits));
    else this.fill(group);
  }

  #hand(call: Call, worker: Worker, nowMs: number): void {
    const { frame, deadlineMs } = call;
    call.attempts++;
    call.replies = 0;
    call.handedAt = nowMs;
    call.worker = worker;
    worker.calls.add(call);
    worker.group.handed++;
    frame.stamp(call.attempts, Math.max(1, deadlineMs - nowMs) * 1000, nowMicros());
    this.#parts.direct.send(worker.session, frame.memory.u8, frame.start, frame.end);
  }
}

function isServed(group: WorkerGroup): boolean {
  return group.isServed;
}

/** Whether a request may be processed more than once. */
export function isIdempotent(flags: number): boolean {
  return (flags & FrameFlags.idempotent) !== 0;
}
