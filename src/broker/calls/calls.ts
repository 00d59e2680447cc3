import { randomFillSync, randomInt } from 'node:crypto';
import type { ControlOf } from '../../codec/control-message.js';
import type { FrameView } from '../../codec/frame-view.js';
import { FrameFlags } from '../../codec/generated/modwire/frame-flags.js';
import { Kind } from '../../codec/generated/modwire/kind.js';
import { correlationPlace } from '../../codec/id-places.js';
import { toModwireError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { ID_HASH_WORDS, IdMap } from '../../routing/calls/id-map.js';
import { SWEEP_MS } from '../../routing/calls/outlier-ejection.js';
import type { AcceptedVersion } from '../bound-contracts.js';
import { monotonicMs } from '../clock.js';
import type { DirectDelivery } from '../direct-delivery.js';
import type { Assignments } from '../experiments/assignments.js';
import type { MirroredCalls, Mirrors } from '../mirrors/mirrors.js';
import type { Session } from '../session.js';
import type { Recorder } from '../streams/recorder.js';
import { CallAdmission } from './call-admission.js';
import { CallAnswers } from './call-answers.js';
import { CallContracts, type CallContractsParts } from './call-contracts.js';
import { CallFrames } from './call-frames.js';
import type { CallObserver } from './call-observer.js';
import { CallRouting } from './call-routing.js';
import { Explanation } from './explanation.js';
import { SchemaReaders } from './schema-readers.js';
import { Services } from './services.js';
import { SessionCaller } from './session-caller.js';
import type { BrokerCall, BrokerCaller } from './worker-group.js';

export interface CallsParts extends CallContractsParts {
  readonly limits: Limits;
  readonly direct: DirectDelivery;
  readonly draining: () => boolean;
  readonly assignments: Pick<Assignments, 'assign' | 'fallBack' | 'tell'>;
  readonly mirrors: Pick<Mirrors, 'routed'>;
  readonly recorder: Recorder;
}

export interface CallStats {
  /** Requests without an end, and those of them that wait for a worker. */
  readonly open: number;
  readonly waiting: number;
  /** Requests that are over for their callers and that a worker has not ended. */
  readonly lingering: number;
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
  readonly #ids: IdMap<BrokerCall>;
  readonly #routing: CallRouting;
  readonly #answers: CallAnswers;
  readonly #contracts: CallContracts;
  readonly #admission: CallAdmission;
  readonly #frames = new CallFrames();
  readonly #callers = new Map<Session, SessionCaller>();
  readonly #observers: CallObserver[] = [];
  #sweptAt = 0;
  #requests = 0;
  #refused = 0;

  constructor(parts: CallsParts) {
    const { limits, direct } = parts;
    this.#parts = parts;
    const ids = new IdMap<BrokerCall>(randomFillSync(new Int32Array(ID_HASH_WORDS)));
    const groupsOf = (frame: FrameView) => this.services.groupsOf(frame);
    const routing = new CallRouting({
      ...{ limits, ids, direct, groupsOf, observers: this.#observers },
      fallBack: (call) => parts.assignments.fallBack(call),
    });
    const readers = new SchemaReaders((reader, schemaId) => parts.registry.reads(reader, schemaId));
    parts.registry.onChange(() => {
      readers.reset();
      for (const group of this.services.groups) if (group.isNarrow) routing.reconsider(group);
    });
    this.services = new Services({
      ...{ limits, readers },
      random: () => randomInt(2 ** 32) / 2 ** 32,
      expired: (call) => {
        call.place = undefined;
        routing.waitedTooLong(call);
      },
      readmitted: (group) => routing.fill(group),
    });
    this.#ids = ids;
    this.#routing = routing;
    this.#contracts = new CallContracts(parts);
    this.#admission = new CallAdmission({ limits, ids, routing, draining: parts.draining });
    this.#answers = new CallAnswers({
      ...{ limits, ids, routing, services: this.services, recorder: parts.recorder },
      contracts: this.#contracts,
    });
  }

  get stats(): CallStats {
    let workers = 0;
    let waiting = this.#routing.unserved;
    for (const group of this.services.groups) {
      workers += group.workers.size;
      waiting += group.queue.size;
    }
    const { open } = this.#routing;
    return {
      ...{ open, waiting, lingering: Math.max(0, this.#ids.size - open) },
      requests: this.#requests,
      refused: this.#refused,
      failed: this.#routing.failedCount,
      late: this.#answers.lateCount,
      workers,
    };
  }

  /** For those who copy requests. */
  get copies(): MirroredCalls {
    const routing = this.#routing;
    return {
      hand: (copy, worker) => routing.handCopy(copy, worker),
      giveUp: (copy) => routing.giveUp(copy),
      grant: (copy, replies) => routing.grant(copy, replies),
      groupsOf: (frame) => this.services.groupsOf(frame),
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
  request(caller: BrokerCaller, frame: FrameView): void {
    let call: BrokerCall;
    try {
      call = this.#admission.admit(caller, frame);
    } catch (thrown) {
      this.#refused++;
      const bytes = this.#frames.error(frame, toModwireError(thrown));
      caller.deliver(bytes, 0, bytes.length);
      return;
    }
    this.#requests++;
    if ((frame.flags & FrameFlags.explain) !== 0) {
      call.explanation = new Explanation(this.#contracts.boundTo(frame, 'request'));
    }
    this.#routing.begin(call);
    try {
      const version = this.#contracts.check(frame, 'request');
      if (version === undefined) this.#route(call, 'broker');
      else this.#verify(call, version);
    } catch (thrown) {
      this.#routing.fail(call, toModwireError(thrown));
    }
  }

  /** A session becomes a worker. Throws what refuses it. */
  serve(session: Session, message: ControlOf<'serve'>): void {
    const { group } = this.services.serve(session, message);
    session.send({ type: 'serving', service: message.service });
    this.#routing.served(group);
  }

  /** A worker takes no more requests. Throws NOT_FOUND. */
  unserve(session: Session, service: number): void {
    const { group } = this.services.unserve(session, service);
    this.#parts.direct.flushSession(session);
    session.send({ type: 'unserved', service });
    this.#routing.reconsider(group);
    this.services.sweep(group);
  }

  /** Throws NOT_FOUND, INVALID_ARGUMENT. */
  capacity(session: Session, message: ControlOf<'capacity'>): void {
    this.#routing.fill(this.services.capacity(session, message).group);
  }

  /** A session takes more replies to a request of its own. */
  grant(session: Session, { request, replies }: ControlOf<'grant'>): void {
    const caller = this.#callers.get(session);
    if (caller !== undefined) this.grantTo(caller, request, replies);
  }

  /** A caller takes so many replies in all to a request of its own. */
  grantTo(caller: BrokerCaller, request: Uint8Array, replies: number): void {
    const call = this.#ids.find(request, 0);
    if (call?.caller === caller) this.#routing.grant(call, replies);
  }

  /** A caller is gone: nobody waits for its requests any more. */
  giveUp(caller: BrokerCaller): void {
    for (const call of [...caller.calls]) this.#routing.giveUp(call);
  }

  /** Forgets a session that is gone: its requests are given up, and those that it had as a worker go elsewhere. */
  forget(session: Session): void {
    const caller = this.#callers.get(session);
    this.#callers.delete(session);
    if (caller !== undefined) this.giveUp(caller);
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

  /** From now on somebody is told of the end of every call. */
  observe(observer: CallObserver): void {
    this.#observers.push(observer);
  }

  /** Resolves when no caller waits for an end. */
  idle(): Promise<void> {
    return this.#routing.idle();
  }

  /** Ends every request: the broker stops, and takes no more. */
  abandon(): void {
    this.#routing.abandon();
  }

  close(): void {
    this.#routing.close();
  }

  /** Has a large request verified by the pool before anyone gets it. */
  #verify(call: BrokerCall, version: AcceptedVersion): void {
    const { byteLength, subject } = call;
    const { session } = call.caller;
    const contracts = this.#contracts;
    contracts.hold(byteLength, subject, session);
    this.#admission.keep(call);
    void contracts
      .verify(call.frame, version)
      .then(
        () => {
          if (!call.over) this.#route(call, 'pool');
        },
        (thrown) => this.#routing.fail(call, toModwireError(thrown)),
      )
      .finally(() => contracts.letGo(byteLength, session));
  }

  /** Its payload is known to keep the contract: a key may be read from there. */
  #route(call: BrokerCall, verified: 'broker' | 'pool'): void {
    const { assignments, mirrors, recorder } = this.#parts;
    const { frame } = call;
    call.explanation?.verified(verified);
    assignments.assign(call);
    // What its experiment is written into is a copy already, and so is what the pool has verified.
    if (verified === 'broker' && call.frame === frame) this.#admission.keep(call);
    recorder.request(call.frame);
    this.#routing.route(call);
    assignments.tell(call);
    if (call.assignment !== undefined) mirrors.routed(call, call.assignment);
  }

  #cancel(session: Session, frame: FrameView): void {
    const at = correlationPlace(frame);
    const call = at < 0 ? undefined : this.#ids.find(frame.memory.u8, at);
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
