import { App, us_socket_local_port, type WebSocket } from 'uWebSockets.js';
import { serveCommands } from './commands.js';

const MAX_BACKPRESSURE = 64 * 1024 * 1024;

interface Peer {
  readonly isWorker: boolean;
}

let worker: WebSocket<Peer> | undefined;
let caller: WebSocket<Peer> | undefined;

// What one of the two says the other hears.
const app = App();
app.ws<Peer>('/*', {
  maxBackpressure: MAX_BACKPRESSURE,
  idleTimeout: 0,
  upgrade(res, req, context) {
    const peer: Peer = { isWorker: req.getUrl() === '/worker' };
    res.upgrade(
      peer,
      req.getHeader('sec-websocket-key'),
      req.getHeader('sec-websocket-protocol'),
      req.getHeader('sec-websocket-extensions'),
      context,
    );
  },
  open(socket) {
    if (socket.getUserData().isWorker) worker = socket;
    else caller = socket;
  },
  message(socket, message) {
    (socket.getUserData().isWorker ? caller : worker)?.send(message, true);
  },
  close(socket) {
    if (socket === worker) worker = undefined;
    else if (socket === caller) caller = undefined;
  },
});

serveCommands({
  listen(): Promise<{ port: number }> {
    return new Promise((resolve, reject) => {
      app.listen('127.0.0.1', 0, (listening) => {
        if (listening === false) reject(new Error('the relay cannot listen on 127.0.0.1'));
        else resolve({ port: us_socket_local_port(listening) });
      });
    });
  },
});
