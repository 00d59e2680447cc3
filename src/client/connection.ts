import { atEndOfTurn, openSocket } from '#socket';
import { BatchReader, batchesOf } from '../codec/batch.js';
import { decodeControl, encodeControl, isViolation } from '../codec/control.js';
import { type ControlMessage, type ControlOf, PROTOCOL_VERSION } from '../codec/control-message.js';
import { Memory } from '../codec/memory.js';
import { errorCodeOf, ModwireError } from '../errors.js';
import { VERSION } from '../version.js';
import { onAbort, throwIfAborted } from './abort.js';
import type { ResolvedConnectOptions } from './options.js';
import type { ClientSocket, ClientSocketHandlers } from './socket.js';

export { atEndOfTurn };

/** After this many heartbeats without a word the broker is taken for dead. */
const DEAD_AFTER_HEARTBEATS = 2.5;
const NORMAL_CLOSURE = 1000;

export interface ConnectionHandlers {
  /** The broker's welcome, before anything that comes after it. */
  opened(connection: Connection): void;
  frame(memory: Memory, start: number, end: number): void;
  control(message: ControlMessage): void;
  /** A WebSocket message is read to its end. */
  messageRead(): void;
  /** Bytes that nobody can read. */
  failed(error: ModwireError): void;
  /** A heartbeat was sent: its size in bytes. */
  pinged(byteLength: number): void;
  /** Once, after `opened`. */
  closed(code: number, detail: string): void;
}

/** One connection to a broker, from its welcome to its close: `openConnection` makes one. */
export class Connection {
  readonly welcome: ControlOf<'welcome'>;
  readonly socket: ClientSocket;
  /** Bytes of control messages sent so far: the broker's credit counts them too. */
  sentBytes: number;
  readonly #pinged: (byteLength: number) => void;
  readonly #heartbeat: ReturnType<typeof setInterval>;
  #lastSentAt = performance.now();
  #lastReceivedAt = performance.now();
  #nonce = 0;
  #paused = false;
  #over = false;

  constructor(
    socket: ClientSocket,
    welcome: ControlOf<'welcome'>,
    sentBytes: number,
    pinged: (byteLength: number) => void,
  ) {
    this.socket = socket;
    this.welcome = welcome;
    this.sentBytes = sentBytes;
    this.#pinged = pinged;
    this.#heartbeat = setInterval(() => this.#beat(), Math.max(10, welcome.heartbeatMs / 4));
  }

  /** Whether it has ended: what still comes is for nobody. */
  get over(): boolean {
    return this.#over;
  }

  /** When the message came that is being read, on the clock of `performance.now`. Milliseconds. */
  get heardMs(): number {
    return this.#lastReceivedAt;
  }

  /** Sends control messages now, side by side. Returns their size in bytes. */
  send(messages: readonly ControlMessage[]): number {
    this.#lastSentAt = performance.now();
    let sent = 0;
    for (const batch of batchesOf(messages.map(encodeControl), this.welcome.maxBatchBytes)) {
      sent += batch.length;
      this.socket.send(batch);
    }
    this.sentBytes += sent;
    return sent;
  }

  /** Stops reading. False where the platform cannot. */
  pause(): boolean {
    this.#paused = this.socket.pause();
    return this.#paused;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#lastReceivedAt = performance.now();
    this.socket.resume();
  }

  close(): void {
    this.end();
    this.resume();
    this.socket.close(NORMAL_CLOSURE, '');
  }

  /** The broker has sent something. */
  heard(): void {
    this.#lastReceivedAt = performance.now();
  }

  /** The connection is closed, by whomever. */
  end(): void {
    this.#over = true;
    clearInterval(this.#heartbeat);
  }

  #beat(): void {
    const { heartbeatMs } = this.welcome;
    const now = performance.now();
    // Who does not read cannot say that nothing came.
    const silentMs = this.#paused ? 0 : now - this.#lastReceivedAt;
    if (silentMs > heartbeatMs * DEAD_AFTER_HEARTBEATS) this.socket.terminate();
    else if (now - this.#lastSentAt >= heartbeatMs || silentMs >= heartbeatMs) {
      this.#pinged(this.send([{ type: 'ping', nonce: this.#nonce++ }]));
    }
  }
}

/** Connects and says hello. Resolves after `opened`; rejects with the table's error when there is no welcome in time. */
export function openConnection(options: ResolvedConnectOptions, handlers: ConnectionHandlers): Promise<void> {
  const { url, signal, connectMs } = options;
  return new Promise((resolve, reject) => {
    throwIfAborted(signal);
    const hello = encodeControl({
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      clientName: options.name,
      clientVersion: VERSION,
    });
    const batch = new BatchReader();
    let connection: Connection | undefined;
    let failed = false;
    const over = () => failed || connection?.over === true;
    const control = (message: ControlMessage) => {
      if (connection !== undefined) handlers.control(message);
      else if (message.type === 'welcome') {
        settle();
        connection = new Connection(socket, message, hello.length, handlers.pinged);
        handlers.opened(connection);
        resolve();
      } else if (message.type === 'failure') {
        give(new ModwireError(errorCodeOf(message.code), message.message));
      }
    };
    const socket = open(url, {
      open: () => socket.send(hello),
      message(bytes) {
        connection?.heard();
        const memory = new Memory(bytes);
        batch.reset(memory);
        while (!over() && batch.next()) {
          if (batch.kind === 'control') {
            const message = decodeControl(memory, batch.start, batch.end);
            if (isViolation(message)) handlers.failed(unreadable(message.text));
            else control(message);
          } else if (connection !== undefined) handlers.frame(memory, batch.start, batch.end);
        }
        if (connection !== undefined) handlers.messageRead();
        if (!over() && batch.violation !== undefined) handlers.failed(unreadable(batch.violation.text));
      },
      close(code, detail) {
        settle();
        if (connection === undefined) {
          reject(notConnected(url, code, detail));
          return;
        }
        connection.end();
        handlers.closed(code, detail);
      },
    });
    const give = (error: ModwireError) => {
      failed = true;
      settle();
      socket.terminate();
      reject(error);
    };
    const timer = setTimeout(() => give(noWelcome(url, connectMs)), connectMs);
    const offAbort = onAbort(signal, give);
    const settle = () => {
      clearTimeout(timer);
      offAbort();
    };
  });
}

/** The platforms refuse some addresses at once, such as ws: from a page that came over https. */
function open(url: string, handlers: ClientSocketHandlers): ClientSocket {
  try {
    return openSocket(url, handlers);
  } catch (thrown) {
    throw notConnected(url, 0, String(thrown));
  }
}

function noWelcome(url: string, timeoutMs: number): ModwireError {
  return new ModwireError('DEADLINE_EXCEEDED', {
    what: 'no welcome from the broker',
    expected: `one within ${timeoutMs} ms`,
    got: 'none',
    where: url,
  });
}

function notConnected(url: string, code: number, detail: string): ModwireError {
  return new ModwireError('UNAVAILABLE', {
    what: 'cannot connect',
    expected: 'a Modwire broker',
    got: detail === '' ? `close code ${code}` : detail,
    where: url,
    advice: 'start one with: modwire serve',
  });
}

function unreadable(text: string): ModwireError {
  return new ModwireError('MALFORMED_FRAME', `the broker sent what cannot be read: ${text}`);
}
