import type { FrameView } from '../../codec/frame-view.js';
import { FrameFlags } from '../../codec/generated/modwire/frame-flags.js';
import { correlationPlace } from '../../codec/id-places.js';
import { ModwireError, toModwireError } from '../../errors.js';
import { IdMap } from '../../routing/calls/id-map.js';
import { onAbort, throwIfAborted } from '../abort.js';
import { ConditionWaiters } from '../condition-waiters.js';
import type { Link } from '../link.js';
import type { Outbox } from '../outbox.js';
import type { Alarms } from './alarms.js';
import { errorOfFrame } from './call-errors.js';
import type { CallFrames } from './call-frames.js';
import type { CallTerms } from './call-options.js';
import { idRandom } from './id-random.js';
import { type Attempt, type PendingCall, SingleCall, takeExplanation } from './pending-call.js';
import type { Reply } from './received.js';
import { StreamCall, type StreamHost } from './reply-stream.js';
import { SecondAttempts } from './second-attempts.js';

export interface CallerParts {
  readonly link: Link;
  readonly outbox: Outbox;
  readonly frames: CallFrames;
  readonly alarms: Alarms;
  /** Told when a request begins to wait for its answer, and when none does any more. */
  readonly awaiting: () => void;
}

/** The requests of a client, over all its connections: each has one outcome, by its deadline. */
export class Caller {
  readonly #parts: CallerParts;
  readonly #calls = new Set<PendingCall>();
  readonly #attempts = new IdMap<Attempt>(idRandom());
  readonly #seconds = new SecondAttempts();
  readonly #idle = new ConditionWaiters(() => undefined);
  readonly #streamHost: StreamHost;
  readonly #expired = (call: PendingCall) => this.#giveUp(call, late(call));
  /** The present broker is about to stop: requests wait for the next one. */
  #departing = false;
  #held: PendingCall[] = [];
  #late = 0;

