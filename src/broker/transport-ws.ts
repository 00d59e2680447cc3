import { createServer, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { SUBPROTOCOL } from '../codec/control-message.js';
import { HttpBodies } from './http-body.js';
import { type HttpReply, readHead } from './http-message.js';
import {
  type Connection,
  cannotListen,
  httpBodyLimits,
  refuseHandshake,
  type Transport,
  type TransportHandlers,
  type TransportOptions,
} from './transport.js';
import { reply } from './transport-ws-reply.js';

const NOTHING = new Uint8Array(0);

/** Time for a peer to answer a close that it has got. Milliseconds. */
const CLOSE_TIMEOUT_MS = 5_000;

/** The transport for every Node.js: `ws`, with topics of our own. Slower than uWebSockets.js, the same otherwise. */
export function createWsTransport(options: TransportOptions, handlers: TransportHandlers): Transport {
  const topics = new Map<string, Set<WsConnection>>();
  const bodies = new HttpBodies(httpBodyLimits(options));
  const server = createServer((request, response) => {
    const [path, query] = splitUrl(request.url ?? '/');
    const { method = 'GET', headers } = request;
    const head = readHead(method, path, query, (name) => headers[name] as string | undefined);
    const gone = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    const answer = (answer: HttpReply, answered: () => void = () => undefined) => {
      // A body that was refused still arrives: the connection ends with its answer.
      if (head.hasBody && !request.complete) response.setHeader('Connection', 'close');
      reply(response, answer, answered);
    };
    const take = (bytes: Uint8Array, answered?: () => void) =>
      handlers.request({ ...head, body: bytes, gone: gone.signal }, (reply) => answer(reply, answered));
    if (!head.hasBody) return take(NOTHING);
    const body = bodies.begin(take, answer);
    request.on('data', (chunk: Buffer) => body.add(chunk, false));
    request.on('end', () => body.add(NOTHING, true));
    request.on('close', () => bodies.end(body));
    // The peer is gone: it is told by `close`, and nobody needs to know more.
    request.on('error', () => undefined);
  });
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: options.maxMessageBytes,
    perMessageDeflate: false,
    handleProtocols: () => SUBPROTOCOL,
    // The typings of the package lack this option.
    ...{ closeTimeout: CLOSE_TIMEOUT_MS },
  });

  server.on('upgrade', (request, socket, head) => {
    const header = (name: string) => String(request.headers[name] ?? '');
    const refusal =
      handlers.admit({ origin: header('origin'), host: header('host') }) ??
      refuseHandshake(header('upgrade'), header('sec-websocket-version'), header('sec-websocket-protocol'));
    if (refusal !== undefined) refuse(socket, refusal);
    else sockets.handleUpgrade(request, socket, head, accept);
  });

  function accept(socket: WebSocket): void {
    const connection = new WsConnection(socket, topics, options.maxBufferedBytes, () => events.drain());
    const events = handlers.open(connection);
    socket.on('message', (data, isBinary) => {
      if (isBinary) events.message(data as Buffer);
      else events.text();
    });
    // An error is always followed by close; without a listener it would end the process.
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      connection.forget();
      events.close(code);
    });
  }

  return {
    name: 'ws',
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        // It stays: accepting a connection can fail later too, when there are too many, and must not end the process.
        server.on('error', (cause) => reject(cannotListen(host, port, cause)));
        server.listen(port, host, () => {
          const address = server.address();
          resolve(typeof address === 'object' && address !== null ? address.port : port);
        });
      }),
    publish(topic, bytes) {
      const subscribers = topics.get(topic);
      if (subscribers === undefined) return;
      // One copy for all: sockets keep the bytes until they are written, and the caller reuses its own.
      const copy = Buffer.from(bytes);
      for (const connection of subscribers) connection.sendOwned(copy);
    },
    stopListening() {
      server.close();
    },
    close() {
      bodies.abandon();
      server.close();
      server.closeAllConnections();
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}

function splitUrl(url: string): [path: string, query: string] {
  const at = url.indexOf('?');
  return at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}

function refuse(socket: Duplex, answer: HttpReply): void {
  // Nobody else listens to this socket any more, nor closes it.
  socket.on('error', () => undefined);
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\nContent-Type: ${answer.contentType}\r\n` +
      `Content-Length: ${Buffer.byteLength(answer.body)}\r\nConnection: close\r\n\r\n${answer.body}`,
  );
}

class WsConnection implements Connection {
  readonly #socket: WebSocket;
  readonly #topics: Map<string, Set<WsConnection>>;
  readonly #maxBufferedBytes: number;
  readonly #subscribed = new Set<string>();
  readonly #written: () => void;
  #ending: { readonly code: number; readonly reason: string } | undefined;

  constructor(
    socket: WebSocket,
    topics: Map<string, Set<WsConnection>>,
    maxBufferedBytes: number,
    drain: () => void,
  ) {
    this.#socket = socket;
    this.#topics = topics;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#written = () => {
      if (socket.readyState !== socket.OPEN) return;
      drain();
      this.#endWhenDrained();
    };
  }

  send(bytes: Uint8Array): void {
    this.sendOwned(Buffer.from(bytes));
  }

  /** Sends bytes that nobody will write to again. */
  sendOwned(bytes: Buffer): void {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > this.#maxBufferedBytes) socket.terminate();
    else socket.send(bytes, { binary: true }, this.#written);
  }

  bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  subscribe(topic: string): void {
    if (this.#ending !== undefined) return;
    this.#subscribed.add(topic);
    const subscribers = this.#topics.get(topic);
    if (subscribers === undefined) this.#topics.set(topic, new Set([this]));
    else subscribers.add(this);
  }

  unsubscribe(topic: string): void {
    this.#subscribed.delete(topic);
    const subscribers = this.#topics.get(topic);
    subscribers?.delete(this);
    if (subscribers?.size === 0) this.#topics.delete(topic);
  }

  end(code: number, reason: string): void {
    if (this.#ending !== undefined) return;
    this.#ending = { code, reason };
    setImmediate(() => {
      this.forget();
      this.#endWhenDrained();
    });
  }

  terminate(): void {
    setImmediate(() => this.#socket.terminate());
  }

  /** Takes the connection out of its topics. */
  forget(): void {
    for (const topic of this.#subscribed) this.unsubscribe(topic);
  }

  #endWhenDrained(): void {
    if (this.#ending === undefined || this.#socket.bufferedAmount > 0) return;
    this.#socket.close(this.#ending.code, this.#ending.reason);
  }
}
