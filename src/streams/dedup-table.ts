import { ID_BYTES } from '../codec/frame-layout.js';

/** Coarseness of the times that ids are known for. Microseconds. */
const TICK_MICROS = 1_000_000;
const FIRST_CAPACITY = 1024;
/** From here on ids came at `micros` or later. */
interface Tick {
  readonly micros: number;
  /** Number of the first id of this tick. */
  readonly first: number;
}

/**
 * Message ids of late, each with the offset of its record: to store nothing twice. Only fingerprints of 64 bits are kept, under
 * seeds of this table's own so that nobody can choose ids that collide; whoever asks confirms a hit by the record.
 *
 * A ring of fingerprints in the order in which they came, numbered from 0 on, and open addressing over their numbers: 24 bytes an
 * id, no objects.
 */
export class DedupTable {
  readonly #maxIds: number;
  #windowMicros: number;
  /** Start values and odd multipliers of the two halves of a fingerprint. */
  readonly #keys: Int32Array;
  /** Powers of two; the slots are twice as many as the ring has places. */
  #capacity = FIRST_CAPACITY;
  #low = new Int32Array(FIRST_CAPACITY);
  #high = new Int32Array(FIRST_CAPACITY);
  #offsets = new Float64Array(FIRST_CAPACITY);
  /** Place in the ring plus 1; 0 is free. */
  #slots = new Uint32Array(FIRST_CAPACITY * 2);
  /** Numbers of the oldest id, and of the next one. */
  #head = 0;
  #tail = 0;
  #ticks: Tick[] = [];
  #lowOf = 0;
  #highOf = 0;

  /** Neither bound may be 0 for it to know any. */
  constructor(maxIds: number, windowMicros: number) {
    this.#maxIds = maxIds;
    this.#windowMicros = windowMicros;
    this.#keys = crypto.getRandomValues(new Int32Array(4));
    this.#keys[2]! |= 1;
    this.#keys[3]! |= 1;
  }

  get size(): number {
    return this.#tail - this.#head;
  }

  /** For how long ids are known from now on; 0 forgets them all. */
  setWindow(windowMicros: number): void {
    this.#windowMicros = windowMicros;
    if (windowMicros === 0) while (this.size > 0) this.#removeOldest();
  }

  /** How long ids are known for at present: less than the window where there are too many. Microseconds. */
  heldMicros(nowMicros: number): number {
    return this.#ticks.length === 0 ? 0 : Math.max(0, nowMicros - this.#ticks[0]!.micros);
  }

  /**
   * The offset that an id came with; the latest that `confirm` takes, since other ids may have the same fingerprint.
   * undefined when it is not known. `id` has 16 bytes.
   */
  find(id: Uint8Array, confirm: (offset: number) => boolean): number | undefined {
    if (this.size === 0) return undefined;
    this.#hash(id);
    const mask = this.#slots.length - 1;
    for (let slot = this.#highOf & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const place = this.#slots[slot]! - 1;
      if (this.#low[place] !== this.#lowOf || this.#high[place] !== this.#highOf) continue;
      const offset = this.#offsets[place]!;
      if (confirm(offset)) return offset;
    }
    return undefined;
  }

  /** An id that came at `nowMicros`. At the bound the oldest goes. */
  add(id: Uint8Array, offset: number, nowMicros: number): void {
    if (this.#maxIds === 0 || this.#windowMicros === 0) return;
    this.expire(nowMicros);
    if (this.size === this.#maxIds) this.#removeOldest();
    if (this.size === this.#capacity) this.#grow();
    const newest = this.#ticks[this.#ticks.length - 1];
    if (newest === undefined || nowMicros >= newest.micros + TICK_MICROS) {
      this.#ticks.push({ micros: nowMicros, first: this.#tail });
    }
    this.#hash(id);
    const place = this.#tail++ & (this.#capacity - 1);
    this.#low[place] = this.#lowOf;
    this.#high[place] = this.#highOf;
    this.#offsets[place] = offset;
    this.#insert(place);
  }

  /** Takes back what was added last. */
  removeNewest(count: number): void {
    for (let left = Math.min(count, this.size); left > 0; left--) {
      this.#removeSlot(--this.#tail & (this.#capacity - 1));
    }
    while (this.#ticks.length > 0 && this.#ticks[this.#ticks.length - 1]!.first >= this.#tail)
      this.#ticks.pop();
  }

  /** Forgets what came before the window: all of a tick at once, when the whole of it did. */
  expire(nowMicros: number): void {
    const before = nowMicros - this.#windowMicros;
    while (this.#ticks.length > 0 && this.#ticks[0]!.micros + TICK_MICROS <= before) {
      const end = this.#ticks[1]?.first ?? this.#tail;
      while (this.#head < end) this.#removeOldest();
    }
  }

  #removeOldest(): void {
    this.#removeSlot(this.#head++ & (this.#capacity - 1));
    if (this.#ticks[1] !== undefined && this.#ticks[1].first <= this.#head) this.#ticks.shift();
    else if (this.size === 0) this.#ticks = [];
  }

  /** Multipliers are secret too: a difference in a word's top bit comes out of a known one as one that the next word can undo. */
  #hash(id: Uint8Array): void {
    const keys = this.#keys;
    const lowMultiplier = keys[2]!;
    const highMultiplier = keys[3]!;
    let low = keys[0]!;
    let high = keys[1]!;
    for (let at = 0; at < ID_BYTES; at += 4) {
      const word = id[at]! | (id[at + 1]! << 8) | (id[at + 2]! << 16) | (id[at + 3]! << 24);
      low = Math.imul(low ^ word, lowMultiplier);
      low = Math.imul(low ^ (low >>> 15), highMultiplier);
      high = Math.imul(high ^ word, highMultiplier);
      high = Math.imul(high ^ (high >>> 13), lowMultiplier);
    }
    this.#lowOf = low ^ (low >>> 16);
    this.#highOf = high ^ (high >>> 16);
  }

  #insert(place: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = this.#high[place]! & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = place + 1;
  }

  /** Closes the hole that it leaves: those behind it that would not be found any more move up. */
  #removeSlot(place: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = this.#high[place]! & mask;
    while (slots[hole] !== place + 1) hole = (hole + 1) & mask;
    for (let next = (hole + 1) & mask; slots[next] !== 0; next = (next + 1) & mask) {
      const home = this.#high[slots[next]! - 1]! & mask;
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      slots[hole] = slots[next]!;
      hole = next;
    }
    slots[hole] = 0;
  }

  #grow(): void {
    const [oldLow, oldHigh, oldOffsets, oldCapacity] = [this.#low, this.#high, this.#offsets, this.#capacity];
    this.#capacity *= 2;
    this.#low = new Int32Array(this.#capacity);
    this.#high = new Int32Array(this.#capacity);
    this.#offsets = new Float64Array(this.#capacity);
    this.#slots = new Uint32Array(this.#capacity * 2);
    for (let number = this.#head; number < this.#tail; number++) {
      const from = number & (oldCapacity - 1);
      const place = number & (this.#capacity - 1);
      this.#low[place] = oldLow[from]!;
      this.#high[place] = oldHigh[from]!;
      this.#offsets[place] = oldOffsets[from]!;
      this.#insert(place);
    }
  }
}
