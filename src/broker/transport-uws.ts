import {
  App,
  type us_listen_socket,
  us_listen_socket_close,
  us_socket_local_port,
  type WebSocket,
} from 'uWebSockets.js';
import { type AddressInfo, createServer } from 'node:net';
import { SUBPROTOCOL } from '../codec/control-message.js';
import { HttpBodies, type HttpBody } from './http-body.js';
import { type HttpReply, readHead } from './http-message.js';
import {
  type Connection,
  type ConnectionHandlers,
  cannotListen,
  httpBodyLimits,
  refuseHandshake,
  type Transport,
  type TransportHandlers,
  type TransportOptions,
} from './transport.js';
import { reply, streamReply } from './transport-uws-reply.js';

/**
 * Every connection stays subscribed to this topic, to which nothing is published: uWebSockets.js frees a subscriber
 * with its last topic, and with it the messages of this turn that it has not sent yet.
 */
const KEEP_TOPIC = 'keep';

const NOTHING = new Uint8Array(0);

/** Value of an enum that the package's typings declare as a type only. */
const NO_COMPRESSION = 0;

/** What uWebSockets.js takes for an idle timeout. Seconds. */
const MIN_IDLE_S = 8;
const MAX_IDLE_S = 960;

/** How long ended connections are left alone when the transport closes. Milliseconds. */
const LINGER_MS = 1_000;

interface SocketData {
  handlers: ConnectionHandlers | undefined;
  connection: UwsConnection | undefined;
}

/** The default transport: uWebSockets.js with its own publish/subscribe as the fan-out. */
export function createUwsTransport(options: TransportOptions, handlers: TransportHandlers): Transport {
  const app = App();
  const open = new Set<UwsConnection>();
  const bodies = new HttpBodies(httpBodyLimits(options));
  let listening: us_listen_socket | undefined;

  // The route comes first: app.publish without one crashes.
  app.ws<SocketData>('/*', {
    // Compression would cost a quarter of the throughput.
    compression: NO_COMPRESSION,
    maxPayloadLength: options.maxMessageBytes,
    maxBackpressure: options.maxBufferedBytes,
    // Never drop silently: a client that reconnects learns exactly what it missed.
    closeOnBackpressureLimit: true,
    // Silence is watched by the broker, because partial data would count as life here. This is for those that the
    // broker has closed and that never answer.
    idleTimeout: Math.min(MAX_IDLE_S, MIN_IDLE_S + Math.ceil(options.maxSilenceMs / 1000)),
    sendPingsAutomatically: false,
    upgrade(res, req, context) {
      const key = req.getHeader('sec-websocket-key');
      const extensions = req.getHeader('sec-websocket-extensions');
      const offered = req.getHeader('sec-websocket-protocol');
      const refusal =
        handlers.admit({ origin: req.getHeader('origin'), host: req.getHeader('host') }) ??
        // uWebSockets.js itself would accept handshakes without these headers.
        refuseHandshake(req.getHeader('upgrade'), req.getHeader('sec-websocket-version'), offered);
      if (refusal !== undefined) reply(res, refusal);
      else res.upgrade({ handlers: undefined, connection: undefined }, key, SUBPROTOCOL, extensions, context);
    },
    open(socket) {
      const connection = new UwsConnection(socket);
      const data = socket.getUserData();
      data.connection = connection;
      open.add(connection);
      socket.subscribe(KEEP_TOPIC);
      data.handlers = handlers.open(connection);
    },
    message(socket, message, isBinary) {
      const { handlers } = socket.getUserData();
      if (isBinary) handlers!.message(new Uint8Array(message));
      else handlers!.text();
    },
    drain(socket) {
      const { connection, handlers } = socket.getUserData();
      handlers!.drain();
      connection!.drained();
    },
    close(socket, code) {
      const data = socket.getUserData();
      data.connection!.closed = true;
      open.delete(data.connection!);
      data.handlers!.close(code);
    },
  });
  app.any('/*', (res, req) => {
    // The request is only there until this returns.
    const head = readHead(req.getMethod(), req.getUrl(), req.getQuery() ?? '', (name) => req.getHeader(name));
    const { hasBody } = head;
    let body: HttpBody | undefined;
    let arrived = !hasBody;
    // Answered, or nobody is there any more: nothing of the response may be touched from then on.
    let over = false;
    const gone = new AbortController();
    res.onAborted(() => {
      over = true;
      if (body !== undefined) bodies.end(body);
      gone.abort();
    });
    const answer = (answer: HttpReply, answered: () => void = () => undefined) => {
      const { stream } = answer;
      if (over || stream === undefined) answered();
      if (over) return;
      over = true;
      // A body that was refused still arrives: the connection ends with its answer.
      if (stream === undefined) reply(res, answer, head.method !== 'HEAD', !arrived);
      else streamReply(res, answer, stream, gone.signal, answered);
    };
    const request = (bytes: Uint8Array, answered?: () => void) =>
      handlers.request({ ...head, body: bytes, gone: gone.signal }, (reply) => answer(reply, answered));
    if (!hasBody) return request(NOTHING);
    body = bodies.begin(request, answer);
    if (over) return;
    res.onData((chunk, isLast) => {
      arrived ||= isLast;
      body.add(new Uint8Array(chunk), isLast);
    });
  });

  return {
    name: 'uws',
    async listen(host, port) {
      listening = await listen(app, host, await freePort(host, port));
      return us_socket_local_port(listening as never);
    },
    publish(topic, bytes) {
      app.publish(topic, bytes, true, false);
    },
    stopListening() {
      if (listening !== undefined) us_listen_socket_close(listening);
      listening = undefined;
    },
    close() {
      this.stopListening();
      bodies.abandon();
      for (const connection of open) connection.terminate();
      // Those that were ended in order may have bytes on the way, but not for ever.
      setTimeout(() => app.close(), LINGER_MS).unref();
    },
  };
}

