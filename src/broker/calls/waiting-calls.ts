import type { ModwireError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { monotonicMs } from '../clock.js';
import * as refusals from './call-refusals.js';
import type { BrokerCall, BrokerWorker, WorkerGroup } from './worker-group.js';

export interface WaitingCallsParts {
  readonly limits: Limits;
  readonly hand: (call: BrokerCall, worker: BrokerWorker, nowMs: number) => void;
  readonly fail: (call: BrokerCall, error: ModwireError) => void;
  /** Finds another group for a call, or its end. */
  readonly route: (call: BrokerCall) => void;
}

/** Requests of one lane that are passed over at once, since who has room has rejected them. */
const MAX_PASSED_OVER = 16;

/** Pairs of lanes and workers up to which it is worked out how many of those in other lanes come first. */
const MAX_COMPARED = 1_024;

/** Lets requests wait in the queues of groups, and hands them over as workers have room. */
export class WaitingCalls {
  readonly #parts: WaitingCallsParts;

  constructor(parts: WaitingCallsParts) {
    this.#parts = parts;
  }

  /** Lets a call wait for a worker of a group, or refuses it. */
  join(call: BrokerCall, group: WorkerGroup, nowMs: number): void {
    const { limits, fail } = this.#parts;
    const { byteLength } = call;
    const { priority } = call.frame;
    const { queue, serviceTime } = group;
    const lane = group.laneOf(call);
    const concurrency = group.concurrencyFor(call);
    const ahead = countBefore(call, lane, priority, group, concurrency);
    const handOverMs = lastHandOverMs(call, serviceTime.usualMs, nowMs);
    call.explanation?.waits(ahead);
    if (serviceTime.expectedWaitMs(ahead, concurrency) > handOverMs - nowMs && concurrency > 0) {
      fail(call, refusals.tooLate(call, ahead));
      return;
    }
    call.place = queue.join(call, { lane, priority, deadlineMs: handOverMs, byteLength }, nowMs);
    if (call.place === undefined) fail(call, refusals.queueFull(call, limits));
    else this.fill(group);
  }

  /** Takes out a call that may wait. */
  leave(call: BrokerCall): void {
    const { place } = call;
    if (place === undefined) return;
    call.group!.queue.leave(place);
    call.place = undefined;
  }

  /** Hands waiting calls over for as long as a worker that may have one of them has room. */
  fill(group: WorkerGroup): void {
    const { queue } = group;
    if (queue.size === 0) return;
    const nowMs = monotonicMs();
    const passedOver: BrokerCall[] = [];
    const passedOverIn = new Map<string, number>();
    const isOpen = (first: BrokerCall) =>
      (passedOverIn.get(first.place!.lane) ?? 0) < MAX_PASSED_OVER && group.hasRoomFor(first);
    for (let call = queue.take(nowMs, isOpen); call !== undefined; call = queue.take(nowMs, isOpen)) {
      const worker = group.choose(call);
      if (worker === undefined) {
        const { lane } = call.place!;
        passedOver.push(call);
        passedOverIn.set(lane, (passedOverIn.get(lane) ?? 0) + 1);
      } else {
        call.place = undefined;
        this.#parts.hand(call, worker, nowMs);
      }
    }
    for (const call of passedOver) queue.putBack(call.place!);
  }

  /** Others may have calls than before: those that nobody in a group may have go elsewhere, the others to who has room. */
  reconsider(group: WorkerGroup): void {
    const { queue } = group;
    if (queue.size === 0) return;
    const nowMs = monotonicMs();
    const isStranded = (first: BrokerCall) => !group.hasAnyFor(first);
    for (let call = queue.take(nowMs, isStranded); call !== undefined; call = queue.take(nowMs, isStranded)) {
      call.place = undefined;
      this.#parts.route(call);
    }
    this.fill(group);
  }
}

/**
 * How many would get a worker before a call that comes now: those of its lane, and of each other lane the share that workers
 * get which may have the call too.
 */
function countBefore(
  call: BrokerCall,
  ownLane: string,
  priority: number,
  group: WorkerGroup,
  concurrency: number,
): number {
  const { queue, workers } = group;
  let sum = queue.lanes.get(ownLane)?.countBefore(priority) ?? 0;
  // Beyond that only its own lane counts: too many are let in rather than refused.
  if (concurrency === 0 || queue.lanes.size * workers.size > MAX_COMPARED) return sum;
  for (const [name, lane] of queue.lanes) {
    if (name === ownLane) continue;
    let all = 0;
    let shared = 0;
    for (const worker of workers) {
      if (!worker.ready || !group.mayHave(worker, lane.first)) continue;
      all += worker.concurrency;
      if (group.mayHave(worker, call)) shared += worker.concurrency;
    }
    if (shared > 0) sum += (lane.countBefore(priority) * shared) / all;
  }
  return Math.round(sum);
}

/**
 * When it is no use to hand over a call that waits: with less time left than calls usually take a worker would work in vain,
 * and others wait for it. Half of the time that it has is for waiting in any case. Milliseconds.
 */
function lastHandOverMs({ deadlineMs }: BrokerCall, usualMs: number, nowMs: number): number {
  return deadlineMs - Math.min(usualMs, (deadlineMs - nowMs) / 2);
}
