import { randomInt } from 'node:crypto';
import { ERRORS } from '../errors.js';
import { emit } from '../events.js';
import { AudienceTable } from '../routing/audience.js';
import { SubjectRegistry } from '../routing/subject-registry.js';
import { monotonicMs } from './clock.js';
import { CLOSE_CODES } from './close-codes.js';
import { ConsumerPressure } from './consumer-pressure.js';
import { Controls } from './controls.js';
import { createDelivery, type Delivery } from './delivery.js';
import { FanOut } from './fan-out.js';
import { startHousekeeping } from './housekeeping.js';
import { answerHttp } from './http.js';
import { Ingress } from './ingress.js';
import { Memberships } from './memberships.js';
import type { ResolvedBrokerOptions } from './options.js';
import { PublishCredit } from './publish-credit.js';
import { type BrokerAudience, Session } from './session.js';
import { SessionHandlers } from './session-handlers.js';
import { SlowConsumers } from './slow-consumers.js';
import { Subscriptions } from './subscriptions.js';
import type { Connection, ConnectionHandlers, HttpReply, Transport, TransportFactory } from './transport.js';

/** Room above slowConsumerBytes for what may be published before a slow consumer is taken out. Bytes. */
const TURN_BYTES = 64 * 1024 * 1024;

/** Time for connections to end when they have to. Milliseconds. */
const CLOSE_MS = 1_000;

/** Figures of a running broker. */
export interface BrokerStats {
  readonly sessions: number;
  readonly subscriptions: number;
  readonly subjects: number;
  readonly audiences: number;
  /** Frames admitted and refused since the start. */
  readonly frames: number;
  readonly frameBytes: number;
  readonly refused: number;
  /** Upper bound of what is buffered for all consumers. Bytes. */
  readonly bufferedBytes: number;
  readonly slowConsumers: number;
  /** Audiences whose publishers wait. */
  readonly congested: number;
}

/** A running broker: `startBroker` makes one. */
export class Broker {
  readonly #options: ResolvedBrokerOptions;
  readonly #transport: Transport;
  readonly #sessions = new Map<number, Session>();
  readonly #subjects: SubjectRegistry<BrokerAudience>;
  readonly #memberships: Memberships;
  readonly #subscriptions: Subscriptions;
  readonly #fanOut: FanOut;
  readonly #credit: PublishCredit;
  readonly #pressure: ConsumerPressure;
  readonly #slowConsumers: SlowConsumers;
  readonly #ingress: Ingress;
  readonly #endHousekeeping: () => void;
  #nextSession = 1;
  #port = 0;
  #draining = false;
  /** While draining: those who may still publish. */
  readonly #publishing = new Set<Session>();
  #drained: Promise<void> | undefined;
  #cut: Promise<void> | undefined;
  readonly #whenEmpty = new Set<() => void>();

