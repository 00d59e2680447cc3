import { ID_BYTES } from '../../codec/frame-layout.js';

/** Random 32-bit numbers that a map's hash takes. */
export const ID_HASH_WORDS = ID_BYTES * 256;

const WORDS = ID_BYTES / 4;
const FIRST_CAPACITY = 64;

/**
 * Values under message ids that are read where they lie in a frame: finding makes no text and allocates nothing. A map
 * from hexadecimal text takes about ten times as long. The room for the most ids at once is kept: 48 to 96 bytes each.
 *
 * Ids come from outside. Their hash is a sum (exclusive or) of random numbers, one for every place and byte (simple
 * tabulation, for which linear probing takes constant time whatever the keys): who does not know the numbers cannot choose
 * ids that collide.
 */
export class IdMap<Value> {
  readonly #random: Int32Array;
  #ids = new Int32Array(FIRST_CAPACITY * WORDS);
  /** By slot; undefined where it is free. */
  #values: (Value | undefined)[] = new Array(FIRST_CAPACITY).fill(undefined);
  #mask = FIRST_CAPACITY - 1;
  #size = 0;

  /** `random` is `ID_HASH_WORDS` numbers from a secure source; maps may share them. */
  constructor(random: Int32Array) {
    this.#random = random;
  }

  get size(): number {
    return this.#size;
  }

  /** The value of the id that begins at `at`. */
  find(bytes: Uint8Array, at: number): Value | undefined {
    return this.#values[this.#slotOf(bytes, at)];
  }

  /** Sets the value of an id, which is copied; `value` is not undefined. True when the id had none. */
  set(bytes: Uint8Array, at: number, value: Value): boolean {
    if ((this.#size + 1) * 2 > this.#mask) this.#grow();
    const slot = this.#slotOf(bytes, at);
    const isNew = this.#values[slot] === undefined;
    this.#values[slot] = value;
    if (!isNew) return false;
    for (let word = 0; word < WORDS; word++) this.#ids[slot * WORDS + word] = wordAt(bytes, at + 4 * word);
    this.#size++;
    return true;
  }

  /** Takes an id out; its value, undefined when it had none. */
  delete(bytes: Uint8Array, at: number): Value | undefined {
    const slot = this.#slotOf(bytes, at);
    const value = this.#values[slot];
    if (value === undefined) return undefined;
    this.#size--;
    this.#close(slot);
    return value;
  }

  /** The slot that has the id, else the free one where it would go. */
  #slotOf(bytes: Uint8Array, at: number): number {
    const ids = this.#ids;
    const first = wordAt(bytes, at);
    const second = wordAt(bytes, at + 4);
    const third = wordAt(bytes, at + 8);
    const fourth = wordAt(bytes, at + 12);
    let slot = this.#hash(first, second, third, fourth) & this.#mask;
    for (; this.#values[slot] !== undefined; slot = (slot + 1) & this.#mask) {
      const start = slot * WORDS;
      // The end of an id differs most often.
      if (ids[start + 3] !== fourth || ids[start + 2] !== third) continue;
      if (ids[start + 1] === second && ids[start] === first) break;
    }
    return slot;
  }

  /** Frees a slot, and moves up those behind it that would not be found across the hole. */
  #close(hole: number): void {
    const values = this.#values;
    const ids = this.#ids;
    const mask = this.#mask;
    for (let slot = (hole + 1) & mask; values[slot] !== undefined; slot = (slot + 1) & mask) {
      const distance = (slot - this.#homeOf(slot)) & mask;
      if (distance < ((slot - hole) & mask)) continue;
      values[hole] = values[slot];
      ids.copyWithin(hole * WORDS, slot * WORDS, (slot + 1) * WORDS);
      hole = slot;
    }
    values[hole] = undefined;
  }

  #homeOf(slot: number): number {
    const ids = this.#ids;
    const start = slot * WORDS;
    return this.#hash(ids[start]!, ids[start + 1]!, ids[start + 2]!, ids[start + 3]!) & this.#mask;
  }

  #grow(): void {
    const ids = this.#ids;
    const values = this.#values;
    const capacity = values.length * 2;
    this.#ids = new Int32Array(capacity * WORDS);
    this.#values = new Array(capacity).fill(undefined);
    this.#mask = capacity - 1;
    for (let old = 0; old < values.length; old++) {
      if (values[old] === undefined) continue;
      const start = old * WORDS;
      let slot = this.#hash(ids[start]!, ids[start + 1]!, ids[start + 2]!, ids[start + 3]!) & this.#mask;
      while (this.#values[slot] !== undefined) slot = (slot + 1) & this.#mask;
      this.#values[slot] = values[old];
      for (let word = 0; word < WORDS; word++) this.#ids[slot * WORDS + word] = ids[start + word]!;
    }
  }

  #hash(first: number, second: number, third: number, fourth: number): number {
    const random = this.#random;
    return (
      hashWord(random, 0, first) ^
      hashWord(random, 4 * 256, second) ^
      hashWord(random, 8 * 256, third) ^
      hashWord(random, 12 * 256, fourth)
    );
  }
}

function hashWord(random: Int32Array, from: number, word: number): number {
  return (
    random[from + (word & 0xff)]! ^
    random[from + 256 + ((word >>> 8) & 0xff)]! ^
    random[from + 512 + ((word >>> 16) & 0xff)]! ^
    random[from + 768 + (word >>> 24)]!
  );
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
