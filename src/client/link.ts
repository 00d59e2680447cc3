import type { ControlMessage } from '../codec/control-message.js';
import type { Memory } from '../codec/memory.js';
import { ERRORS, ModwireError, toModwireError } from '../errors.js';
import type { ClientEmitter } from './client-events.js';
import { type Connection, openConnection } from './connection.js';
import type { ResolvedConnectOptions } from './options.js';
import type { Outbox } from './outbox.js';
import { reconnectDelay, sleep } from './reconnect.js';

export interface LinkHost {
  readonly events: ClientEmitter;
  readonly outbox: Outbox;
  readonly frame: (memory: Memory, start: number, end: number) => void;
  readonly control: (message: ControlMessage) => void;
  /** A WebSocket message is read to its end. */
  readonly messageRead: () => void;
  /** The connection is gone: nobody will answer what was asked over it. */
  readonly lost: (error: ModwireError) => void;
  /** Connected again: takes the subscriptions up. */
  readonly resume: () => Promise<void>;
  /** The connection is gone, and there will be no other. */
  readonly over: () => void;
}

/** Keeps a client connected: one connection after the other, until it is closed. */
export class Link {
  readonly #options: ResolvedConnectOptions;
  readonly #host: LinkHost;
  readonly #closing = new AbortController();
  #connection: Connection | undefined;
  /** The connection over which nothing more is published: its broker is about to stop. */
  #departed: Connection | undefined;
  #losses = 0;

  constructor(options: ResolvedConnectOptions, host: LinkHost) {
    this.#options = options;
    this.#host = host;
  }

  /** The connection of this moment. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** How often a connection was lost over which there may have been something under way. */
  get losses(): number {
    return this.#losses;
  }

  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Opens the first connection. */
  async open(): Promise<void> {
    await this.#connect(this.#options);
    this.#attach();
  }

  close(reason: ModwireError): void {
    this.#closing.abort(reason);
    this.#connection?.close();
    this.#connection = undefined;
    this.#host.outbox.close(reason);
  }

  /** Says goodbye over the present connection: what is not sent by now waits for the next one. */
  depart(): void {
    if (this.#connection === undefined) return;
    this.#departed = this.#connection;
    this.#host.outbox.detach();
    this.#connection.send([
      { type: 'goodbye', code: ERRORS.UNAVAILABLE.number, message: 'done', graceMs: 0 },
    ]);
  }

  /** Sends a control message now, after what was published before; false when there is no connection. */
  send(message: ControlMessage): boolean {
    return this.sendAll([message]);
  }

  /** The same with several, which the broker takes in one go as far as one batch holds them. */
  sendAll(messages: readonly ControlMessage[]): boolean {
    if (this.#connection === undefined) return false;
    this.#host.outbox.flush();
    this.#host.outbox.countSent(this.#connection.send(messages));
    return true;
  }

  #connect(options: ResolvedConnectOptions): Promise<void> {
    const { events, outbox, frame, control, messageRead } = this.#host;
    let opened: Connection | undefined;
    return openConnection(options, {
      opened: (connection) => {
        opened = connection;
        this.#connection = connection;
      },
      frame,
      control,
      messageRead,
      failed: (error) => events.emit('error', error),
      pinged: (byteLength) => outbox.countSent(byteLength),
      closed: (code, detail) => {
        if (opened === this.#connection) this.#disconnected(code, detail);
      },
    });
  }

  /** Lets what is published leave over the present connection. */
  #attach(): void {
    const connection = this.#connection;
    if (connection === undefined || connection === this.#departed) return;
    const { socket, welcome, sentBytes } = connection;
    this.#host.outbox.attach(socket, welcome, sentBytes);
  }

  #disconnected(code: number, detail: string): void {
    const { events, outbox } = this.#host;
    if (this.#connection !== this.#departed) this.#losses++;
    this.#connection = undefined;
    outbox.detach();
    const got = detail || `close code ${code}`;
    this.#host.lost(new ModwireError('UNAVAILABLE', { what: 'the connection was lost', got }));
    const willReconnect = this.#options.reconnect;
    events.emit('disconnect', { code, detail, willReconnect });
    if (willReconnect) void this.#reconnect();
    else this.#host.over();
  }

  async #reconnect(): Promise<void> {
    const { signal } = this.#closing;
    for (let attempts = 1; !this.closed; attempts++) {
      try {
        await sleep(reconnectDelay(attempts, this.#options), signal);
        await this.#connect({ ...this.#options, signal });
      } catch {
        // Another try, unless it was the end of the client that ended this one.
        continue;
      }
      await this.#resume(attempts);
      return;
    }
  }

  /**
   * Subscriptions first: a client that reads what it writes gets what it published while it was away. When the
   * connection is lost meanwhile, that loss has its own way to the next one, and this is the end of it.
   */
  async #resume(attempts: number): Promise<void> {
    const connection = this.#connection;
    const { events } = this.#host;
    const lost = () => connection === undefined || connection !== this.#connection;
    try {
      await this.#host.resume();
    } catch (thrown) {
      if (lost()) return;
      // Connected, but the broker refused a subscription that it had accepted before.
      events.emit('error', toModwireError(thrown));
    }
    if (lost()) return;
    this.#attach();
    events.emit('reconnect', { attempts });
  }
}
