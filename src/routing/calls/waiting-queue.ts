import { HeapNode, IndexedHeap } from './indexed-heap.js';

export interface WaitingQueueOptions<Item> {
  /** Most items at once. */
  readonly maxItems: number;
  /** Most bytes at once. */
  readonly maxBytes: number;
  /** How long an item has to wait to count as one of the next higher priority. Milliseconds. */
  readonly ageingMs: number;
  /** Told of an item whose deadline has passed; it is out by then. Others may leave from here, but none join or be taken. */
  readonly expired: (item: Item) => void;
}

/** What the queue has to know of an item. */
export interface WaitingTerms {
  /** 0 to 255, higher first. */
  readonly priority: number;
  /** When it is not to be handed over any more; Infinity for never. Milliseconds, on the clock that the user passes in. */
  readonly deadlineMs: number;
  readonly byteLength: number;
}

/** An item's place in the queue, to take it out by. */
export class Place<Item> {
  readonly item: Item;
  readonly terms: WaitingTerms;
  /** @internal */ readonly turn: HeapNode<Place<Item>>;
  /** @internal */ readonly expiry: HeapNode<Place<Item>>;

  /** @internal */
  constructor(item: Item, terms: WaitingTerms, turnKey: number, order: number) {
    this.item = item;
    this.terms = terms;
    this.turn = new HeapNode<Place<Item>>(this, turnKey, order);
    this.expiry = new HeapNode<Place<Item>>(this, terms.deadlineMs, order);
  }
}

const PRIORITIES = 256;

/**
 * Calls that wait for a worker: higher priority first, and in order within a priority. Waiting counts: every `ageingMs`
 * is worth a step of priority, so that an item of priority p is passed only by those of a higher priority q that come
 * less than (q - p) × `ageingMs` after it. Nobody starves: the longest that others are preferred is 255 × `ageingMs`.
 *
 * All age alike, so that the order of any two never changes; it is decided when they come. Joining, taking and leaving
 * are O(log n).
 */
export class WaitingQueue<Item> {
  readonly #options: WaitingQueueOptions<Item>;
  readonly #turns = new IndexedHeap<Place<Item>>();
  readonly #expiries = new IndexedHeap<Place<Item>>();
  /** Waiting items by priority. */
  readonly #counts = new Uint32Array(PRIORITIES);
  #bytes = 0;
  #joined = 0;

  constructor(options: WaitingQueueOptions<Item>) {
    this.#options = options;
  }

  get size(): number {
    return this.#turns.size;
  }

  /** Bytes of all that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The earliest deadline; Infinity when there is none. Milliseconds. */
  get nextDeadlineMs(): number {
    return this.#expiries.first?.key ?? Number.POSITIVE_INFINITY;
  }

  /** Lets an item wait; undefined, and nothing done, when there is no room. Those that have expired make room first. */
  join(item: Item, terms: WaitingTerms, nowMs: number): Place<Item> | undefined {
    const { maxItems, maxBytes, ageingMs } = this.#options;
    this.expire(nowMs);
    if (this.size >= maxItems || this.#bytes + terms.byteLength > maxBytes) return undefined;
    const place = new Place(item, terms, nowMs - terms.priority * ageingMs, this.#joined++);
    this.#enter(place);
    return place;
  }

  /** Takes out the item whose turn it is; never one whose deadline has passed. */
  take(nowMs: number): Item | undefined {
    this.expire(nowMs);
    const place = this.#turns.first?.item;
    if (place === undefined) return undefined;
    this.leave(place);
    return place.item;
  }

  /** Lets an item that was taken wait on where it was. Nobody may have joined since. */
  putBack(place: Place<Item>): void {
    this.#enter(place);
  }

  /** Takes out an item wherever it is. False when it is out already. */
  leave(place: Place<Item>): boolean {
    if (place.turn.at < 0) return false;
    this.#turns.delete(place.turn);
    this.#expiries.delete(place.expiry);
    this.#counts[place.terms.priority]!--;
    this.#bytes -= place.terms.byteLength;
    return true;
  }

  /** Takes out those whose deadline has come. */
  expire(nowMs: number): void {
    while (this.nextDeadlineMs <= nowMs) {
      const place = this.#expiries.first!.item;
      this.leave(place);
      this.#options.expired(place.item);
    }
  }

  /** How many would be before an item of this priority that comes now. It leaves out those that have aged past it. */
  countBefore(priority: number): number {
    let count = 0;
    for (let at = priority; at < PRIORITIES; at++) count += this.#counts[at]!;
    return count;
  }

  #enter(place: Place<Item>): void {
    const { priority, byteLength } = place.terms;
    this.#turns.add(place.turn);
    this.#expiries.add(place.expiry);
    this.#counts[priority]!++;
    this.#bytes += byteLength;
  }
}
