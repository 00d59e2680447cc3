import { outputTooLarge } from './expansion.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const HEX = '0123456789abcdef';
const SHORT_ESCAPES: ReadonlyMap<number, string> = new Map([
  [QUOTE, '\\"'],
  [BACKSLASH, '\\\\'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
]);

/** JSON text as it grows, in UTF-8. Beyond `bound` bytes it is RESOURCE_EXHAUSTED. */
export class JsonOutput {
  readonly #bound: number;
  #bytes = new Uint8Array(4096);
  #length = 0;

  constructor(bound: number) {
    this.#bound = bound;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  ascii(text: string): void {
    this.#reserve(text.length);
    for (let index = 0; index < text.length; index++) this.#bytes[this.#length++] = text.charCodeAt(index);
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** A string of verified UTF-8 bytes: those of ASCII that JSON reserves are escaped, all others stay as they are. */
  string(bytes: Uint8Array, start: number, end: number): void {
    this.byte(QUOTE);
    let from = start;
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) continue;
      this.bytes(new Uint8Array(bytes.buffer, bytes.byteOffset + from, at - from));
      this.ascii(SHORT_ESCAPES.get(byte) ?? `\\u00${HEX[byte >> 4]}${HEX[byte & 15]}`);
      from = at + 1;
    }
    this.bytes(new Uint8Array(bytes.buffer, bytes.byteOffset + from, end - from));
    this.byte(QUOTE);
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(size: number): void {
    const length = this.#length + size;
    if (length > this.#bound) throw outputTooLarge('the JSON', this.#bound);
    if (length <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