  constructor(parts: CallerParts) {
    this.#parts = parts;
    this.#streamHost = {
      expired: this.#expired,
      grant: (call, replies) => {
        for (const { id } of call.live) parts.link.send({ type: 'grant', request: id, replies });
      },
      stop: (call) => this.#giveUp(call, undefined),
    };
  }

  /** Requests without an outcome. */
  get size(): number {
    return this.#calls.size;
  }

  /** Replies and errors that came when their request had its outcome. */
  get late(): number {
    return this.#late;
  }

  get retries(): number {
    return this.#seconds.retries;
  }

  get hedges(): number {
    return this.#seconds.hedges;
  }

  request(terms: CallTerms): Promise<Reply<unknown>> {
    const call = new SingleCall(terms, this.#expired);
    return new Promise((resolve, reject) => {
      call.resolve = resolve;
      call.reject = reject;
      this.#start(call);
    });
  }

  stream(terms: CallTerms): StreamCall {
    const call = new StreamCall(terms, this.#streamHost);
    this.#start(call);
    return call;
  }

  /** Takes a frame that answers a request. */
  replied(frame: FrameView): void {
    const attempt = this.#find(frame);
    if (attempt === undefined) return;
    const { call, sentMs } = attempt;
    const nowMs = performance.now();
    const more = (frame.flags & FrameFlags.more) !== 0;
    const refusal = call.take(attempt, frame, more, nowMs);
    if (refusal !== undefined) {
      // What goes on is cancelled.
      this.#end(call, more ? undefined : attempt);
      call.fail(refusal);
    } else if (!more) {
      this.#seconds.answered(call, nowMs - sentMs, nowMs);
      this.#end(call, attempt);
    }
  }

  /** Takes a frame that says why a request has failed. */
  failed(frame: FrameView): void {
    const attempt = this.#find(frame);
    if (attempt !== undefined) this.#attemptFailed(attempt, errorOfFrame(frame));
  }

  /** The broker says why an attempt went where it went. */
  explained(id: Uint8Array, json: string): void {
    const attempt = this.#attempts.find(id, 0);
    if (attempt !== undefined) takeExplanation(attempt, json);
  }

  /** The broker refuses a frame. False when it is no request that somebody waits for. */
  refused(id: Uint8Array, error: ModwireError): boolean {
    const attempt = this.#attempts.find(id, 0);
    if (attempt !== undefined) this.#attemptFailed(attempt, error);
    return attempt !== undefined;
  }

  /** The connection is gone. What is not sent yet will be, over the next one. */
  lost(error: ModwireError): void {
    const { handedBytes } = this.#parts.outbox;
    const advice = 'the request may have been started; declare it idempotent to have it tried again';
    const unanswered =
      error.code === 'UNAVAILABLE' ? new ModwireError(error.code, { ...error.detail, advice }) : error;
    for (const call of [...this.#calls]) {
      for (const attempt of [...call.live]) {
        if (attempt.mark <= handedBytes) this.#attemptFailed(attempt, unanswered);
      }
    }
    this.#departing = false;
    for (const call of this.#held.splice(0)) if (!call.over) this.#sendAgain(call);
  }

  /** From now on requests wait for the next connection. Resolves when those under way have ended. */
  depart(): Promise<void> {
    this.#departing = true;
    const isMet = () => this.#attempts.size === 0;
    return this.#idle.wait({ what: 'without requests', isMet, progress: () => 0 }, {});
  }

  /** Resolves when no request is without its outcome. */
  untilIdle(): Promise<void> {
    const isMet = () => this.size === 0;
    return this.#idle.wait({ what: 'without requests', isMet, progress: () => 0 }, {});
  }

  /** The client is closed. */
  close(error: ModwireError): void {
    for (const call of [...this.#calls]) {
      this.#settle(call);
      call.fail(error);
    }
    this.#held = [];
  }

  #start(call: PendingCall): void {
    const { signal } = call.terms.options ?? {};
    throwIfAborted(signal);
    const { startedMs } = call;
    this.#send(call, startedMs);
    this.#seconds.began(startedMs);
    this.#calls.add(call);
    this.#parts.alarms.set(call, call.deadlineMs);
    if (signal !== undefined) call.offAbort = onAbort(signal, (error) => this.#giveUp(call, error));
    if (call.terms.hedge !== undefined) this.#planHedge(call, startedMs);
    if (this.#calls.size === 1) this.#parts.awaiting();
  }

  /** Throws what `publish` throws. */
  #send(call: PendingCall, nowMs: number): void {
    if (this.#departing) {
      this.#held.push(call);
      return;
    }
    const { frames, outbox } = this.#parts;
    const id = frames.request(call.terms, call.deadlineMs - nowMs, call.firstId);
    const mark = outbox.writtenBytes;
    const attempt: Attempt = { call, id, mark, sentMs: nowMs, explanation: undefined };
    call.firstId ??= id;
    call.attempts++;
    call.live.push(attempt);
    this.#attempts.set(id, 0, attempt);
  }

  #sendAgain(call: PendingCall): void {
    try {
      this.#send(call, performance.now());
    } catch (thrown) {
      // Another attempt may be under way.
      if (call.live.length > 0) return;
      this.#settle(call);
      call.fail(toModwireError(thrown));
    }
  }

  #planHedge(call: PendingCall, nowMs: number): void {
    const delayMs = this.#seconds.hedgeDelayMs(call, nowMs);
    if (delayMs === undefined) return;
    this.#plan(call, nowMs + delayMs, (dueMs) => {
      if (call.live.length > 0 && this.#seconds.tryHedge(call, dueMs)) this.#sendAgain(call);
    });
  }

  #plan(call: PendingCall, atMs: number, action: (nowMs: number) => void): void {
    call.planned = {
      wheelIndex: -1,
      due: (nowMs) => {
        call.planned = undefined;
        action(nowMs);
      },
    };
    this.#parts.alarms.set(call.planned, atMs);
  }

  #unplan(call: PendingCall): void {
    if (call.planned === undefined) return;
    this.#parts.alarms.clear(call.planned);
    call.planned = undefined;
  }

  #attemptFailed(attempt: Attempt, error: ModwireError): void {
    const { call } = attempt;
    this.#forget(attempt);
    call.live.splice(call.live.indexOf(attempt), 1);
    if (call.live.length > 0) return;
    this.#unplan(call);
    const nowMs = performance.now();
    const delayMs = this.#seconds.retryDelayMs(call, error, nowMs);
    if (delayMs !== undefined) this.#plan(call, nowMs + delayMs, () => this.#sendAgain(call));
    else {
      this.#settle(call);
      call.fail(error);
    }
  }

  /** Nobody waits for it any longer. */
  #giveUp(call: PendingCall, error: ModwireError | undefined): void {
    if (call.over) return;
    this.#end(call, undefined);
    if (error !== undefined) call.fail(error);
  }

  /** It has its outcome: attempts other than `ended` are cancelled. */
  #end(call: PendingCall, ended: Attempt | undefined): void {
    for (const attempt of call.live) {
      if (attempt !== ended) this.#parts.frames.cancel(call.terms.subject, attempt.id);
    }
    this.#settle(call);
  }

  #settle(call: PendingCall): void {
    call.over = true;
    call.offAbort?.();
    this.#parts.alarms.clear(call);
    this.#unplan(call);
    for (const attempt of call.live) this.#forget(attempt);
    call.live.length = 0;
    this.#calls.delete(call);
    if (this.#calls.size > 0) return;
    this.#parts.awaiting();
    this.#idle.check();
  }

  #forget(attempt: Attempt): void {
    this.#attempts.delete(attempt.id, 0);
    if (this.#attempts.size === 0) this.#idle.check();
  }

  /** The attempt that a frame answers. One that nobody waits for is counted. */
  #find(frame: FrameView): Attempt | undefined {
    const at = correlationPlace(frame);
    const attempt = at < 0 ? undefined : this.#attempts.find(frame.memory.u8, at);
    if (attempt === undefined) this.#late++;
    return attempt;
  }
}

function late({ terms, attempts }: PendingCall): ModwireError {
  return new ModwireError('DEADLINE_EXCEEDED', {
    what: 'the request has not ended in time',
    expected: `an end within ${terms.timeoutMs} ms`,
    got: attempts === 1 ? 'none' : `none in ${attempts} attempts`,
    where: `subject ${terms.subject}`,
  });
}
