import { ERRORS } from '../errors.js';
import { emit } from '../events.js';
import type { Registry } from '../registry/registry.js';
import type { WorkerPool } from '../workers/worker-pool.js';
import { assemble, type BrokerParts } from './broker-parts.js';
import { type BrokerStats, statsOf } from './broker-stats.js';
import { monotonicMs } from './clock.js';
import { CLOSE_CODES } from './close-codes.js';
import type { Consumers } from './consumers/consumers.js';
import { Emptiness } from './emptiness.js';
import { startHousekeeping } from './housekeeping.js';
import { HttpAnswers } from './http-answers.js';
import type { HttpReply } from './http-message.js';
import { answerHttp } from './http-routes.js';
import { closeKept, type KeptState } from './kept-state.js';
import type { ResolvedBrokerOptions } from './options.js';
import { Session } from './session.js';
import { SessionHandlers } from './session-handlers.js';
import { whenSettled } from './session-waits.js';
import type { Streams } from './streams/streams.js';
import type { Connection, ConnectionHandlers, Transport, TransportFactory } from './transport.js';

/** Room above slowConsumerBytes for what may be published before a slow consumer is taken out. Bytes. */
const TURN_BYTES = 64 * 1024 * 1024;

/** Time for connections to end when they have to. Milliseconds. */
const CLOSE_MS = 1_000;

/** A running broker: `startBroker` makes one. */
export class Broker {
  readonly #options: ResolvedBrokerOptions;
  readonly #transport: Transport;
  readonly #sessions = new Map<number, Session>();
  readonly #kept: KeptState;
  readonly #work: WorkerPool;
  readonly #parts: BrokerParts;
  readonly #endHousekeeping: () => void;
  #nextSession = 1;
  #port = 0;
  #draining = false;
  /** While draining: those who may still publish. */
  readonly #publishing = new Set<Session>();
  #drained: Promise<void> | undefined;
  #cut: Promise<void> | undefined;
  readonly #emptiness = new Emptiness(() => this.#sessions.size === 0);
  readonly #answers = new HttpAnswers();

