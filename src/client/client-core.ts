import type { FrameView } from '../codec/frame-view.js';
import { FrameWriter } from '../codec/frame-writer.js';
import { Kind } from '../codec/generated/modwire/kind.js';
import { ModwireError } from '../errors.js';
import type { SignalOptions } from './abort.js';
import { Alarms } from './calls/alarms.js';
import { CallFrames } from './calls/call-frames.js';
import { Caller } from './calls/caller.js';
import { ClientServices } from './calls/client-services.js';
import { Worker } from './calls/worker.js';
import { ClientContracts } from './client-contracts.js';
import { ClientEmitter } from './client-events.js';
import { ClientSubscriptions } from './client-subscriptions.js';
import { atEndOfTurn } from './connection.js';
import { ControlReader } from './control-reader.js';
import { Inbox } from './inbox.js';
import { Link } from './link.js';
import type { ResolvedConnectOptions } from './options.js';
import { Outbox } from './outbox.js';
import { Publisher } from './publisher.js';
import { QuestionNumbers } from './question-numbers.js';
import { RoundTrips } from './round-trips.js';
import { ClientStreams } from './streams/client-streams.js';
import { ManageCalls } from './streams/manage-calls.js';

/** The parts of a client, and what happens to all of them. */
export class ClientCore {
  readonly options: ResolvedConnectOptions;
  readonly events = new ClientEmitter();
  readonly outbox: Outbox;
  readonly link: Link;
  readonly subscriptions: ClientSubscriptions;
  readonly contracts: ClientContracts;
  readonly publisher: Publisher;
  readonly caller: Caller;
  readonly worker: Worker;
  readonly services: ClientServices;
  readonly streams: ClientStreams;
  readonly manageCalls: ManageCalls;
  readonly alarms = new Alarms();
  readonly #roundTrips: RoundTrips;
  readonly #controls: ControlReader;

  constructor(options: ResolvedConnectOptions) {
    const { answerMs, batchBytes, maxPendingBytes, register, maxQueuedFrames } = options;
    const { events, alarms } = this;
    const awaiting = () => this.subscriptions.awaitingChanged();
    const numbers = new QuestionNumbers();
    const nextNumber = () => numbers.next();
    const outbox = new Outbox(new FrameWriter(), batchBytes, maxPendingBytes, atEndOfTurn, awaiting);
    const inbox = new Inbox(options.maxTrackedSubjects, atEndOfTurn, {
      gap: (gap) => events.emit('gap', gap),
      failed: (error) => events.emit('error', error),
      call: (frame) => this.#call(frame),
    });
    const link = new Link(options, {
      ...{ events, outbox },
      frame: (memory, start, end) => inbox.frame(memory, start, end),
      control: (message) => this.#controls.take(message),
      messageRead: () => inbox.endMessage(),
      lost: (error) => this.#lost(error),
      resume: () => this.#resume(),
      over: () => this.close(),
    });
    this.options = options;
    this.outbox = outbox;
    this.link = link;
    this.contracts = new ClientContracts({ link, events, answerMs, register, nextNumber, awaiting });
    this.publisher = new Publisher({ outbox, contracts: this.contracts, answerMs, awaiting });
    this.#roundTrips = new RoundTrips(link, answerMs, awaiting);
    const frames = new CallFrames(outbox);
    const worker = new Worker({ link, frames, outbox, events, alarms, awaiting });
    this.worker = worker;
    this.caller = new Caller({ link, outbox, frames, alarms, awaiting });
    this.services = new ClientServices({ link, events, worker, answerMs, nextNumber, awaiting });
    this.streams = new ClientStreams({ link, inbox, events, answerMs, nextNumber, atEndOfTurn, awaiting });
    this.manageCalls = new ManageCalls({ link, answerMs, nextNumber, awaiting });
    this.subscriptions = new ClientSubscriptions({
      ...{ link, inbox, events, maxQueuedFrames, answerMs },
      awaiting: () => this.#awaited,
    });
    this.#controls = new ControlReader({ ...this.#asked, events, link, outbox, inbox });
  }

  get closed(): boolean {
    return this.link.closed;
  }

  throwIfClosed(): void {
    if (!this.closed) return;
    throw new ModwireError('FAILED_PRECONDITION', { what: 'the client is closed', advice: 'connect again' });
  }

  /** Opens the first connection, and makes the contracts known. */
  async open(): Promise<void> {
    await this.link.open();
    try {
      await this.contracts.useAll(this.options.contracts, this.options.signal);
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  async flush(options: SignalOptions): Promise<void> {
    this.throwIfClosed();
    const { losses } = this.link;
    this.streams.flush();
    this.outbox.flush();
    await this.outbox.untilHanded({ ...options, timeoutMs: this.options.answerMs });
    if (losses !== this.link.losses) {
      throw new ModwireError('UNAVAILABLE', 'the connection was lost before the broker had taken everything');
    }
    await this.#roundTrips.make(options.signal);
  }

  async drain(): Promise<void> {
    try {
      await Promise.all([this.services.drainAll(), this.streams.drainAll()]);
      await this.caller.untilIdle();
      await this.flush({});
      await this.subscriptions.endAll();
      // Listeners may have published meanwhile.
      await this.flush({});
    } finally {
      this.close();
    }
  }

  close(): void {
    if (this.closed) return;
    const reason = new ModwireError('CANCELLED', 'the client was closed');
    this.link.close(reason);
    this.publisher.close(reason);
    this.#lost(reason);
    this.caller.close(reason);
    this.services.close();
    this.streams.close(reason);
    this.subscriptions.close();
    this.alarms.close();
    this.events.emit('close', undefined);
  }

  /** Who asks something of the broker. */
  get #asked() {
    const { publisher, subscriptions, contracts, caller, services, worker, streams, manageCalls } = this;
    const roundTrips = this.#roundTrips;
    return {
      publisher,
      subscriptions,
      contracts,
      caller,
      services,
      worker,
      streams,
      manageCalls,
      roundTrips,
    };
  }

  /** Whether somebody waits for what only reading on can bring, subscriptions' answers apart. */
  get #awaited(): boolean {
    const { publisher, contracts, outbox, services, caller, worker, streams, manageCalls } = this;
    if (publisher.awaited || contracts.awaited || this.#roundTrips.awaited || outbox.awaited) return true;
    if (services.awaited || streams.awaited || manageCalls.awaited) return true;
    return caller.size > 0 || worker.size > 0;
  }

  #call(frame: FrameView): void {
    switch (frame.kind) {
      case Kind.reply:
        this.caller.replied(frame);
        break;
      case Kind.request:
        this.worker.requested(frame);
        break;
      case Kind.error:
        this.caller.failed(frame);
        break;
      case Kind.cancel:
        this.worker.cancelled(frame);
        break;
      default: {
        const what = `the broker sent a frame of kind ${frame.kind}, which this version does not know`;
        this.events.emit('error', new ModwireError('UNIMPLEMENTED', what));
      }
    }
  }

  /** Contracts first: without them the broker would refuse what waits to be sent. */
  async #resume(): Promise<void> {
    await this.contracts.renew();
    await Promise.all([this.subscriptions.resume(), this.services.resume(), this.streams.resume()]);
  }

  #lost(error: ModwireError): void {
    this.#controls.lost();
    this.subscriptions.lost(error);
    this.publisher.lost(error);
    this.contracts.lost(error);
    this.#roundTrips.lost(error);
    this.services.lost(error);
    this.streams.disconnected(error);
    this.manageCalls.lost(error);
    this.worker.lost(error);
    this.caller.lost(error);
  }
}
