import { type ClientOptions, WebSocket } from 'ws';
import { SUBPROTOCOL } from '../codec/control-message.js';
import { type ClientSocket, type ClientSocketHandlers, MAX_MESSAGE_BYTES } from './socket.js';
import { connectWithLargeReads } from './socket-node-reads.js';

/** Time for the broker to answer a close. Milliseconds. */
const CLOSE_TIMEOUT_MS = 1_000;

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * Clients mask what they send so that proxies on the way cannot be made to misread it. Nothing is on the way on the
 * loopback interface, and nothing on the way can read TLS: there the mask is zero, which `ws` need not apply.
 */
function needsMask(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol !== 'wss:' && !LOOPBACK.test(hostname);
}

/** Opens a connection with `ws`. */
export function openSocket(url: string, handlers: ClientSocketHandlers): ClientSocket {
  const socket = new WebSocket(url, SUBPROTOCOL, {
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    skipUTF8Validation: true,
    // TLS reads by records of its own.
    ...(url.startsWith('wss:')
      ? {}
      : { createConnection: connectWithLargeReads as ClientOptions['createConnection'] }),
    // The typings of the package lack this option.
    ...{ closeTimeout: CLOSE_TIMEOUT_MS },
    ...(needsMask(url) ? {} : { generateMask: (mask: Buffer) => mask.fill(0) }),
  });
  let detail = '';
  socket.on('open', () => handlers.open());
  socket.on('message', (data) => {
    const bytes = data as Buffer;
    handlers.message(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  });
  socket.on('unexpected-response', (request, response) => {
    const status = response.statusCode ?? 0;
    let body = '';
    response.on('data', (chunk: Buffer) => {
      if (body.length < 1024) body += chunk.toString();
    });
    response.on('end', () => {
      detail = `HTTP ${status}: ${body.trim()}`;
      request.destroy();
      handlers.close(1006, detail);
    });
  });
  // Always followed by close, where it is reported.
  socket.on('error', (error) => {
    detail ||= error.message;
  });
  socket.on('close', (code, reason) => handlers.close(code, reason.toString() || detail));
  return {
    send(bytes, sent) {
      socket.send(bytes, { binary: true }, sent);
    },
    pause() {
      socket.pause();
      return true;
    },
    resume() {
      socket.resume();
    },
    close(code, reason) {
      socket.close(code, reason);
    },
    terminate() {
      socket.terminate();
    },
  };
}

/** Calls back at the end of this turn of the event loop: after all input that is there has been read. */
export function atEndOfTurn(action: () => void): void {
  setImmediate(action);
}