  constructor(
    options: ResolvedBrokerOptions,
    createTransport: TransportFactory,
    kept: KeptState,
    work: WorkerPool,
  ) {
    const { limits } = options;
    this.#options = options;
    this.#kept = kept;
    this.#work = work;
    this.#transport = createTransport(
      {
        maxMessageBytes: limits.maxBatchBytes,
        maxBufferedBytes: Math.min(limits.slowConsumerBytes + limits.maxBatchBytes + TURN_BYTES, 2 ** 31 - 1),
        maxSilenceMs: limits.silenceMs,
        maxHttpBodyBytes: limits.maxHttpBodyBytes,
        maxHttpRequests: limits.maxHttpRequests,
      },
      {
        admit: (from) => this.#parts.http.origins.refuseHandshake(from) ?? this.#refusal(),
        open: (connection) => this.#open(connection),
        request: (request, answer) => this.#answers.add(answerHttp(request, this.#parts.http), answer),
      },
    );
    this.#parts = assemble({
      ...{ options, ...kept, work },
      transport: this.#transport,
      sessionCount: () => this.#sessions.size,
      draining: () => this.#draining,
      departing: (session) => whenSettled(session, () => this.#departed(session)),
      turnEnded: () => this.#endTurn(),
    });
    const { pressure, slowConsumers, fanOut, calls, rollouts, streams } = this.#parts;
    this.#endHousekeeping = startHousekeeping({
      limits,
      sessions: this.#sessions,
      ...{ pressure, slowConsumers, fanOut, calls, rollouts, streams },
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

  /** The broker's contracts. */
  get registry(): Registry {
    return this.#kept.registry;
  }

  /** The broker's streams. */
  get streams(): Streams {
    return this.#parts.streams;
  }

  /** The durable consumers of its streams. */
  get consumers(): Consumers {
    return this.#parts.taking.consumers;
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
    return { sessions: this.#sessions.size, ...statsOf(this.#parts) };
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
    this.#parts.mirrors.close();
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
    if (this.#publishing.size === 0) this.#disconnectWhenIdle();
    await this.#emptiness.within(drainMs);
    await this.#parts.detours.idle();
    await this.#parts.streams.idle();
    // Whoever has not answered by now is closed all the same, after what is there for it.
    this.#disconnectAll();
    await this.#emptiness.within(CLOSE_MS);
    // Their calls have ended; what came of them may still be on its way through the worker pool.
    await this.#answers.complete(CLOSE_MS);
    await this.close();
  }

  async #cutOff(): Promise<void> {
    this.#draining = true;
    this.#endHousekeeping();
    this.#parts.mirrors.close();
    this.#parts.fanOut.flush();
    this.#parts.direct.flush();
    this.#parts.calls.close();
    this.#transport.close();
    // Connections are cut on the next turn of the event loop.
    await this.#emptiness.within(CLOSE_MS);
    await this.#work.close();
    await this.#parts.rollouts.close();
    this.#parts.taking.consumers.close();
    await this.#parts.streams.close();
    await closeKept(this.#kept);
  }

  /** A client publishes no more. Once none does, everything can be delivered. */
  #departed(session: Session): void {
    if (this.#publishing.delete(session) && this.#publishing.size === 0) this.#disconnectWhenIdle();
  }

  /** Requests that were taken are answered before their workers are disconnected. */
  #disconnectWhenIdle(): void {
    void this.#parts.calls.idle().then(() => this.#disconnectAll());
  }

  /** Closes in order: requests that nobody has answered are ended, and what is buffered for a client goes out first. */
  #disconnectAll(): void {
    this.#parts.calls.abandon();
    this.#parts.fanOut.flush();
    this.#parts.direct.flush();
    this.#parts.acks.send();
    for (const session of this.#sessions.values()) {
      session.disconnect(CLOSE_CODES.GOING_AWAY, 'the broker stops');
    }
  }

  #refusal(): HttpReply | undefined {
    const full = this.#sessions.size >= this.#options.limits.maxSessions;
    if (!full && !this.#draining) return undefined;
    const body = full ? 'RESOURCE_EXHAUSTED: maxSessions is reached\n' : 'UNAVAILABLE: the broker stops\n';
    return { status: 503, contentType: 'text/plain', body };
  }

  #open(connection: Connection): ConnectionHandlers {
    const session = new Session(this.#nextSession++, connection, monotonicMs(), (answered) => {
      this.#parts.pressure.answered(answered);
      // Those found too slow are taken out at the end of a turn.
      this.#parts.fanOut.schedule();
    });
    this.#sessions.set(session.memberId, session);
    const { ingress, pressure, slowConsumers, recovery, taking } = this.#parts;
    const closed = (code: number) => this.#closed(session, code);
    return new SessionHandlers(session, ingress, pressure, slowConsumers, recovery, taking.consuming, closed);
  }

  #closed(session: Session, code: number): void {
    session.closed = true;
    session.deaf = true;
    this.#sessions.delete(session.memberId);
    this.#parts.fanOut.flush();
    this.#parts.subscriptions.forget(session);
    this.#parts.narrow.forget(session);
    this.#parts.calls.forget(session);
    this.#parts.taking.consuming.forget(session);
    this.#parts.slowConsumers.forget(session);
    this.#parts.pressure.forget(session);
    if (session.welcomed) {
      emit('modwire:session.close', () => ({ session: session.memberId, client: session.name, code }));
    }
    whenSettled(session, () => this.#departed(session));
    this.#emptiness.look();
  }

  #endTurn(): void {
    this.#parts.streams.commit();
    this.#parts.groups.tellAll();
    this.#parts.direct.flush();
    this.#parts.acks.send();
    this.#parts.narrow.tellAll();
    const nowMs = monotonicMs();
    for (const session of this.#parts.pressure.takeTooSlow()) this.#parts.slowConsumers.found(session, nowMs);
  }
}
