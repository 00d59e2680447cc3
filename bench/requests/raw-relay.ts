import { FrameWriter, IdGenerator, Kind } from 'modwire/codec';
import { PAYLOAD_BYTES } from '../drivers/driver.js';
import { openRelaySocket } from '../drivers/raw-relay-socket.js';
import { REQUEST_SUBJECT, type RequestDriver } from './request-driver.js';

/** A frame of the size that Modwire's client would send. */
const frame = encodeFrame();
const payloadAt = frame.length - PAYLOAD_BYTES;

/**
 * Bytes there and back through a bare uWebSockets.js relay (processes/call-relay.ts): nobody writes, verifies or routes
 * a frame, and a reply belongs to the oldest request. Nothing that goes through WebSocket and a relay can be faster.
 */
export const rawRelayRequests: RequestDriver = {
  async serve(url) {
    const socket = await openRelaySocket(`${url}/worker`);
    socket.on('message', (data: Buffer) => socket.send(data, { binary: true }));
    return url;
  },

  async connect(url) {
    const socket = await openRelaySocket(`${url}/caller`);
    const waiting: ((reply: Uint8Array) => void)[] = [];
    socket.on('message', (data: Buffer) => waiting.shift()!(data.subarray(payloadAt)));
    return (payload) => {
      const message = Buffer.from(frame);
      message.set(payload, payloadAt);
      socket.send(message, { binary: true });
      return new Promise((resolve) => waiting.push(resolve));
    };
  },
};

function encodeFrame(): Uint8Array {
  const id = new Uint8Array(16);
  new IdGenerator().nextId(id, Date.now());
  return new FrameWriter().encode({
    ...{ subject: REQUEST_SUBJECT, id, publishedAt: Date.now() * 1000, kind: Kind.request },
    ...{ timeout: 30_000_000, correlationId: id, payload: new Uint8Array(PAYLOAD_BYTES) },
  });
}