/**
 * A port that nobody listens on: `port`, or any when it is 0. uWebSockets.js could refuse a port that is taken by itself,
 * but then nobody could listen on it again for a minute after the last connection, and a broker could not be restarted.
 */
function freePort(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer((socket) => socket.destroy());
    probe.on('error', (cause) => reject(cannotListen(host, port, cause)));
    probe.listen({ host, port, exclusive: true }, () => {
      const { port: free } = probe.address() as AddressInfo;
      probe.close(() => resolve(free));
    });
  });
}

function listen(app: ReturnType<typeof App>, host: string, port: number): Promise<us_listen_socket> {
  return new Promise((resolve, reject) => {
    app.listen(host, port, (socket) => {
      if (socket === false) reject(cannotListen(host, port));
      else resolve(socket);
    });
  });
}

class UwsConnection implements Connection {
  readonly #socket: WebSocket<SocketData>;
  /** Every call on a closed socket throws. */
  closed = false;
  #ending: { readonly code: number; readonly reason: string } | undefined;

  constructor(socket: WebSocket<SocketData>) {
    this.#socket = socket;
  }

  send(bytes: Uint8Array): void {
    if (!this.closed) this.#socket.send(bytes, true, false);
  }

  bufferedBytes(): number {
    return this.closed ? 0 : this.#socket.getBufferedAmount();
  }

  subscribe(topic: string): void {
    if (!this.closed && this.#ending === undefined) this.#socket.subscribe(topic);
  }

  unsubscribe(topic: string): void {
    if (!this.closed) this.#socket.unsubscribe(topic);
  }

  end(code: number, reason: string): void {
    if (this.#ending !== undefined) return;
    this.#ending = { code, reason };
    // One turn for leaving uWebSockets.js' callbacks, the next one when it has sent what was published in this one.
    setImmediate(() => {
      if (this.closed) return;
      for (const topic of this.#socket.getTopics()) if (topic !== KEEP_TOPIC) this.#socket.unsubscribe(topic);
      setImmediate(() => this.#endWhenDrained());
    });
  }

  terminate(): void {
    setImmediate(() => {
      if (!this.closed) this.#socket.close();
    });
  }

  /** The peer has taken some of what was buffered. */
  drained(): void {
    if (this.#ending !== undefined) setImmediate(() => this.#endWhenDrained());
  }

  /** uWebSockets.js forgets a connection as soon as it is told to end it, and nobody could cut it off any more. */
  #endWhenDrained(): void {
    if (this.closed || this.#ending === undefined || this.#socket.getBufferedAmount() > 0) return;
    this.#socket.end(this.#ending.code, this.#ending.reason);
  }
}
