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

/** Time for connections to end when the broker is closed at once. Milliseconds. */
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
  readonly #subjects: SubjectRegistry<{ audience: BrokerAudience }>;
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
  #emptied: (() => void) | undefined;

  constructor(options: ResolvedBrokerOptions, createTransport: TransportFactory) {
    const { limits } = options;
    this.#options = options;
    this.#transport = createTransport(
      {
        maxMessageBytes: limits.maxBatchBytes,
        maxBufferedBytes: Math.min(limits.slowConsumerBytes + limits.maxBatchBytes + TURN_BYTES, 2 ** 31 - 1),
      },
      {
        admit: () => this.#refusal(),
        open: (connection) => this.#open(connection),
        request: (method, path) => answerHttp(method, path, { draining: this.#draining }),
      },
    );
    const audiences = new AudienceTable<Session, Delivery>(createDelivery);
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
      create: () => ({ audience: audiences.empty }),
      created: (subject) => {
        this.#memberships.assign(subject, this.#subscriptions.interestedIn(subject.text));
        emit('modwire:subject.open', () => ({ subject: subject.text, epoch: subject.epoch }));
      },
      mayForget: (subject) => subject.state.audience.size === 0,
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
      departing: (session) => {
        session.departing = true;
        this.#endDrainWhenQuiet();
      },
    });
    this.#ingress = new Ingress({
      limits,
      subjects: this.#subjects,
      fanOut: this.#fanOut,
      credit: this.#credit,
      control: (session, memory, start, end) => controls.handle(session, memory, start, end),
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

  /** Rejects with UNAVAILABLE when the address cannot be had. */
  async listen(): Promise<void> {
    this.#port = await this.#transport.listen(this.#options.host, this.#options.port);
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
  async drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    emit('modwire:drain', () => ({ sessions: this.#sessions.size }));
    this.#transport.stopListening();
    const { drainMs } = this.#options.limits;
    for (const session of this.#sessions.values()) {
      if (!session.welcomed) session.connection.end(CLOSE_CODES.GOING_AWAY, 'the broker stops');
      else {
        const message =
          'the broker stops: publish what is under way, answer with goodbye, connect again later';
        session.send({ type: 'goodbye', code: ERRORS.UNAVAILABLE.number, message, graceMs: drainMs });
      }
    }
    this.#endDrainWhenQuiet();
    await this.#untilEmpty(drainMs);
    this.#disconnectAll();
    await this.close();
  }

  /** Stops at once: clients are cut off. */
  async close(): Promise<void> {
    this.#draining = true;
    this.#endHousekeeping();
    this.#fanOut.flush();
    this.#transport.close();
    // Connections are cut on the next turn of the event loop.
    await this.#untilEmpty(CLOSE_MS);
  }

  #endDrainWhenQuiet(): void {
    if (!this.#draining) return;
    for (const session of this.#sessions.values()) if (session.welcomed && !session.departing) return;
    this.#disconnectAll();
  }

  /** Closes in order: what is buffered for a client goes out first. */
  #disconnectAll(): void {
    this.#fanOut.flush();
    this.#ingress.sendAcks();
    for (const session of this.#sessions.values()) {
      session.deaf = true;
      session.connection.end(CLOSE_CODES.GOING_AWAY, 'the broker stops');
    }
  }

  #untilEmpty(timeoutMs: number): Promise<void> {
    if (this.#sessions.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#emptied = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #refusal(): HttpReply | undefined {
    const full = this.#sessions.size >= this.#options.limits.maxSessions;
    if (!full && !this.#draining) return undefined;
    const body = full ? 'RESOURCE_EXHAUSTED: maxSessions is reached\n' : 'UNAVAILABLE: the broker stops\n';
    return { status: 503, contentType: 'text/plain', body };
  }

  #open(connection: Connection): ConnectionHandlers {
    const session = new Session(this.#nextSession++, connection, monotonicMs());
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
    if (this.#sessions.size === 0) this.#emptied?.();
  }

  #endTurn(): void {
    this.#ingress.sendAcks();
    const nowMs = monotonicMs();
    for (const session of this.#pressure.takeTooSlow()) this.#slowConsumers.suspend(session, nowMs);
  }
}
