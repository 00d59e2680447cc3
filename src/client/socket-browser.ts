import { SUBPROTOCOL } from '../codec/control-message.js';
import type { ClientSocket, ClientSocketHandlers } from './socket.js';

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
      socket.close();
    },
  };
}

/** Calls back at the end of this task: a browser has nothing sooner. */
export function atEndOfTurn(action: () => void): void {
  queueMicrotask(action);
}
