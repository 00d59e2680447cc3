import { ContentType, FrameWriter, IdGenerator } from 'modwire/codec';
import { type Driver, PAYLOAD_BYTES, SUBJECT } from './driver.js';
import { openRelaySocket } from './raw-relay-socket.js';
import { readCounter } from './tally.js';

const FRAMES_PER_BATCH = 100;

/** Bytes that may be under way from publisher to the slowest subscriber: what a publisher of Modwire may have, too. */
const WINDOW_BYTES = 2 * 1024 * 1024;

/** A subscriber says how much it has received whenever it is this much more. */
const ACK_BYTES = 256 * 1024;

/** One of Modwire's frames as its client would write it, to send bytes of the same number and kind. */
const frame = encodeFrame();
const payloadAt = frame.length - PAYLOAD_BYTES;

/**
 * Bytes through a bare uWebSockets.js relay (processes/relay.ts): nobody writes, verifies, numbers or routes a frame.
 * Nothing that goes through WebSocket and this relay's kind of fan-out can be faster.
 */
export const rawRelayDriver: Driver = {
  async connectPublisher(url) {
    const socket = await openRelaySocket(`${url}/publish`);
    const free: Buffer[] = [];
    let batch = makeBatch();
    let frames = 0;
    let sentBytes = 0;
    let ackedBytes = 0;
    let wake = () => {};
    socket.on('message', (data: Buffer) => {
      ackedBytes = data.readDoubleLE(0);
      wake();
    });

    function send(): void {
      const sent = batch;
      const bytes = frames * frame.length;
      sentBytes += bytes;
      socket.send(sent.subarray(0, bytes), { binary: true }, () => free.push(sent));
      batch = free.pop() ?? makeBatch();
      frames = 0;
    }

    return {
      publish: (payload) => {
        batch.set(payload, frames * frame.length + payloadAt);
        if (++frames === FRAMES_PER_BATCH) send();
        return sentBytes - ackedBytes < WINDOW_BYTES;
      },
      ready: () => {
        if (sentBytes - ackedBytes < WINDOW_BYTES) return Promise.resolve();
        return new Promise((resolve) => {
          wake = () => {
            if (sentBytes - ackedBytes < WINDOW_BYTES) resolve();
          };
        });
      },
      flush: async () => {
        if (frames > 0) send();
        while (socket.bufferedAmount > 0) await new Promise(setImmediate);
      },
    };
  },

  async subscribe(url, tally) {
    const socket = await openRelaySocket(`${url}/subscribe`);
    let receivedBytes = 0;
    let ackedBytes = 0;
    socket.on('message', (data: Buffer) => {
      tally.addRun(readCounter(data, payloadAt), data.length / frame.length);
      receivedBytes += data.length;
      if (receivedBytes - ackedBytes < ACK_BYTES) return;
      ackedBytes = receivedBytes;
      const ack = Buffer.alloc(8);
      ack.writeDoubleLE(receivedBytes);
      socket.send(ack);
    });
  },
};

function encodeFrame(): Uint8Array {
  const ids = new IdGenerator();
  const id = new Uint8Array(16);
  const traceId = new Uint8Array(16);
  const spanId = new Uint8Array(8);
  ids.nextId(id, Date.now());
  ids.nextRandom(traceId);
  ids.nextRandom(spanId);
  return new FrameWriter().encode({
    subject: SUBJECT,
    id,
    publishedAt: Date.now() * 1000,
    contentType: ContentType.bytes,
    trace: { traceId, spanId, flags: 1 },
    payload: new Uint8Array(PAYLOAD_BYTES),
  });
}

function makeBatch(): Buffer {
  return Buffer.concat(Array.from({ length: FRAMES_PER_BATCH }, () => frame));
}
