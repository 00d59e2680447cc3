import { ByteBuffer, Encoding } from 'flatbuffers';
import { decodeUtf8 } from './utf8.js';

/**
 * Verified bytes for generated code. Texts in them are decoded as frames' are: FlatBuffers' own decoder would drop a
 * byte order mark in front.
 */
export class VerifiedBytes extends ByteBuffer {
  override __string(offset: number, encoding?: Encoding): string | Uint8Array {
    const bytes = super.__string(offset, Encoding.UTF8_BYTES) as Uint8Array;
    return encoding === Encoding.UTF8_BYTES ? bytes : decodeUtf8(bytes, 0, bytes.length);
  }
}
