import { randomFillSync, randomInt } from 'node:crypto';
import type { ControlOf } from '../../codec/control-message.js';
import type { FrameView } from '../../codec/frame-view.js';
import { Kind } from '../../codec/generated/modwire/kind.js';
import { isReserved } from '../../codec/subject.js';
import { encodeUtf8 } from '../../codec/utf8.js';
import { ModwireError, toModwireError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { ID_HASH_WORDS, IdMap } from '../../routing/calls/id-map.js';
import { SWEEP_MS } from '../../routing/calls/outlier-ejection.js';
import { keyHash } from '../../routing/calls/sticky-keys.js';
import { monotonicMs } from '../clock.js';
import { reserved } from '../contract-gates.js';
import type { DirectDelivery } from '../direct-delivery.js';
import type { Session } from '../session.js';
import { Call } from './call.js';
import { CallAnswers } from './call-answers.js';
import { CallContracts, type CallContractsParts } from './call-contracts.js';
import { CallFrames } from './call-frames.js';
import { CallRouting, isIdempotent } from './call-routing.js';
import type { Caller } from './caller.js';
import { Services } from './services.js';
import { SessionCaller } from './session-caller.js';

export interface CallsParts extends CallContractsParts {
  readonly limits: Limits;
  readonly direct: DirectDelivery;
  readonly draining: () => boolean;
}

export interface CallStats {
  /** Requests without an end. */
  readonly open: number;
  /** Since the start: requests admitted and refused, and those that ended with an error of the broker's. */
  readonly requests: number;
  readonly refused: number;
  readonly failed: number;
  /** Since the start: answers of workers for which nobody waited any more. */
  readonly late: number;
  readonly workers: number;
}

/** Requests and their answers, from client to client. */
export class Calls {
  readonly services: Services;
  readonly #parts: CallsParts;
  readonly #ids: IdMap<Call>;
  readonly #routing: CallRouting;
  readonly #answers: CallAnswers;
  readonly #contracts: CallContracts;
  readonly #frames = new CallFrames();
  readonly #callers = new Map<Session, SessionCaller>();
  #sweptAt = 0;
  #requests = 0;
  #refused = 0;

  constructor(parts: CallsParts) {
    const { limits, direct } = parts;
    this.#parts = parts;
    const ids = new IdMap<Call>(randomFillSync(new Int32Array(ID_HASH_WORDS)));
    const routing = new CallRouting({ limits, ids, direct });
    this.services = new Services({
      limits,
      random: () => randomInt(2 ** 32) / 2 ** 32,
      expired: (call) => {
        call.place = undefined;
        routing.expired(call);
      },
      readmitted: (group) => routing.fill(group),
    });
    this.#ids = ids;
    this.#routing = routing;
    this.#contracts = new CallContracts(parts);
    this.#answers = new CallAnswers({ ids, routing, contracts: this.#contracts, services: this.services });
  }

  get stats(): CallStats {
    let workers = 0;
    for (const group of this.services.groups) workers += group.workers.size;
    return {
      open: this.#routing.open,
      requests: this.#requests,
      refused: this.#refused,
      failed: this.#routing.failedCount,
      late: this.#answers.lateCount,
      workers,
    };
  }

  /** Takes a frame of a call, borrowed until this returns. False for kinds that have nothing to do with calls. */
  take(session: Session, frame: FrameView): boolean {
    switch (frame.kind) {
      case Kind.request:
        this.request(this.#callerOf(session), frame);
        return true;
      case Kind.reply:
        this.#answers.reply(session, frame);
        return true;
      case Kind.error:
        this.#answers.error(session, frame);
        return true;
      case Kind.cancel:
        this.#cancel(session, frame);
        return true;
      default:
        return false;
    }
  }

  /** Takes a request, borrowed until this returns. Its caller is answered in any case. */
  request(caller: Caller, frame: FrameView): void {
    let call: Call;
    try {
      call = this.#admit(caller, frame);
    } catch (thrown) {
      this.#refused++;
      const bytes = this.#frames.error(frame, toModwireError(thrown));
      caller.deliver(bytes, 0, bytes.length);
      return;
    }
    this.#requests++;
    this.#routing.begin(call);
    const subject = this.services.subjectOf(call.frame);
    try {
      const version = this.#contracts.check(call.frame, 'request');
      if (version === undefined) this.#routing.route(call, subject);
      else {
        this.#contracts.verify(call.frame, version).then(
          () => {
            if (!call.over) this.#routing.route(call, this.services.subjectOf(call.frame));
          },
          (thrown) => this.#routing.fail(call, toModwireError(thrown)),
        );
      }
    } catch (thrown) {
      this.#routing.fail(call, toModwireError(thrown));
    }
  }

  /** A session becomes a worker. Throws what refuses it. */
  serve(session: Session, message: ControlOf<'serve'>): void {
    const { group } = this.services.serve(session, message);
    session.send({ type: 'serving', service: message.service });
    this.#routing.fill(group);
  }

  /** A worker takes no more requests. Throws NOT_FOUND. */
  unserve(session: Session, service: number): void {
    const { group } = this.services.unserve(session, service);
    this.#parts.direct.flushSession(session);
    session.send({ type: 'unserved', service });
    this.#routing.forsake(group);
    this.services.sweep(group);
  }

  /** Throws NOT_FOUND, INVALID_ARGUMENT. */
  capacity(session: Session, message: ControlOf<'capacity'>): void {
    this.#routing.fill(this.services.capacity(session, message).group);
  }

  /** A caller takes more replies. */
  grant(session: Session, { request, replies }: ControlOf<'grant'>): void {
    const call = this.#ids.find(request, 0);
    if (call === undefined || call.over || call.caller !== this.#callers.get(session)) return;
    if (replies <= call.granted) return;
    call.granted = replies;
    call.worker?.session.send({ type: 'grant', request, replies });
  }

  /** Forgets a session that is gone: its requests are given up, and those that it had as a worker go elsewhere. */
  forget(session: Session): void {
    const caller = this.#callers.get(session);
    this.#callers.delete(session);
    for (const call of [...(caller?.calls ?? [])]) this.#routing.giveUp(call);
    for (const worker of this.services.forget(session)) {
      this.#routing.lost(worker);
      this.services.sweep(worker.group);
    }
  }

  /** Periodic. */
  sweep(): void {
    const nowMs = monotonicMs();
    if (nowMs - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = nowMs;
    for (const group of this.services.groups) group.outliers.sweep(nowMs);
  }

  /** Resolves when no caller waits for an end. */
  idle(): Promise<void> {
    return this.#routing.idle();
  }

  close(): void {
    this.#routing.close();
  }

  #admit(caller: Caller, frame: FrameView): Call {
    const { limits, draining } = this.#parts;
    const { subject, timeout } = frame;
    if (isReserved(subject)) throw reserved(subject);
    if (draining()) {
      throw new ModwireError('REJECTED', { what: 'the broker stops', advice: 'connect elsewhere' });
    }
    const maxTimeout = limits.maxRequestTimeoutMs;
    if (timeout > maxTimeout * 1000) {
      throw new ModwireError('INVALID_ARGUMENT', {
        what: 'timeout too long',
        expected: `at most maxRequestTimeoutMs = ${maxTimeout}`,
        got: `${timeout} µs`,
        where: `subject ${subject}`,
      });
    }
    if (this.#routing.open >= limits.maxCalls) throw tooMany('maxCalls', limits.maxCalls, subject);
    if (caller.calls.size >= limits.maxSessionCalls) {
      throw tooMany('maxSessionCalls', limits.maxSessionCalls, subject);
    }
    if (this.#ids.find(frame.id, 0) !== undefined) {
      throw new ModwireError('ALREADY_EXISTS', {
        what: 'a request with this id is under way',
        expected: 'an id of its own',
        where: `subject ${subject}`,
      });
    }
    const nowMs = monotonicMs();
    const deadlineMs = nowMs + (timeout === 0 ? limits.requestTimeoutMs : Math.ceil(timeout / 1000));
    return new Call(caller, frame.copy(), nowMs, deadlineMs, hashOf(frame), isIdempotent(frame.flags));
  }

  #cancel(session: Session, { correlationId }: FrameView): void {
    const call = correlationId && this.#ids.find(correlationId, 0);
    if (call !== undefined && call.caller === this.#callers.get(session)) this.#routing.giveUp(call);
  }

  #callerOf(session: Session): SessionCaller {
    let caller = this.#callers.get(session);
    if (caller === undefined) {
      caller = new SessionCaller(session, this.#parts.direct);
      this.#callers.set(session, caller);
    }
    return caller;
  }
}

/** Who has no key has one of its own. */
function hashOf(frame: FrameView): number {
  const key = frame.assignmentKey;
  const bytes = key === undefined ? frame.id : encodeUtf8(key);
  return keyHash(bytes, 0, bytes.length);
}

function tooMany(limit: string, bound: number, subject: string): ModwireError {
  return new ModwireError('RESOURCE_EXHAUSTED', {
    what: 'too many requests without an end',
    expected: `at most ${limit} = ${bound}`,
    got: 'one more',
    where: `subject ${subject}`,
    advice: 'wait for some to end',
  });
}
