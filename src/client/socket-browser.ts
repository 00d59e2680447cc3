import { SUBPROTOCOL } from '../codec/control-message.js';
import type { ClientSocket, ClientSocketHandlers } from './socket.js';

/** The code that stands for a connection that ended without a handshake. */
const ABNORMAL_CLOSURE = 1006;

/** Opens a connection with the platform's own WebSocket. */
export function openSocket(url: string, handlers: ClientSocketHandlers): ClientSocket {
  const socket = new WebSocket(url, SUBPROTOCOL);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => handlers.open();
  socket.onmessage = (event: MessageEvent<ArrayBuffer>) => handlers.message(new Uint8Array(event.data));
  socket.onclose = (event) => handlers.close(event.code, event.reason);
  return {
    send(bytes, sent) {
      // The platform copies before it returns.
      socket.send(bytes as Uint8Array<ArrayBuffer>);
      sent?.();
    },
    pause() {
      return false;
    },
    resume() {},
    close(code, reason) {
      socket.close(code, reason);
    },
    terminate() {
      if (socket.onclose === null) return;
      // The platform has no other way than the handshake, for which a peer that is gone lets it wait for long.
      socket.onopen = null;
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
      queueMicrotask(() => handlers.close(ABNORMAL_CLOSURE, 'cut off'));
    },
  };
}

/** Calls back at the end of this task: a browser has nothing sooner. */
export function atEndOfTurn(action: () => void): void {
  queueMicrotask(action);
}
