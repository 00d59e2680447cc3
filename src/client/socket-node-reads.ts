import { connect, type NetConnectOpts, type Socket } from 'node:net';

/**
 * Size of a slab, and what one read may take. Node.js reads 64 KiB at a time into a buffer of its own by default; at full
 * load nearly every message then lies across two reads and has to be copied together, and there are eight times as many
 * system calls: a third of what a delivery costs a subscriber. Bytes.
 */
const SLAB_BYTES = 512 * 1024;
/** A new slab when less than this is left of the last one. Bytes. */
const LEAST_READ_BYTES = 64 * 1024;

/**
 * Connects a socket that reads up to half a mebibyte at a time, side by side into slabs: what was read stays where it is for as
 * long as someone holds it, and small reads share a slab.
 */
export function connectWithLargeReads(options: NetConnectOpts): Socket {
  let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  let used = 0;
  const socket = connect({
    ...options,
    onread: {
      buffer: () => {
        if (slab.length - used < LEAST_READ_BYTES) {
          slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
          used = 0;
        }
        return slab.subarray(used);
      },
      callback: (byteLength, bytes) => {
        used += byteLength;
        socket.emit('data', bytes.subarray(0, byteLength));
        return true;
      },
    },
  } as NetConnectOpts);
  return socket;
}