  constructor(options: ResolvedBrokerOptions, createTransport: TransportFactory) {
    const { limits } = options;
    this.#options = options;
    this.#transport = createTransport(
      {
        maxMessageBytes: limits.maxBatchBytes,
        maxBufferedBytes: Math.min(limits.slowConsumerBytes + limits.maxBatchBytes + TURN_BYTES, 2 ** 31 - 1),
        maxSilenceMs: limits.silenceMs,
      },
      {
        admit: () => this.#refusal(),
        open: (connection) => this.#open(connection),
        request: (method, path) => answerHttp(method, path, { draining: this.#draining }),
      },
    );
    const audiences = new AudienceTable<Session, Delivery<Session>>(createDelivery);
    this.#credit = new PublishCredit(limits.publishWindowBytes);
    this.#pressure = new ConsumerPressure(limits, this.#credit, monotonicMs, () => this.#sessions.size);
    this.#memberships = new Memberships(audiences, (audience) => this.#pressure.release(audience));
    this.#fanOut = new FanOut(
      this.#transport,
      limits,
      (audience, byteLength) => this.#pressure.publishing(audience, byteLength),
      () => this.#endTurn(),
    );
    this.#slowConsumers = new SlowConsumers(
      limits,
      options.slowConsumerPolicy,
      this.#fanOut,
      this.#memberships,
      (session, visit) => this.#subscriptions.visitSubjects(session, visit),
    );
    this.#subjects = new SubjectRegistry({
      maxSubjects: limits.maxSubjects,
      idleMs: limits.subjectIdleMs,
      create: () => audiences.empty,
      created: (subject) => {
        this.#memberships.assign(subject, this.#subscriptions.interestedIn(subject.text));
        emit('modwire:subject.open', () => ({ subject: subject.text, epoch: subject.epoch }));
      },
      mayForget: (subject) => subject.state.size === 0,
      forget: (subject) => {
        this.#memberships.retire(subject);
        emit('modwire:subject.close', () => ({ subject: subject.text, epoch: subject.epoch }));
      },
    });
    this.#subscriptions = new Subscriptions(
      limits,
      this.#subjects,
      this.#memberships,
      this.#fanOut,
      this.#slowConsumers,
    );
    const controls = new Controls({
      limits,
      brokerName: options.name,
      subscriptions: this.#subscriptions,
      fanOut: this.#fanOut,
      sendAcks: () => this.#ingress.sendAcks(),
      departing: (session) => this.#departed(session),
    });
    this.#ingress = new Ingress({
      limits,
      subjects: this.#subjects,
      fanOut: this.#fanOut,
      credit: this.#credit,
      control: (session, memory, start, end) => controls.handle(session, memory, start, end),
      unite: (subject) => this.#memberships.unite(subject),
      seed: randomInt(2 ** 31),
    });
    this.#endHousekeeping = startHousekeeping({
      limits,
      sessions: this.#sessions,
      pressure: this.#pressure,
      slowConsumers: this.#slowConsumers,
      fanOut: this.#fanOut,
    });
  }

  get port(): number {
    return this.#port;
  }

  /** Where clients connect: `ws://HOST:PORT`. */
  get url(): string {
    const { host } = this.#options;
    return `ws://${host.includes(':') ? `[${host}]` : host}:${this.#port}`;
  }

  get transport(): 'uws' | 'ws' {
    return this.#transport.name;
  }

  /** Rejects with UNAVAILABLE when the address cannot be had; the broker is closed then. */
  async listen(): Promise<void> {
    try {
      this.#port = await this.#transport.listen(this.#options.host, this.#options.port);
    } catch (thrown) {
      await this.close();
      throw thrown;
    }
  }

  stats(): BrokerStats {
    return {
      sessions: this.#sessions.size,
      subscriptions: this.#subscriptions.count,
      subjects: this.#subjects.size,
      audiences: this.#memberships.audienceCount,
      frames: this.#ingress.frameCount,
      frameBytes: this.#ingress.frameBytes,
      refused: this.#ingress.refusedCount,
      bufferedBytes: this.#pressure.totalBytes,
      slowConsumers: this.#slowConsumers.count,
      congested: this.#pressure.congestedCount,
    };
  }

  /**
   * Stops gracefully: takes no new sessions and tells the clients; when each has published what it had under way, or
   * after `drainMs`, everything is delivered and the connections are closed in order.
   */
  drain(): Promise<void> {
    this.#drained ??= this.#cut ?? this.#drain();
    return this.#drained;
  }

  /** Stops at once: clients are cut off. */
  close(): Promise<void> {
    this.#cut ??= this.#cutOff();
    return this.#cut;
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    emit('modwire:drain', () => ({ sessions: this.#sessions.size }));
    this.#transport.stopListening();
    const { drainMs } = this.#options.limits;
    const message = 'the broker stops: publish what is under way, answer with goodbye, connect again later';
    for (const session of this.#sessions.values()) {
      if (!session.welcomed) session.disconnect(CLOSE_CODES.GOING_AWAY, 'the broker stops');
      else if (!session.deaf) {
        this.#publishing.add(session);
        session.send({ type: 'goodbye', code: ERRORS.UNAVAILABLE.number, message, graceMs: drainMs });
      }
    }
    if (this.#publishing.size === 0) this.#disconnectAll();
    await this.#untilEmpty(drainMs);
    // Whoever has not answered by now is closed all the same, after what is there for it.
    this.#disconnectAll();
    await this.#untilEmpty(CLOSE_MS);
    await this.close();
  }

  async #cutOff(): Promise<void> {
    this.#draining = true;
    this.#endHousekeeping();
    this.#fanOut.flush();
    this.#transport.close();
    // Connections are cut on the next turn of the event loop.
    await this.#untilEmpty(CLOSE_MS);
  }

  /** A client publishes no more. Once none does, everything can be delivered. */
  #departed(session: Session): void {
    if (this.#publishing.delete(session) && this.#publishing.size === 0) this.#disconnectAll();
  }

  /** Closes in order: what is buffered for a client goes out first. */
  #disconnectAll(): void {
    this.#fanOut.flush();
    this.#ingress.sendAcks();
    for (const session of this.#sessions.values()) {
      session.disconnect(CLOSE_CODES.GOING_AWAY, 'the broker stops');
    }
  }

  #untilEmpty(timeoutMs: number): Promise<void> {
    if (this.#sessions.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#whenEmpty.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#whenEmpty.add(done);
    });
  }

  #refusal(): HttpReply | undefined {
    const full = this.#sessions.size >= this.#options.limits.maxSessions;
    if (!full && !this.#draining) return undefined;
    const body = full ? 'RESOURCE_EXHAUSTED: maxSessions is reached\n' : 'UNAVAILABLE: the broker stops\n';
    return { status: 503, contentType: 'text/plain', body };
  }

  #open(connection: Connection): ConnectionHandlers {
    const session = new Session(this.#nextSession++, connection, monotonicMs(), (answered) => {
      this.#pressure.answered(answered);
      // Those found too slow are taken out at the end of a turn.
      this.#fanOut.schedule();
    });
    this.#sessions.set(session.memberId, session);
    return new SessionHandlers(session, this.#ingress, this.#pressure, this.#slowConsumers, (code) =>
      this.#closed(session, code),
    );
  }

  #closed(session: Session, code: number): void {
    session.closed = true;
    session.deaf = true;
    this.#sessions.delete(session.memberId);
    this.#fanOut.flush();
    this.#subscriptions.forget(session);
    this.#slowConsumers.forget(session);
    this.#pressure.forget(session);
    if (session.welcomed) {
      emit('modwire:session.close', () => ({ session: session.memberId, client: session.name, code }));
    }
    this.#departed(session);
    if (this.#sessions.size === 0) for (const done of this.#whenEmpty) done();
  }

  #endTurn(): void {
    this.#ingress.sendAcks();
    const nowMs = monotonicMs();
    for (const session of this.#pressure.takeTooSlow()) this.#slowConsumers.found(session, nowMs);
  }
}
