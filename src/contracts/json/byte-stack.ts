import type { ScalarName } from '../schema-model.js';

/**
 * Bytes that are pushed and dropped at the top: what is read of a table or vector waits here until all of it is known.
 * Off the heap and as large as its input at most, so that a long vector costs no more than its elements.
 */
export class ByteStack {
  #bytes = new Uint8Array(1024);
  #data = new DataView(this.#bytes.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Valid until the next push. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Pushes `size` zero bytes and returns where they start. */
  push(size: number): number {
    const start = this.#length;
    const end = start + size;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      larger.set(new Uint8Array(this.#bytes.buffer, 0, start));
      this.#bytes = larger;
      this.#data = new DataView(larger.buffer);
    } else this.#bytes.fill(0, start, end);
    this.#length = end;
    return start;
  }

  /** Drops everything from `start` on. */
  drop(start: number): void {
    this.#length = start;
  }

  pushByte(value: number): void {
    const at = this.push(1);
    this.#bytes[at] = value;
  }

  /** A character by its code, in UTF-8. */
  pushUtf8(code: number): void {
    if (code < 0x80) {
      this.pushByte(code);
      return;
    }
    if (code < 0x800) this.pushByte(0xc0 | (code >> 6));
    else {
      if (code < 0x10000) this.pushByte(0xe0 | (code >> 12));
      else {
        this.pushByte(0xf0 | (code >> 18));
        this.pushByte(0x80 | ((code >> 12) & 0x3f));
      }
      this.pushByte(0x80 | ((code >> 6) & 0x3f));
    }
    this.pushByte(0x80 | (code & 0x3f));
  }

  pushUint32(value: number): number {
    const at = this.push(4);
    this.#data.setUint32(at, value, true);
    return at;
  }

  uint32(at: number): number {
    return this.#data.getUint32(at, true);
  }

  /** Writes a value that is in range: of 64 bits as a bigint, any other as a number. */
  setScalar(at: number, scalar: ScalarName, value: number | bigint): void {
    const data = this.#data;
    switch (scalar) {
      case 'bool':
      case 'byte':
      case 'ubyte':
        this.#bytes[at] = value as number;
        break;
      case 'short':
      case 'ushort':
        data.setUint16(at, value as number, true);
        break;
      case 'int':
      case 'uint':
        data.setUint32(at, value as number, true);
        break;
      case 'long':
      case 'ulong':
        data.setBigUint64(at, value as bigint, true);
        break;
      case 'float':
        data.setFloat32(at, value as number, true);
        break;
      case 'double':
        data.setFloat64(at, value as number, true);
    }
  }
}
