/**
 * Bytes with the two views that the codec reads and writes them through. It borrows the memory: whoever made the
 * bytes still owns them and decides how long they live. Offsets everywhere in the codec count from the start of
 * `u8`, and nothing outside `u8` is ever touched although its ArrayBuffer may be larger.
 */
export class Memory {
  readonly u8: Uint8Array;
  readonly data: DataView;

  constructor(bytes: Uint8Array) {
    // Buffer's `slice` shares memory where Uint8Array's copies: inside the codec there are no Buffers.
    this.u8 =
      bytes.constructor === Uint8Array
        ? bytes
        : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.u8.length;
  }

  static allocate(byteLength: number): Memory {
    return new Memory(new Uint8Array(byteLength));
  }
}

/** 2^32, to put the high half of a 64-bit number in front of the low half. */
export const HIGH = 0x1_0000_0000;

/** Unsigned 64-bit little-endian as a number: exact below 2^53, the nearest double above. */
export function readU64(data: DataView, at: number): number {
  return data.getUint32(at + 4, true) * HIGH + data.getUint32(at, true);
}

/** Writes a non-negative integer below 2^53 as unsigned 64-bit little-endian. */
export function writeU64(data: DataView, at: number, value: number): void {
  const high = Math.floor(value / HIGH);
  data.setUint32(at, value - high * HIGH, true);
  data.setUint32(at + 4, high, true);
}
