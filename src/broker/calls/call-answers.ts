import type { FrameView } from '../../codec/frame-view.js';
import { FrameFlags } from '../../codec/generated/modwire/frame-flags.js';
import { correlationPlace } from '../../codec/id-places.js';
import { ERRORS, type ErrorRow, toModwireError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { IdMap } from '../../routing/calls/id-map.js';
import type { AcceptedVersion } from '../bound-contracts.js';
import { exactMs, monotonicMs, nowMicros } from '../clock.js';
import type { Session } from '../session.js';
import type { Recorder } from '../streams/recorder.js';
import type { CallContracts } from './call-contracts.js';
import { errorCodeOfFrame } from './call-frames.js';
import { replyNotVerified, replyTooLarge, startedAllTheSame, tooManyReplies } from './call-refusals.js';
import type { CallRouting } from './call-routing.js';
import { tellWhy } from './explanation.js';
import type { Services } from './services.js';
import type { BrokerCall, BrokerWorker } from './worker-group.js';

export interface CallAnswersParts {
  readonly limits: Limits;
  readonly ids: IdMap<BrokerCall>;
  readonly routing: CallRouting;
  readonly contracts: CallContracts;
  readonly services: Services;
  readonly recorder: Pick<Recorder, 'answer'>;
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
    const isLast = !isMore(frame);
    if (call.over) {
      // Nobody waits any more: only its end counts.
      if (isLast) this.#release(call);
      return;
    }
    try {
      this.#checkSize(call, frame);
      // The one that ends a stream needs no grant.
      if (!isLast && ++call.parts > call.granted) throw tooManyReplies(call);
      if (call.checking !== undefined) {
        // Behind a large one that is being verified: the order of a stream holds.
        this.#afterwards(call, frame, (copy) => this.#check(call, copy));
        return;
      }
      const version = this.#parts.contracts.check(frame, 'reply');
      if (version === undefined) this.#deliver(call, frame);
      else this.#afterwards(call, frame, (copy) => this.#verify(call, copy, version));
    } catch (thrown) {
      this.#refuse(call, isLast, thrown);
    }
  }

  /** An error, borrowed until this returns. */
  error(session: Session, frame: FrameView): void {
    const call = this.#callOf(session, frame);
    if (call === undefined) return;
    try {
      this.#checkSize(call, frame);
      if (call.checking === undefined || call.over) this.#failed(call, frame);
      else this.#afterwards(call, frame, async (copy) => this.#failed(call, copy));
    } catch (thrown) {
      this.#refuse(call, true, thrown);
    }
  }

  #callOf(session: Session, frame: FrameView): BrokerCall | undefined {
    const at = correlationPlace(frame);
    const call = at < 0 ? undefined : this.#parts.ids.find(frame.memory.u8, at);
    if (call?.worker?.session === session) return call;
    this.lateCount++;
    return undefined;
  }

  #checkSize(call: BrokerCall, { byteLength }: FrameView): void {
    const { limits } = this.#parts;
    if (byteLength > limits.maxFrameBytes) throw replyTooLarge(call, byteLength, limits);
  }

  /**
   * Does something with a copy of what a worker has sent, when all that it sent before is dealt with, unless the call is
   * its no more by then. Throws RESOURCE_EXHAUSTED when too much waits.
   */
  #afterwards(call: BrokerCall, frame: FrameView, action: (copy: FrameView) => Promise<void>): void {
    const { contracts } = this.#parts;
    const worker = call.worker!;
    const { byteLength } = frame;
    contracts.hold(byteLength, frame.subject, worker.session);
    const copy = frame.copy();
    const before = call.checking ?? Promise.resolve();
    const done = before
      .then(() => (call.worker === worker ? action(copy) : undefined))
      .finally(() => {
        if (call.checking === done) call.checking = undefined;
        contracts.letGo(byteLength, worker.session);
      });
    call.checking = done;
  }

  /** What came while a reply before it was verified. */
  async #check(call: BrokerCall, frame: FrameView): Promise<void> {
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

  async #verify(call: BrokerCall, frame: FrameView, version: AcceptedVersion): Promise<void> {
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

  #deliver(call: BrokerCall, frame: FrameView): void {
    const isLast = !isMore(frame);
    if (!call.over) {
      frame.stamp(++call.replies, 0, nowMicros());
      if (isLast) tellWhy(call, 'reply');
      call.caller.deliver(frame.memory.u8, frame.start, frame.end);
      if (!call.isCopy) this.#parts.recorder.answer(frame, call.frame);
      call.record?.reply(frame, isLast);
      if (isLast) this.#succeeded(call);
    }
    if (isLast) this.#release(call);
  }

  #succeeded(call: BrokerCall): void {
    if (!call.isCopy) this.#countReply(call);
    this.#parts.routing.end(call, undefined);
  }

  #countReply(call: BrokerCall): void {
    const worker = call.worker!;
    const { group } = worker;
    const nowMs = monotonicMs();
    worker.countReply();
    group.outliers.succeeded(worker.standing);
    group.serviceTime.observe(nowMs - call.handedAt);
    worker.observe(exactMs() - call.begunAt, nowMs);
  }

  #failed(call: BrokerCall, frame: FrameView): void {
    if (call.over) {
      this.#release(call);
      return;
    }
    const { routing } = this.#parts;
    const worker = call.worker!;
    const code = errorCodeOfFrame(frame);
    if (!call.isCopy) countFailure(worker, ERRORS[code].category);
    call.explanation?.attemptEnded(code);
    if (code === 'REJECTED' && call.replies === 0 && routing.mayTryElsewhere(call, worker)) {
      call.rejectedBy = worker;
      this.#release(call);
      routing.route(call);
      return;
    }
    frame.stamp(call.replies + 1, 0, nowMicros());
    tellWhy(call, code);
    call.caller.deliver(frame.memory.u8, frame.start, frame.end);
    if (!call.isCopy) this.#parts.recorder.answer(frame, call.frame);
    routing.end(call, code);
    this.#release(call);
  }

  /** A reply that may not be passed on ends the call. */
  #refuse(call: BrokerCall, isLast: boolean, thrown: unknown): void {
    const worker = call.worker!;
    const error = toModwireError(thrown);
    // Otherwise it is the broker that is too busy.
    const isItsFault = error.row.category === 'caller';
    if (isItsFault && !call.isCopy) {
      worker.countError();
      worker.group.outliers.failed(worker.standing, monotonicMs());
    }
    // Who has ended it need not be told to give up.
    if (isLast) this.#release(call);
    this.#parts.routing.fail(call, isItsFault ? startedAllTheSame(error) : replyNotVerified(call, error));
  }

  #release(call: BrokerCall): void {
    const { routing, services } = this.#parts;
    const worker = call.worker!;
    routing.release(call);
    services.released(worker);
    routing.fill(worker.group);
  }
}

/** A worker has answered with an error of this category. */
function countFailure(worker: BrokerWorker, category: ErrorRow['category']): void {
  const { outliers } = worker.group;
  worker.countError();
  if (category === 'service' || category === 'time') outliers.failed(worker.standing, monotonicMs());
  else outliers.succeeded(worker.standing);
}

function isMore(frame: FrameView): boolean {
  return (frame.flags & FrameFlags.more) !== 0;
}
