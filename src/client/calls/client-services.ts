import type { ControlOf } from '../../codec/control-message.js';
import { ModwireError, toModwireError } from '../../errors.js';
import { cancelled } from '../abort.js';
import type { ClientEmitter } from '../client-events.js';
import { ConditionWaiters } from '../condition-waiters.js';
import type { Link } from '../link.js';
import { notConnected } from '../not-connected.js';
import { PendingAnswers } from '../pending-answers.js';
import type { ServeTerms } from './serve-options.js';
import { Service, type ServiceHost } from './service.js';
import type { Worker } from './worker.js';

export interface ClientServicesParts {
  readonly link: Link;
  readonly events: ClientEmitter;
  readonly worker: Worker;
  /** Milliseconds. */
  readonly answerMs: number;
  /** Numbers that the broker's refusals name. */
  readonly nextNumber: () => number;
  /** Told when somebody begins to wait for an answer, and when nobody does any more. */
  readonly awaiting: () => void;
}

/** The services of a client, over all its connections. */
export class ClientServices {
  readonly #parts: ClientServicesParts;
  readonly #open = new Map<number, Service>();
  readonly #starting: PendingAnswers<number, void>;
  readonly #ending: PendingAnswers<number, void>;
  readonly #idle = new ConditionWaiters(() => undefined);
  readonly #host: ServiceHost;
  /** Services that take no more requests over the present connection, by number. */
  #leaving = new Map<number, Promise<void>>();

  constructor(parts: ClientServicesParts) {
    const { link, events, worker, answerMs, awaiting } = parts;
    this.#parts = parts;
    this.#starting = new PendingAnswers('answer to a service', answerMs, awaiting);
    this.#ending = new PendingAnswers('answer to the end of a service', answerMs, awaiting);
    this.#host = {
      changed: (service) => {
        worker.fill(service);
        if (service.accepted) link.send(capacityOf(service));
      },
      drain: (service) => this.#drain(service),
      failed: (thrown) => events.emit('error', toModwireError(thrown)),
    };
    worker.onIdle = () => this.#idle.check();
  }

  /** Whether somebody waits for an answer. */
  get awaited(): boolean {
    return this.#starting.size > 0 || this.#ending.size > 0;
  }

  async start(terms: ServeTerms, signal: AbortSignal | undefined): Promise<Service> {
    this.#checkFree(terms.filter);
    const service = new Service(this.#parts.nextNumber(), terms, this.#host);
    this.#open.set(service.number, service);
    this.#parts.worker.table.add(service);
    try {
      await this.#serve(service, signal);
    } catch (thrown) {
      this.#forget(service);
      throw thrown;
    }
    if (signal?.aborted) {
      await service.drain();
      throw cancelled(signal);
    }
    service.drainOn(signal);
    return service;
  }

  /** Serves all again over a new connection. What is refused ends, and is told. */
  async resume(): Promise<void> {
    const { link, events } = this.#parts;
    const { connection } = link;
    const resume = async (service: Service) => {
      try {
        await this.#serve(service, undefined);
      } catch (thrown) {
        // Without this connection the next one takes it up.
        if (connection !== link.connection) return;
        const error = toModwireError(thrown);
        // A late answer still counts.
        if (error.code !== 'DEADLINE_EXCEEDED') this.#forget(service);
        events.emit('error', error);
      }
    };
    const again = [...this.#open.values()].filter(({ accepted, draining }) => accepted && !draining);
    await Promise.all(again.map(resume));
  }

  async drainAll(): Promise<void> {
    await Promise.all([...this.#open.values()].map((service) => service.drain()));
  }

  /**
   * The broker is about to stop: takes no more requests over the present connection. Resolves when those that it has
   * are answered; what then still runs is for nobody.
   */
  async depart(): Promise<void> {
    const served = [...this.#open.values()].filter(({ accepted }) => accepted);
    await Promise.all(served.map((service) => this.#leave(service)));
    await this.#untilAnswered(served);
  }

  serving({ service: number }: ControlOf<'serving'>): void {
    const service = this.#open.get(number);
    if (service === undefined) {
      // Nobody waited for it any longer.
      this.#parts.link.send({ type: 'unserve', service: number });
      return;
    }
    service.accepted = true;
    this.#starting.resolve(number);
  }

  unserved({ service }: ControlOf<'unserved'>): void {
    this.#ending.resolve(service);
  }

  /** False when nobody waits for this service's answer. */
  refused(number: number, error: ModwireError): boolean {
    return this.#starting.reject(number, error) || this.#ending.reject(number, error);
  }

  /** The connection is gone. */
  lost(error: ModwireError): void {
    this.#leaving = new Map();
    this.#starting.rejectAll(error);
    this.#ending.rejectAll(error);
  }

  /** The client is closed. */
  close(): void {
    for (const service of [...this.#open.values()]) this.#forget(service);
  }

  async #serve(service: Service, signal: AbortSignal | undefined): Promise<void> {
    const { link } = this.#parts;
    const { number, terms, concurrency } = service;
    const { filter: subject, group, version, policy, request } = terms;
    const reads = request === undefined ? [] : [request.id];
    const answer = this.#starting.wait(number, signal);
    const asked = { service: number, subject, group, version, concurrency, policy, reads };
    const sent = link.send({ type: 'serve', ...asked });
    if (!sent) this.#starting.reject(number, notConnected());
    else if (!service.ready) link.send(capacityOf(service));
    await answer;
  }

  async #drain(service: Service): Promise<void> {
    if (!this.#open.has(service.number)) return;
    try {
      await this.#leave(service);
      await this.#untilAnswered([service]);
    } finally {
      this.#forget(service);
    }
  }

  /** Once for each connection. Resolves when no more requests for it follow. */
  #leave(service: Service): Promise<void> {
    const { number } = service;
    let leaving = this.#leaving.get(number);
    if (leaving === undefined) {
      leaving = this.#unserve(number);
      this.#leaving.set(number, leaving);
    }
    return leaving;
  }

  async #unserve(number: number): Promise<void> {
    const { link } = this.#parts;
    const { connection } = link;
    try {
      const answer = this.#ending.wait(number);
      // Without a connection there is nothing to end but here.
      if (!link.send({ type: 'unserve', service: number })) this.#ending.resolve(number);
      await answer;
    } catch (thrown) {
      // With its connection the service is gone too.
      if (connection === link.connection) throw thrown;
    }
  }

  /** What its handlers do for nobody is not waited for. */
  #untilAnswered(services: readonly Service[]): Promise<void> {
    const { worker } = this.#parts;
    const isMet = () => services.every((service) => worker.wanted(service) === 0);
    return this.#idle.wait({ what: 'without requests', isMet, progress: () => 0 }, {});
  }

  /** Requests do not say which service they are for: the filter has to tell. */
  #checkFree(filter: string): void {
    for (const { terms } of this.#open.values()) if (terms.filter === filter) throw servedAlready(filter);
  }

  #forget(service: Service): void {
    if (!this.#open.delete(service.number)) return;
    this.#parts.worker.table.delete(service);
    service.end();
  }
}

function capacityOf({ number, concurrency, ready }: Service): ControlOf<'capacity'> {
  return { type: 'capacity', service: number, concurrency, ready };
}

function servedAlready(filter: string): ModwireError {
  return new ModwireError('ALREADY_EXISTS', {
    what: 'this client serves it already',
    got: filter,
    advice: 'drain that service first, or serve with another client',
  });
}
