import { encodeControl, Memory } from 'modwire/codec';
import { CONTROL_SPECIMENS, FRAME_SPECIMENS } from './corpus.js';
import { mutatedBytes, putMutated } from './mutate.js';
import type { Prng } from './prng.js';

/** Frames in one batch at most. */
export const BATCH_FRAMES = 32;

const MESSAGE_BYTES = mutatedBytes(
  Math.max(...[...FRAME_SPECIMENS, ...CONTROL_SPECIMENS].map(({ bytes }) => bytes.length)),
);
/** Nonce of the ping behind every batch; no specimen has it. */
export const BATCH_NONCE = 0x5eed_f00d;
const PING = encodeControl({ type: 'ping', nonce: BATCH_NONCE });
/** 'MCP1' and the least that a batch reader takes for an entry, so that it goes on to the next one. */
const FRAME_IDENTIFIER = 0x3150434d;
const SMALLEST_ENTRY = 16;

/** Makes batches out of broken and whole messages. The batch is valid until the next one is made. */
export class BrokenBatch {
  readonly #memory = new Memory(new Uint8Array((BATCH_FRAMES + 2) * MESSAGE_BYTES));

  /** A batch for the cases `first` to `first + count - 1` of a seed, with a ping at its end. */
  make(prng: Prng, seed: number, first: number, count: number): Uint8Array {
    prng.reseed(seed, first);
    // Most batches can be read to their end, so that many frames are looked at before the session is closed.
    const readable = prng.below(16) !== 0;
    const controls = prng.below(8) === 0;
    let length = 0;
    for (let index = first; index < first + count; index++) {
      prng.reseed(seed, index);
      const isControl = controls && prng.below(8) === 0;
      const specimens = isControl ? CONTROL_SPECIMENS : FRAME_SPECIMENS;
      const bytes = putMutated(prng, specimens, this.#memory, length);
      length += readable && !isControl ? this.#makeReadable(length, bytes) : bytes;
    }
    this.#memory.u8.set(PING, length);
    return this.#memory.u8.slice(0, length + PING.length);
  }

  /** Repairs size and identifier, which are looked at first. */
  #makeReadable(start: number, length: number): number {
    const { data, u8 } = this.#memory;
    const whole = Math.max(SMALLEST_ENTRY, Math.ceil(length / 8) * 8);
    u8.fill(0, start + length, start + whole);
    data.setUint32(start, whole - 4, true);
    data.setUint32(start + 8, FRAME_IDENTIFIER, true);
    return whole;
  }
}
