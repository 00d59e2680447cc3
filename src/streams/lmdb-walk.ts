import {
  childPage,
  FileFault,
  NodeFlag,
  nodeFlags,
  nodeKey,
  PAGE_HEAD,
  PAGE_SIZE,
  type Page,
  readLong,
  type Tree,
  valueAt,
  valueBytes,
} from './lmdb-pages.js';

/** LMDB's own bound. */
const MAX_DEPTH = 32;

/** One of a leaf. */
export interface Entry {
  readonly page: Page;
  readonly index: number;
  /** The first page of its value, where that lies on pages of its own. */
  readonly far: number | undefined;
}

export interface TreeWalk {
  readonly name: string;
  readonly tree: Tree;
  /** Its keys are numbers, and a page above others may have but one below it. */
  readonly isFreeList: boolean;
  /** Told of each entry, in their order. */
  readonly visit: ((entry: Entry) => void) | undefined;
  /** Throws FileFault for one that is none of a tree, or that was read before. */
  readonly readPage: (number: number) => Page;
  /** Told of pages that hold one value; throws as `readPage`. */
  readonly readFar: (number: number, pages: number) => void;
  /** Asked before each page. */
  readonly mayGoOn: () => Promise<boolean>;
}

/** Goes through all pages of a tree. Resolves with whether it went through all of them; throws FileFault. */
export async function walkTree(walk: TreeWalk): Promise<boolean> {
  const { tree, name } = walk;
  const found = { branchPages: 0, leafPages: 0, overflowPages: 0, entries: 0 };
  const order = new KeyOrder(walk);
  /** From the root to the page that is looked at, with the next entry of each. */
  const trail: { page: Page; next: number }[] = [];
  const enter = (number: number) => {
    const page = walk.readPage(number);
    trail.push({ page, next: 0 });
    if (page.isLeaf !== (trail.length === tree.depth) || trail.length > MAX_DEPTH) {
      throw new FileFault(`page ${number} is at the wrong depth of ${name}`);
    }
    if (page.isLeaf) found.leafPages++;
    else found.branchPages++;
    if (!page.isLeaf && page.nodes < 2 && !walk.isFreeList) {
      throw new FileFault(`page ${number} leads nowhere`);
    }
  };
  if (tree.root !== undefined) enter(tree.root);
  while (trail.length > 0) {
    const top = trail[trail.length - 1]!;
    const { page } = top;
    if (page.isLeaf) {
      for (let index = 0; index < page.nodes; index++)
        found.overflowPages += visitEntry(walk, order, page, index);
      found.entries += page.nodes;
      trail.pop();
    } else if (top.next === page.nodes) {
      trail.pop();
    } else {
      if (!(await walk.mayGoOn())) return false;
      const index = top.next++;
      if (index > 0) order.divide(nodeKey(page, index));
      enter(childPage(page, index));
    }
  }
  for (const [what, count] of Object.entries(found) as [keyof typeof found, number][]) {
    if (tree[what] !== count)
      throw new FileFault(`${name} has ${count} ${what}, and should have ${tree[what]}`);
  }
  return true;
}

/** Returns how many pages the entry's value has of its own. */
function visitEntry(walk: TreeWalk, order: KeyOrder, page: Page, index: number): number {
  order.add(nodeKey(page, index));
  let far: number | undefined;
  let pages = 0;
  if (nodeFlags(page, index) === NodeFlag.far) {
    const at = valueAt(page, index);
    far = readLong(page.bytes, at);
    pages = readLong(page.bytes, at + 16);
    // A value that another one took the place of within one transaction may leave pages behind it.
    const isLongEnough = pages * PAGE_SIZE >= PAGE_HEAD + valueBytes(page, index);
    if (!isLongEnough) throw new FileFault(`a value of ${walk.name} has a wrong length`);
    walk.readFar(far, pages);
  }
  walk.visit?.({ page, index, far });
  return pages;
}

/** Keys ascend from leaf to leaf, and what stands above two leaves divides them. */
class KeyOrder {
  readonly #walk: TreeWalk;
  #last: Buffer | undefined;
  /** No key after this one is lower. */
  #divider: Buffer | undefined;

  constructor(walk: TreeWalk) {
    this.#walk = walk;
  }

  add(key: Buffer): void {
    const isOrdered =
      (this.#last === undefined || this.#compare(this.#last, key) < 0) &&
      (this.#divider === undefined || this.#compare(this.#divider, key) <= 0);
    if (!isOrdered) throw new FileFault(`keys of ${this.#walk.name} do not ascend`);
    this.#last = key;
    this.#divider = undefined;
  }

  divide(key: Buffer): void {
    if (this.#last !== undefined && this.#compare(this.#last, key) >= 0) {
      throw new FileFault(`keys of ${this.#walk.name} do not ascend`);
    }
    this.#divider = key;
  }

  #compare(one: Buffer, other: Buffer): number {
    if (!this.#walk.isFreeList) return Buffer.compare(one, other);
    if (one.length !== 8 || other.length !== 8) throw new FileFault('a list of free pages has no number');
    return readLong(one, 0) - readLong(other, 0);
  }
}
