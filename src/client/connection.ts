import { atEndOfTurn, openSocket } from '#socket';
import { BatchReader } from '../codec/batch.js';
import { decodeControl, encodeControl, isViolation } from '../codec/control.js';
import { type ControlMessage, type ControlOf, PROTOCOL_VERSION } from '../codec/control-message.js';
import { Memory } from '../codec/memory.js';
import { errorCodeOf, ModwireError } from '../errors.js';
import { VERSION } from '../version.js';
import { onAbort, throwIfAborted } from './abort.js';
import type { ResolvedConnectOptions } from './options.js';
import type { ClientSocket } from './socket.js';

export { atEndOfTurn };

/** After this many heartbeats without a word the broker is taken for dead. */
const DEAD_AFTER_HEARTBEATS = 2.5;
const NORMAL_CLOSURE = 1000;

export interface ConnectionHandlers {
  frame(memory: Memory, start: number, end: number): void;
  control(message: ControlMessage): void;
  /** Bytes that nobody can read. */
  failed(error: ModwireError): void;
  /** A heartbeat was sent: its size in bytes. */
  pinged(byteLength: number): void;
  /** Once, after the welcome. */
  closed(code: number, detail: string): void;
}

/** One connection to a broker, from its hello to its close. */
export class Connection {
  readonly welcome: ControlOf<'welcome'>;
  readonly socket: ClientSocket;
  /** Bytes of control messages sent so far: the broker's credit counts them too. */
  sentBytes: number;
  readonly #heartbeat: ReturnType<typeof setInterval>;
  #lastSentAt = performance.now();
  #lastReceivedAt = performance.now();
  #nonce = 0;
  #paused = false;
  readonly #pinged: (byteLength: number) => void;

  private constructor(
    socket: ClientSocket,
    welcome: ControlOf<'welcome'>,
    sentBytes: number,
    pinged: (byteLength: number) => void,
  ) {
    this.#pinged = pinged;
    this.socket = socket;
    this.welcome = welcome;
    this.sentBytes = sentBytes;
    this.#heartbeat = setInterval(() => this.#beat(), Math.max(10, welcome.heartbeatMs / 4));
  }

  /** Connects and says hello. Rejects with the table's error when there is no welcome in time. */
  static open(options: ResolvedConnectOptions, handlers: ConnectionHandlers): Promise<Connection> {
    const { url, signal } = options;
    throwIfAborted(signal);
    return new Promise((resolve, reject) => {
      let connection: Connection | undefined;
      const batch = new BatchReader();
      const give = (error: ModwireError) => {
        settle();
        socket.terminate();
        reject(error);
      };
      const timer = setTimeout(() => give(noWelcome(url, options.connectMs)), options.connectMs);
      const offAbort = onAbort(signal, give);
      const settle = () => {
        clearTimeout(timer);
        offAbort();
      };
      const hello = encodeControl({
        type: 'hello',
        protocol: PROTOCOL_VERSION,
        clientName: options.name,
        clientVersion: VERSION,
      });
      const socket = openSocket(url, {
        open: () => socket.send(hello),
        message: (bytes) => {
          if (connection !== undefined) connection.#lastReceivedAt = performance.now();
          const memory = new Memory(bytes);
          batch.reset(memory);
          while (batch.next()) {
            if (batch.kind === 'frame') handlers.frame(memory, batch.start, batch.end);
            else {
              const message = decodeControl(memory, batch.start, batch.end);
              if (isViolation(message)) handlers.failed(unreadable(message.text));
              else if (connection !== undefined) handlers.control(message);
              else if (message.type === 'welcome') {
                settle();
                connection = new Connection(socket, message, hello.length, handlers.pinged);
                resolve(connection);
              } else if (message.type === 'failure') {
                give(new ModwireError(errorCodeOf(message.code), message.message));
              }
            }
          }
          if (batch.violation !== undefined) handlers.failed(unreadable(batch.violation.text));
        },
        close: (code, detail) => {
          if (connection === undefined) {
            settle();
            reject(notConnected(url, code, detail));
            return;
          }
          clearInterval(connection.#heartbeat);
          handlers.closed(code, detail);
        },
      });
    });
  }

  /** Sends a control message now. Returns its size in bytes. */
  send(message: ControlMessage): number {
    const bytes = encodeControl(message);
    this.#lastSentAt = performance.now();
    this.sentBytes += bytes.length;
    this.socket.send(bytes);
    return bytes.length;
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
    clearInterval(this.#heartbeat);
    this.resume();
    this.socket.close(NORMAL_CLOSURE, '');
  }

  #beat(): void {
    const { heartbeatMs } = this.welcome;
    const now = performance.now();
    if (!this.#paused && now - this.#lastReceivedAt > heartbeatMs * DEAD_AFTER_HEARTBEATS) {
      this.socket.terminate();
      return;
    }
    if (now - this.#lastSentAt >= heartbeatMs || now - this.#lastReceivedAt >= heartbeatMs) {
      this.#pinged(this.send({ type: 'ping', nonce: this.#nonce++ }));
    }
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
