import type { Message } from './message.js';

/**
 * One way to turn messages into bytes and back. It is made for a fixed set of messages and prepares beforehand
 * whatever its users would have at hand in that form: the messages in the types that its API takes, a reused
 * buffer or builder where its API allows one, and, for decoding, the bytes.
 */
export interface Codec {
  /** Encodes message `index` and returns the number of bytes it took. */
  encode(index: number): number;
  /**
   * From the bytes of message `index` to three of its fields: the sum of sequence, publishedAt and payload length.
   * Checks the bytes as far as the system does so. Absent where the system does not check bytes at all.
   */
  decode?(index: number): number;
  /** Encodes message `index` anew and reads everything back, to prove that nothing was left out. */
  roundTrip(index: number): Message;
}

export type CodecMaker = (messages: readonly Message[]) => Codec;
