import {
  App,
  type us_listen_socket,
  us_listen_socket_close,
  us_socket_local_port,
  type WebSocket,
} from 'uWebSockets.js';
import { SUBPROTOCOL } from '../codec/control-message.js';
import { ModwireError } from '../errors.js';
import {
  type Connection,
  type ConnectionHandlers,
  type HttpReply,
  type Transport,
  type TransportHandlers,
  type TransportOptions,
  wrongSubprotocol,
} from './transport.js';

/**
 * Every connection stays subscribed to this topic, to which nothing is published: uWebSockets.js frees a subscriber
 * with its last topic, and with it the messages of this turn that it has not sent yet.
 */
const KEEP_TOPIC = 'keep';

/** Values of enums that the package's typings declare as types only. */
const NO_COMPRESSION = 0;
const LISTEN_EXCLUSIVE_PORT = 1;

interface SocketData {
  handlers: ConnectionHandlers | undefined;
  connection: UwsConnection | undefined;
}

/** The default transport: uWebSockets.js with its own publish/subscribe as the fan-out. */
export function createUwsTransport(options: TransportOptions, handlers: TransportHandlers): Transport {
  const app = App();
  const open = new Set<UwsConnection>();
  let listening: us_listen_socket | undefined;

  // The route comes first: app.publish without one crashes.
  app.ws<SocketData>('/*', {
    // Compression would cost a quarter of the throughput.
    compression: NO_COMPRESSION,
    maxPayloadLength: options.maxMessageBytes,
    maxBackpressure: options.maxBufferedBytes,
    // Never drop silently: a client that reconnects learns exactly what it missed.
    closeOnBackpressureLimit: true,
    // Silence is watched by the broker, because partial data would count as life here.
    idleTimeout: 0,
    sendPingsAutomatically: false,
    upgrade(res, req, context) {
      const key = req.getHeader('sec-websocket-key');
      const extensions = req.getHeader('sec-websocket-extensions');
      const offered = req.getHeader('sec-websocket-protocol');
      const refusal =
        handlers.admit() ??
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
      socket.getUserData().handlers!.drain();
    },
    close(socket, code) {
      const data = socket.getUserData();
      data.connection!.closed = true;
      open.delete(data.connection!);
      data.handlers!.close(code);
    },
  });
  app.any('/*', (res, req) => reply(res, handlers.request(req.getMethod().toUpperCase(), req.getUrl())));

  return {
    name: 'uws',
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        const listened = (socket: us_listen_socket | false) => {
          if (socket === false) {
            reject(cannotListen(host, port));
            return;
          }
          listening = socket;
          resolve(us_socket_local_port(socket as never));
        };
        (app.listen as unknown as ListenExclusive)(host, port, LISTEN_EXCLUSIVE_PORT, listened);
      }),
    publish(topic, bytes) {
      app.publish(topic, bytes, true, false);
    },
    stopListening() {
      if (listening !== undefined) us_listen_socket_close(listening);
      listening = undefined;
    },
    close() {
      this.stopListening();
      for (const connection of open) connection.terminate();
    },
  };
}

/** The typings of the package lack this overload. */
type ListenExclusive = (
  host: string,
  port: number,
  options: number,
  listened: (socket: us_listen_socket | false) => void,
) => void;

/** uWebSockets.js itself would accept handshakes without these headers. */
function refuseHandshake(upgrade: string, version: string, offered: string): HttpReply | undefined {
  if (upgrade.toLowerCase() !== 'websocket' || version !== '13') {
    return { status: 426, contentType: 'text/plain', body: 'expected a WebSocket handshake of version 13\n' };
  }
  const protocols = offered.split(',').map((protocol) => protocol.trim());
  return protocols.includes(SUBPROTOCOL) ? undefined : wrongSubprotocol(SUBPROTOCOL, offered);
}

function reply(
  res: Parameters<NonNullable<Parameters<ReturnType<typeof App>['get']>[1]>>[0],
  answer: HttpReply,
): void {
  res.cork(() => {
    res.writeStatus(`${answer.status}`);
    res.writeHeader('Content-Type', answer.contentType);
    res.end(answer.body);
  });
}

function cannotListen(host: string, port: number): ModwireError {
  return new ModwireError('UNAVAILABLE', {
    what: 'cannot listen',
    expected: 'a free port on an address of this machine',
    got: `${host}:${port}`,
    advice: 'choose another port, or 0 to have one picked',
  });
}

class UwsConnection implements Connection {
  readonly #socket: WebSocket<SocketData>;
  /** Every call on a closed socket throws. */
  closed = false;

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
    if (!this.closed) this.#socket.subscribe(topic);
  }

  unsubscribe(topic: string): void {
    if (!this.closed) this.#socket.unsubscribe(topic);
  }

  end(code: number, reason: string): void {
    // Closing inside one of uWebSockets.js' own callbacks can kill the process.
    setImmediate(() => {
      if (!this.closed) this.#socket.end(code, reason);
    });
  }

  terminate(): void {
    setImmediate(() => {
      if (!this.closed) this.#socket.close();
    });
  }
}
