import { App, us_socket_local_port, type WebSocket } from 'uWebSockets.js';
import { serveCommands } from './commands.js';

/** Far more than the window of raw-relay.ts lets be under way, so that uWebSockets.js never drops. Bytes. */
const MAX_BACKPRESSURE = 64 * 1024 * 1024;
const MAX_MESSAGE = 16 * 1024 * 1024;
const FRAMES = 'frames';
const ACKS = 'acks';

interface Peer {
  readonly subscribes: boolean;
  ackedBytes: number;
}

const subscribers = new Set<Peer>();
let toldBytes = 0;

const app = App();
app.ws<Peer>('/*', {
  maxPayloadLength: MAX_MESSAGE,
  maxBackpressure: MAX_BACKPRESSURE,
  closeOnBackpressureLimit: true,
  idleTimeout: 0,
  upgrade(res, req, context) {
    const peer: Peer = { subscribes: req.getUrl() === '/subscribe', ackedBytes: 0 };
    res.upgrade(
      peer,
      req.getHeader('sec-websocket-key'),
      req.getHeader('sec-websocket-protocol'),
      req.getHeader('sec-websocket-extensions'),
      context,
    );
  },
  open(socket) {
    const peer = socket.getUserData();
    socket.subscribe(peer.subscribes ? FRAMES : ACKS);
    if (peer.subscribes) subscribers.add(peer);
  },
  message(socket, message) {
    const peer = socket.getUserData();
    if (peer.subscribes) acknowledge(peer, message);
    else app.publish(FRAMES, message, true);
  },
  close(socket: WebSocket<Peer>) {
    subscribers.delete(socket.getUserData());
  },
});

/** Tells publishers how far the slowest subscriber is: that is all the backpressure there is. */
function acknowledge(peer: Peer, message: ArrayBuffer): void {
  peer.ackedBytes = new DataView(message).getFloat64(0, true);
  let least = peer.ackedBytes;
  for (const { ackedBytes } of subscribers) least = Math.min(least, ackedBytes);
  if (least <= toldBytes) return;
  toldBytes = least;
  const told = new DataView(new ArrayBuffer(8));
  told.setFloat64(0, least, true);
  app.publish(ACKS, told.buffer, true);
}

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
