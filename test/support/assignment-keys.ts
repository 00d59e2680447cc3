import { bucketOfKey, saltSeed } from '../../src/routing/experiments/assignment-hash.js';

/** As many as there are of each shape. */
export const KEYS = 1_000_000;

export const KEY_SHAPES = ['counters', 'names with a number', 'UUIDs', 'time-ordered ids', 'words'] as const;

export type KeyShape = (typeof KEY_SHAPES)[number];

const SYLLABLES = ['ka', 'lo', 'mi', 'ne', 'ru', 'sta', 'ter', 'vo', 'xi', 'zu'];
/** Words of three syllables: a thousand. */
const WORDS = SYLLABLES.flatMap((a) => SYLLABLES.flatMap((b) => SYLLABLES.map((c) => a + b + c)));
const HEX = new TextEncoder().encode('0123456789abcdef');
/** Where a dash comes before a digit of a UUID. */
const GROUPS = [8, 12, 16, 20];

/** Writes keys as programs have them, each number its own. */
export class KeyWriter {
  readonly bytes = new Uint8Array(64);
  readonly #shape: KeyShape;
  readonly #encoder = new TextEncoder();

  constructor(shape: KeyShape) {
    this.#shape = shape;
  }

  /** Writes key `index` from the start of `bytes`, and returns its end. */
  write(index: number): number {
    if (this.#shape === 'time-ordered ids') return this.#id(index);
    if (this.#shape === 'UUIDs') return this.#uuid(index);
    return this.#encoder.encodeInto(textOf(this.#shape, index), this.bytes).written;
  }

  /** 16 bytes: first the time, of which there are 50 each millisecond, then what is random. */
  #id(index: number): number {
    const data = new DataView(this.bytes.buffer);
    data.setUint16(0, 0x0192);
    data.setUint32(2, 0xf0c15b1e + Math.floor(index / 50));
    data.setUint16(6, 0x7000 | (scatter(index) & 0xfff));
    data.setUint32(8, 0x80000000 | (scatter(index + 1) >>> 2));
    data.setUint32(12, scatter(index + 2));
    return 16;
  }

  #uuid(index: number): number {
    const { bytes } = this;
    let end = 0;
    for (let digit = 0, bits = 0; digit < 32; digit++, bits >>>= 4) {
      if (digit % 8 === 0) bits = scatter(index * 4 + digit / 8);
      if (GROUPS.includes(digit)) bytes[end++] = 0x2d;
      bytes[end++] = HEX[bits & 15]!;
    }
    return end;
  }
}

function textOf(shape: KeyShape, index: number): string {
  if (shape === 'counters') return String(index);
  if (shape === 'words') return WORDS[Math.floor(index / 1_000)]! + WORDS[index % 1_000]!;
  return `user-${index}@example.org`;
}

/** A number that looks drawn, and is another one for every other number. */
function scatter(index: number): number {
  let value = Math.imul(index + 0x9e3779b9, 0x21f0aaad);
  value = Math.imul(value ^ (value >>> 15), 0x735a2d97);
  return (value ^ (value >>> 15)) >>> 0;
}

export function bucketOfText(key: string, salt: string): number {
  const bytes = new TextEncoder().encode(key);
  return bucketOfKey(bytes, 0, bytes.length, saltSeed(salt));
}
