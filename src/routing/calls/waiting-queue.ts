import { IndexedHeap, isBefore } from './indexed-heap.js';
import { Place, WaitingLane, type WaitingTerms } from './waiting-lane.js';

export type { Place, WaitingTerms };

export interface WaitingQueueOptions<Item> {
  /** Most items at once, in all lanes together. */
  readonly maxItems: number;
  /** Most bytes at once, in all lanes together. */
  readonly maxBytes: number;
  /** Most lanes at once. */
  readonly maxLanes: number;
  /** How long an item has to wait to count as one of the next higher priority. Milliseconds. */
  readonly ageingMs: number;
  /** Told of an item whose deadline has passed; it is out by then. Others may leave from here, but none join or be taken. */
  readonly expired: (item: Item) => void;
}

/**
 * Calls that wait for a worker: higher priority first, and in order within a priority. Waiting counts: every `ageingMs`
 * is worth a step of priority, so that an item of priority p is passed only by those of a higher priority q that come
 * less than (q - p) × `ageingMs` after it. Nobody starves: the longest that others are preferred is 255 × `ageingMs`.
 *
 * Items that only some workers may take wait in lanes, one for each set of workers: a lane for which nobody has room does not
 * hold up the others. Among lanes for which somebody has, the order is the same as within one. A lane is there as long as
 * somebody waits in it.
 *
 * All age alike, so that the order of any two never changes; it is decided when they come. Joining, taking and leaving
 * are O(log n), and taking looks at the first of every lane.
 */
export class WaitingQueue<Item> {
  readonly #options: WaitingQueueOptions<Item>;
  readonly #lanes = new Map<string, WaitingLane<Item>>();
  readonly #expiries = new IndexedHeap<Place<Item>>();
  #bytes = 0;
  #joined = 0;

  constructor(options: WaitingQueueOptions<Item>) {
    this.#options = options;
  }

  get size(): number {
    return this.#expiries.size;
  }

  /** Bytes of all that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The earliest deadline; Infinity when there is none. Milliseconds. */
  get nextDeadlineMs(): number {
    return this.#expiries.first?.key ?? Number.POSITIVE_INFINITY;
  }

  /** Lanes in which somebody waits, by name. */
  get lanes(): ReadonlyMap<string, WaitingLane<Item>> {
    return this.#lanes;
  }

  /** Lets an item wait; undefined, and nothing done, when there is no room. Those that have expired make room first. */
  join(item: Item, terms: WaitingTerms, nowMs: number): Place<Item> | undefined {
    const { maxItems, maxBytes, maxLanes, ageingMs } = this.#options;
    this.expire(nowMs);
    if (this.size >= maxItems || this.#bytes + terms.byteLength > maxBytes) return undefined;
    if (this.#lanes.size >= maxLanes && !this.#lanes.has(terms.lane)) return undefined;
    const place = new Place(item, terms, nowMs - terms.priority * ageingMs, this.#joined++);
    this.#enter(place);
    return place;
  }

  /**
   * Takes out the item whose turn it is, of the lanes that `isOpen`, asked of the first in a lane, says are open; never one
   * whose deadline has passed.
   */
  take(nowMs: number, isOpen?: (first: Item) => boolean): Item | undefined {
    this.expire(nowMs);
    let best: WaitingLane<Item> | undefined;
    for (const lane of this.#lanes.values()) {
      if (best !== undefined && isBefore(best.firstTurn!, lane.firstTurn!)) continue;
      if (isOpen === undefined || isOpen(lane.first)) best = lane;
    }
    if (best === undefined) return undefined;
    const place = best.firstTurn!.item;
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
    this.#leaveLane(place);
    this.#expiries.delete(place.expiry);
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

  /** Moves every item to the lane that it belongs to from now on, be there more lanes than may be or not. */
  rearrange(laneOf: (item: Item) => string): void {
    for (const { item: place } of this.#expiries.nodes) {
      const lane = laneOf(place.item);
      if (lane === place.lane) continue;
      this.#leaveLane(place);
      place.lane = lane;
      this.#enterLane(place);
    }
  }

  #enter(place: Place<Item>): void {
    this.#enterLane(place);
    this.#expiries.add(place.expiry);
    this.#bytes += place.terms.byteLength;
  }

  #enterLane(place: Place<Item>): void {
    let lane = this.#lanes.get(place.lane);
    if (lane === undefined) {
      lane = new WaitingLane();
      this.#lanes.set(place.lane, lane);
    }
    lane.enter(place);
  }

  #leaveLane(place: Place<Item>): void {
    const lane = this.#lanes.get(place.lane)!;
    lane.leave(place);
    if (lane.size === 0) this.#lanes.delete(place.lane);
  }
}
