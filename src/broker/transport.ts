import { SUBPROTOCOL } from '../codec/control-message.js';
import { ModwireError } from '../errors.js';
import type { HttpBodyLimits } from './http-body.js';
import type { HttpReply, HttpRequest } from './http-message.js';
import type { RequestOrigin } from './http-origin.js';

/**
 * What a broker needs of a WebSocket server. Everything is synchronous but listening; bytes passed in are copied
 * before the call returns, bytes passed out are the receiver's only until its handler returns.
 */
export interface Transport {
  readonly name: 'uws' | 'ws';
  /** Resolves with the port; rejects with UNAVAILABLE when the address cannot be had. `port` 0 picks one. */
  listen(host: string, port: number): Promise<number>;
  /** Sends one binary message to every connection subscribed to the topic. */
  publish(topic: string, bytes: Uint8Array): void;
  /** Takes no new connections. */
  stopListening(): void;
  /** Cuts every connection and frees the port. */
  close(): void;
}

export interface Connection {
  /** Sends one binary message after everything published to this connection so far. */
  send(bytes: Uint8Array): void;
  /** Bytes that the peer has not taken yet. */
  bufferedBytes(): number;
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  /**
   * Closes in order: what is buffered goes out first, and nothing published from now on. `close` is called when it is
   * out. Deferred, so that it is safe anywhere.
   */
  end(code: number, reason: string): void;
  /** Cuts the connection; what is buffered is lost. Deferred, so that it is safe anywhere. */
  terminate(): void;
}

/** One connection's side of the broker. */
export interface ConnectionHandlers {
  /** A binary message, valid until the handler returns. Its bytes may be written to. */
  message(bytes: Uint8Array): void;
  /** A text message: not part of the protocol. */
  text(): void;
  /** The peer has taken some of what was buffered. */
  drain(): void;
  close(code: number): void;
}

/** The broker's side of a transport. */
export interface TransportHandlers {
  /** Called before a handshake; a reply refuses it. */
  admit(from: RequestOrigin): HttpReply | undefined;
  open(connection: Connection): ConnectionHandlers;
  /** A plain HTTP request. `answer` is called once, at any time. */
  request(request: HttpRequest, answer: (reply: HttpReply) => void): void;
}

export interface TransportOptions {
  /** Longest message. A longer one closes its connection with code 1009. Bytes. */
  readonly maxMessageBytes: number;
  /** More than this is never buffered for one connection: it is closed instead. Bytes. */
  readonly maxBufferedBytes: number;
  /** A connection that takes and sends no byte for this long may be cut, whatever state it is in. Milliseconds. */
  readonly maxSilenceMs: number;
  /** Longest body of an HTTP request. Bytes. */
  readonly maxHttpBodyBytes: number;
  /** HTTP requests with a body that arrive at once. */
  readonly maxHttpRequests: number;
}

/** The bounds of request bodies. */
export function httpBodyLimits(options: TransportOptions): HttpBodyLimits {
  return {
    maxBytes: options.maxHttpBodyBytes,
    maxBodies: options.maxHttpRequests,
    timeoutMs: options.maxSilenceMs,
  };
}

export type TransportFactory = (options: TransportOptions, handlers: TransportHandlers) => Transport;

/** The answer to a WebSocket handshake that is not as the protocol wants it, given its headers of these names. */
export function refuseHandshake(upgrade: string, version: string, offered: string): HttpReply | undefined {
  if (upgrade.toLowerCase() !== 'websocket' || version !== '13') {
    return { status: 426, contentType: 'text/plain', body: 'expected a WebSocket handshake of version 13\n' };
  }
  if (offered.split(',').some((protocol) => protocol.trim() === SUBPROTOCOL)) return undefined;
  const got = offered === '' ? 'none' : offered;
  return {
    status: 400,
    contentType: 'text/plain',
    body: `not our subprotocol: expected Sec-WebSocket-Protocol ${SUBPROTOCOL}, got ${got}\n`,
  };
}

/** The error of an address that cannot be had. */
export function cannotListen(host: string, port: number, cause?: unknown): ModwireError {
  return new ModwireError('UNAVAILABLE', {
    what: 'cannot listen',
    expected: 'a free port on an address of this machine',
    got: `${host}:${port}`,
    advice: 'choose another port, or 0 to have one picked',
    cause,
  });
}
