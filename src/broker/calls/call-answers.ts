import type { FrameView } from '../../codec/frame-view.js';
import { FrameFlags } from '../../codec/generated/modwire/frame-flags.js';
import { ERRORS, toModwireError } from '../../errors.js';
import type { IdMap } from '../../routing/calls/id-map.js';
import type { AcceptedVersion } from '../bound-contracts.js';
import { monotonicMs, nowMicros } from '../clock.js';
import type { Session } from '../session.js';
import type { Call } from './call.js';
import type { CallContracts } from './call-contracts.js';
import { errorCodeOfFrame } from './call-frames.js';
import { tooManyReplies } from './call-refusals.js';
import type { CallRouting } from './call-routing.js';
import type { Services } from './services.js';

export interface CallAnswersParts {
  readonly ids: IdMap<Call>;
  readonly routing: CallRouting;
  readonly contracts: CallContracts;
  readonly services: Services;
}

/** Takes what workers answer to their callers. */
export class CallAnswers {
  readonly #parts: CallAnswersParts;
  /** Since the start: answers that nobody waited for any more. */
  lateCount = 0;

  constructor(parts: CallAnswersParts) {
    this.#parts = parts;
  }

  /** A reply, borrowed until this returns. */
  reply(session: Session, frame: FrameView): void {
    const call = this.#callOf(session, frame);
    if (call === undefined) return;
    if (call.checking !== undefined) {
      // Behind a large one that is being verified: the order of a stream holds.
      const copy = frame.copy();
      this.#afterwards(call, () => this.#check(call, copy));
      return;
    }
    try {
      const version = call.over ? undefined : this.#parts.contracts.check(frame, 'reply');
      if (version === undefined) this.#deliver(call, frame);
      else {
        const copy = frame.copy();
        this.#afterwards(call, () => this.#verify(call, copy, version));
      }
    } catch (thrown) {
      this.#refuse(call, !isMore(frame), thrown);
    }
  }

  /** An error, borrowed until this returns. */
  error(session: Session, frame: FrameView): void {
    const call = this.#callOf(session, frame);
    if (call === undefined) return;
    if (call.checking === undefined) this.#failed(call, frame);
    else {
      const copy = frame.copy();
      this.#afterwards(call, async () => this.#failed(call, copy));
    }
  }

  #callOf(session: Session, frame: FrameView): Call | undefined {
    const { correlationId } = frame;
    const call = correlationId && this.#parts.ids.find(correlationId, 0);
    if (call?.worker?.session === session) return call;
    this.lateCount++;
    return undefined;
  }

  /** Does something with what a worker has sent when all that it sent before is dealt with, unless it is lost by then. */
  #afterwards(call: Call, action: () => Promise<void>): void {
    const { worker } = call;
    const before = call.checking ?? Promise.resolve();
    const done = before
      .then(() => (call.worker === worker ? action() : undefined))
      .finally(() => {
        if (call.checking === done) call.checking = undefined;
      });
    call.checking = done;
  }

  /** What came while a reply before it was verified. */
  async #check(call: Call, frame: FrameView): Promise<void> {
    let version: AcceptedVersion | undefined;
    try {
      version = call.over ? undefined : this.#parts.contracts.check(frame, 'reply');
    } catch (thrown) {
      this.#refuse(call, !isMore(frame), thrown);
      return;
    }
    if (version === undefined) this.#deliver(call, frame);
    else await this.#verify(call, frame, version);
  }

  async #verify(call: Call, frame: FrameView, version: AcceptedVersion): Promise<void> {
    const { worker } = call;
    const isLast = !isMore(frame);
    try {
      await this.#parts.contracts.verify(frame, version);
    } catch (thrown) {
      // Its bytes may be gone with a thread of the pool.
      if (call.worker === worker) this.#refuse(call, isLast, thrown);
      return;
    }
    if (call.worker === worker) this.#deliver(call, frame);
  }

  #deliver(call: Call, frame: FrameView): void {
    if (call.over) {
      // Nobody waits any more: only its end counts.
      if (!isMore(frame)) this.#release(call);
      return;
    }
    const { routing } = this.#parts;
    const worker = call.worker!;
    if (++call.replies > call.granted) {
      worker.group.outliers.failed(worker.standing, monotonicMs());
      routing.fail(call, tooManyReplies(call));
      return;
    }
    frame.stamp(call.replies, 0, nowMicros());
    call.caller.deliver(frame.memory.u8, frame.start, frame.end);
    if (isMore(frame)) return;
    const { group } = worker;
    const nowMs = monotonicMs();
    worker.replied++;
    group.outliers.succeeded(worker.standing);
    group.serviceTime.observe(nowMs - call.handedAt);
    group.observe(nowMs - call.begunAt, nowMs);
    routing.end(call);
    this.#release(call);
  }

  #failed(call: Call, frame: FrameView): void {
    if (call.over) {
      this.#release(call);
      return;
    }
    const { routing } = this.#parts;
    const worker = call.worker!;
    const { outliers } = worker.group;
    const code = errorCodeOfFrame(frame);
    worker.failed++;
    if (code === 'REJECTED' && call.replies === 0 && routing.mayRetry(call)) {
      routing.release(call);
      routing.routeAgain(call, worker);
      routing.fill(worker.group);
      return;
    }
    const { category } = ERRORS[code];
    if (category === 'service' || category === 'time') outliers.failed(worker.standing, monotonicMs());
    else outliers.succeeded(worker.standing);
    frame.stamp(call.replies + 1, 0, nowMicros());
    call.caller.deliver(frame.memory.u8, frame.start, frame.end);
    routing.end(call);
    this.#release(call);
  }

  /** A reply that breaks its contract ends the call. */
  #refuse(call: Call, isLast: boolean, thrown: unknown): void {
    const worker = call.worker!;
    worker.failed++;
    worker.group.outliers.failed(worker.standing, monotonicMs());
    this.#parts.routing.fail(call, toModwireError(thrown));
    if (isLast) this.#release(call);
  }

  #release(call: Call): void {
    const { routing, services } = this.#parts;
    const { group } = call.worker!;
    routing.release(call);
    routing.fill(group);
    services.sweep(group);
  }
}

function isMore(frame: FrameView): boolean {
  return (frame.flags & FrameFlags.more) !== 0;
}
