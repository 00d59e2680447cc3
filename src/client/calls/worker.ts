import type { FrameView } from '../../codec/frame-view.js';
import { correlationPlace } from '../../codec/id-places.js';
import { ModwireError } from '../../errors.js';
import { IdMap } from '../../routing/calls/id-map.js';
import type { ClientEmitter } from '../client-events.js';
import type { Link } from '../link.js';
import type { Outbox } from '../outbox.js';
import type { Alarms } from './alarms.js';
import { Answers } from './answers.js';
import { CallContext, type CallContextHost, type Served } from './call-context.js';
import { answerTo, type CallFrames } from './call-frames.js';
import { idRandom } from './id-random.js';
import { contractRefusal } from './received.js';
import { ServiceTable } from './service-table.js';

export interface WorkerParts {
  readonly link: Link;
  readonly frames: CallFrames;
  readonly outbox: Outbox;
  readonly events: ClientEmitter;
  readonly alarms: Alarms;
  /** Told when there is a request to answer, and when there is none any more. */
  readonly awaiting: () => void;
}

/** The requests that a client answers. */
export class Worker {
  readonly table = new ServiceTable();
  /** Told when a request is answered, or its answer is for nobody. */
  onIdle = () => {};
  readonly #parts: WorkerParts;
  readonly #answers: Answers;
  readonly #host: CallContextHost;
  /** Those of the present connection that have had no end. */
  readonly #byId = new IdMap<CallContext>(idRandom());
  readonly #calls = new Set<CallContext>();

  constructor(parts: WorkerParts) {
    const { frames, outbox, events } = parts;
    this.#parts = parts;
    this.#answers = new Answers({ frames, outbox, events, ended: (context) => this.#ended(context) });
    this.#host = { expired: (context) => this.#giveUp(context, expired(context)) };
  }

  /** Requests without an end. */
  get size(): number {
    return this.#calls.size;
  }

  /** Requests of a service without an end for which somebody waits. */
  wanted(service: Served): number {
    let count = 0;
    for (const context of this.#calls) {
      if (context.service === service && context.over === undefined) count++;
    }
    return count;
  }

  /** Takes a request. */
  requested(frame: FrameView): void {
    const service = this.table.find(frame);
    if (service === undefined) {
      const error = new ModwireError('REJECTED', `the worker does not serve ${frame.subject}`);
      this.#parts.frames.error(frame.subject, answerTo(frame), error);
      return;
    }
    // Those before it in the same message may have taken their time.
    const heardMs = this.#parts.link.connection!.heardMs;
    const context = new CallContext(service, frame.retain(), heardMs, this.#host);
    this.#byId.set(context.id, 0, context);
    this.#calls.add(context);
    if (this.#calls.size === 1) this.#parts.awaiting();
    if (service.running < service.concurrency) this.#begin(context);
    else {
      this.#parts.alarms.set(context, context.deadlineMs);
      service.waiting.push(context);
    }
  }

  /** Takes a frame that says that a caller has given up. */
  cancelled(frame: FrameView): void {
    const at = correlationPlace(frame);
    const context = at < 0 ? undefined : this.#byId.find(frame.memory.u8, at);
    if (context !== undefined) {
      this.#giveUp(context, new ModwireError('CANCELLED', 'the caller has given up'));
    }
  }

  /** A caller takes so many replies in all. */
  granted(id: Uint8Array, replies: number): void {
    this.#byId.find(id, 0)?.grant(replies);
  }

  /** Begins those that wait here, as far as its concurrency allows. */
  fill(service: Served): void {
    // Handlers that are done at once come back here: one by one, not one inside the other.
    if (service.filling) return;
    service.filling = true;
    while (service.running < service.concurrency && service.waiting.length > 0) {
      const context = service.waiting.shift()!;
      this.#parts.alarms.clear(context);
      this.#begin(context);
    }
    service.filling = false;
  }

  /** The connection is gone, and with it whoever could be answered. */
  lost(error: ModwireError): void {
    this.#parts.outbox.disownAnswers();
    for (const context of [...this.#calls]) {
      if (context.lost) continue;
      context.lost = true;
      this.#byId.delete(context.id, 0);
      this.#giveUp(context, error);
    }
  }

  #begin(context: CallContext): void {
    const { service } = context;
    context.begun = true;
    service.running++;
    if (context.remainingMs <= 0) context.over ??= expired(context);
    if (context.over !== undefined) {
      this.#answers.failed(context, context.over);
      return;
    }
    const { request } = service.terms;
    const refusal = request && contractRefusal(context.frame, request, 'request');
    this.#parts.alarms.set(context, context.deadlineMs);
    if (refusal === undefined) this.#answers.run(context);
    else this.#answers.failed(context, refusal);
  }

  /** Nobody waits for its answer any more. A handler that runs is told; it is over when that has ended. */
  #giveUp(context: CallContext, error: ModwireError): void {
    this.#parts.alarms.clear(context);
    context.end(error);
    if (!context.begun) {
      const { waiting } = context.service;
      waiting.splice(waiting.indexOf(context), 1);
      this.#begin(context);
    }
    this.onIdle();
  }

  #ended(context: CallContext): void {
    const { service } = context;
    this.#parts.alarms.clear(context);
    if (!context.lost) this.#byId.delete(context.id, 0);
    this.#calls.delete(context);
    service.running--;
    this.fill(service);
    if (this.#calls.size === 0) this.#parts.awaiting();
    this.onIdle();
  }
}

function expired({ subject }: CallContext): ModwireError {
  return new ModwireError('DEADLINE_EXCEEDED', {
    what: 'the request was not answered in time',
    where: `subject ${subject}`,
  });
}
