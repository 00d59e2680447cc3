/** Random 32-bit numbers, not for secrets: xoshiro128** (Blackman and Vigna), seeded by the platform's secure source. */
class Random32 {
  readonly #state = new Uint32Array(4);

  constructor() {
    // All zero is the one state that it never leaves.
    do crypto.getRandomValues(this.#state);
    while (this.#state.every((word) => word === 0));
  }

  next(): number {
    const s = this.#state;
    const x = Math.imul(s[1]!, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9);
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result >>> 0;
  }
}

/**
 * Makes message ids (UUIDv7, RFC 9562) and trace ids. Ids of one generator rise strictly, also within a millisecond
 * and when the clock goes back: the 12 bits after the time count, and the time is pushed ahead when they overflow.
 */
export class IdGenerator {
  readonly #random = new Random32();
  #lastMs = 0;
  #counter = 0;

  /** Fills `id`, 16 bytes, with a new id; `unixMs` is the present time in whole milliseconds since the Unix epoch. */
  nextId(id: Uint8Array, unixMs: number): void {
    if (unixMs > this.#lastMs) {
      this.#lastMs = unixMs;
      // Start low enough that a millisecond has room to count.
      this.#counter = this.#random.next() & 0x7ff;
    } else if (++this.#counter > 0xfff) {
      this.#lastMs++;
      this.#counter = 0;
    }
    const ms = this.#lastMs;
    const high = Math.floor(ms / 0x1_0000);
    id[0] = high >>> 24;
    id[1] = high >>> 16;
    id[2] = high >>> 8;
    id[3] = high;
    id[4] = ms >>> 8;
    id[5] = ms;
    id[6] = 0x70 | (this.#counter >>> 8);
    id[7] = this.#counter;
    const first = this.#random.next();
    const second = this.#random.next();
    id[8] = 0x80 | ((first >>> 24) & 0x3f);
    id[9] = first >>> 16;
    id[10] = first >>> 8;
    id[11] = first;
    id[12] = second >>> 24;
    id[13] = second >>> 16;
    id[14] = second >>> 8;
    id[15] = second;
  }

  /** Fills `target`, a trace id (16 bytes) or span id (8 bytes), with random bytes that are not all zero. */
  nextRandom(target: Uint8Array): void {
    for (let at = 0; at < target.length; at += 4) {
      // Never zero: W3C calls an id of zeros invalid.
      const word = this.#random.next() || 1;
      target[at] = word >>> 24;
      target[at + 1] = word >>> 16;
      target[at + 2] = word >>> 8;
      target[at + 3] = word;
    }
  }
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hexadecimal, as trace ids and content hashes are printed. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** A text that only this message id has, to look it up by: a fraction of what `toHex` takes, and nothing for people to read. */
export function idKey(id: Uint8Array): string {
  return String.fromCharCode(
    pair(id, 0),
    pair(id, 2),
    pair(id, 4),
    pair(id, 6),
    pair(id, 8),
    pair(id, 10),
    pair(id, 12),
    pair(id, 14),
  );
}

function pair(id: Uint8Array, at: number): number {
  return (id[at]! << 8) | id[at + 1]!;
}

/** Bytes of hexadecimal digits in pairs; the caller made sure that they are. */
export function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

/** A message id as people write a UUID: `0190b5f2-…`. */
export function formatUuid(id: Uint8Array): string {
  const hex = toHex(id);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
