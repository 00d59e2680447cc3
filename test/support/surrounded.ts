import { FrameVerifier } from '../../src/codec/frame-verifier.js';
import { FrameView } from '../../src/codec/frame-view.js';
import { Memory } from '../../src/codec/memory.js';
import type { Violation } from '../../src/codec/verify-rule.js';
import { type Reading, readingOfView } from './frame-reading.js';

/** Bytes of somebody else before and after what is under test. A multiple of 8. */
export const NEIGHBOUR_BYTES = 64;

/**
 * A memory in which `bytes` lie between neighbours full of `filler`, itself a part of a larger ArrayBuffer of the
 * same filler: whoever reads beyond the bytes gets values that depend on it.
 */
export function surround(bytes: Uint8Array, filler: number): Memory {
  const buffer = new Uint8Array(bytes.length + 4 * NEIGHBOUR_BYTES).fill(filler);
  buffer.set(bytes, 2 * NEIGHBOUR_BYTES);
  return new Memory(buffer.subarray(NEIGHBOUR_BYTES, bytes.length + 3 * NEIGHBOUR_BYTES));
}

/** What the verifier says of bytes that lie between neighbours, whatever these are: a reading or a violation. */
export function judge(bytes: Uint8Array): Reading | Violation {
  const [first, ...others] = [0x00, 0xaa, 0xff].map((filler) => judgeBetween(bytes, filler));
  for (const other of others) {
    if (inspect(other!) !== inspect(first!)) {
      throw new Error(`the verdict depends on the neighbours: ${inspect(first!)} against ${inspect(other!)}`);
    }
  }
  return first!;
}

function judgeBetween(bytes: Uint8Array, filler: number): Reading | Violation {
  const memory = surround(bytes, filler);
  const view = new FrameView();
  const end = NEIGHBOUR_BYTES + bytes.length;
  if (!new FrameVerifier().verify(memory, NEIGHBOUR_BYTES, end, view)) return view.violation!;
  return readingOfView(view);
}

/** Plain values as text that is equal when they are. */
export function inspect(value: object): string {
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part));
}
