import { HeapNode, IndexedHeap } from './indexed-heap.js';

/** What the queue has to know of an item. */
export interface WaitingTerms {
  /** Name of the lane that it waits in: the same wherever the same workers may take it. */
  readonly lane: string;
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
  /** Name of its lane now. Only the queue writes it. */
  lane: string;
  /** @internal */ readonly turn: HeapNode<Place<Item>>;
  /** @internal */ readonly expiry: HeapNode<Place<Item>>;

  /** @internal */
  constructor(item: Item, terms: WaitingTerms, turnKey: number, order: number) {
    this.item = item;
    this.terms = terms;
    this.lane = terms.lane;
    this.turn = new HeapNode<Place<Item>>(this, turnKey, order);
    this.expiry = new HeapNode<Place<Item>>(this, terms.deadlineMs, order);
  }
}

/** Items that the same workers may take. */
export class WaitingLane<Item> {
  readonly #turns = new IndexedHeap<Place<Item>>();
  /** Items by priority; most lanes have few. */
  readonly #counts = new Map<number, number>();

  get size(): number {
    return this.#turns.size;
  }

  /** Whose turn it is in this lane; undefined when it is empty. @internal */
  get firstTurn(): HeapNode<Place<Item>> | undefined {
    return this.#turns.first;
  }

  /** One of its items, which speaks for all: the one whose turn it is. A lane of a queue is never empty. */
  get first(): Item {
    return this.#turns.first!.item.item;
  }

  /** How many would be before an item of this priority that comes now. It leaves out those that have aged past it. */
  countBefore(priority: number): number {
    let sum = 0;
    for (const [one, count] of this.#counts) if (one >= priority) sum += count;
    return sum;
  }

  /** @internal */
  enter(place: Place<Item>): void {
    const { priority } = place.terms;
    this.#turns.add(place.turn);
    this.#counts.set(priority, (this.#counts.get(priority) ?? 0) + 1);
  }

  /** @internal */
  leave(place: Place<Item>): void {
    const { priority } = place.terms;
    this.#turns.delete(place.turn);
    const left = this.#counts.get(priority)! - 1;
    if (left > 0) this.#counts.set(priority, left);
    else this.#counts.delete(priority);
  }
}
