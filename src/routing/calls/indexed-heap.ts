/** One in a heap. */
export class HeapNode<Item> {
  readonly item: Item;
  /** The least comes first. */
  readonly key: number;
  /** Among equal keys the least comes first. */
  readonly order: number;
  /** Where it is in the heap; -1 when it is not in. @internal */
  at = -1;

  constructor(item: Item, key: number, order: number) {
    this.item = item;
    this.key = key;
    this.order = order;
  }
}

/** A heap whose nodes know their places: any can leave, in O(log n). */
export class IndexedHeap<Item> {
  readonly #nodes: HeapNode<Item>[] = [];

  get size(): number {
    return this.#nodes.length;
  }

  /** In no particular order. */
  get nodes(): readonly HeapNode<Item>[] {
    return this.#nodes;
  }

  get first(): HeapNode<Item> | undefined {
    return this.#nodes[0];
  }

  /** Takes in a node that is in no heap. */
  add(node: HeapNode<Item>): void {
    this.#nodes.push(node);
    this.#rise(node, this.#nodes.length - 1);
  }

  /** Takes out a node that is in. */
  delete(node: HeapNode<Item>): void {
    const { at } = node;
    const last = this.#nodes.pop()!;
    node.at = -1;
    if (last === node) return;
    if (isBefore(last, node)) this.#rise(last, at);
    else this.#sink(last, at);
  }

  /** Puts a node at `at` or above, moving down those that come after it. */
  #rise(node: HeapNode<Item>, at: number): void {
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#nodes[above]!;
      if (!isBefore(node, parent)) break;
      this.#put(parent, at);
      at = above;
    }
    this.#put(node, at);
  }

  /** Puts a node at `at` or below, moving up those that come before it. */
  #sink(node: HeapNode<Item>, at: number): void {
    const nodes = this.#nodes;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= nodes.length) break;
      if (below + 1 < nodes.length && isBefore(nodes[below + 1]!, nodes[below]!)) below++;
      const child = nodes[below]!;
      if (!isBefore(child, node)) break;
      this.#put(child, at);
      at = below;
    }
    this.#put(node, at);
  }

  #put(node: HeapNode<Item>, at: number): void {
    this.#nodes[at] = node;
    node.at = at;
  }
}

/** Whether `a` comes before `b`, be they in the same heap or not. */
export function isBefore(a: HeapNode<unknown>, b: HeapNode<unknown>): boolean {
  return a.key < b.key || (a.key === b.key && a.order < b.order);
}
