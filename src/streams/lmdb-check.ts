import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  checkOverflowHead,
  FileFault,
  META_PAGES,
  type MetaPage,
  NodeFlag,
  nodeFlags,
  nodeKey,
  PAGE_HEAD,
  PAGE_SIZE,
  readLong,
  readMeta,
  readTree,
  readTreePage,
  TREE_BYTES,
  type Tree,
  valueAt,
  valueBytes,
} from './lmdb-pages.js';
import { type Entry, walkTree } from './lmdb-walk.js';

/** Other work of the event loop waits no longer than this. */
const TURN_MS = 5;
/** Pages between two looks at the clock. */
const PAGES_A_LOOK = 64;

/** Whether a value is the one that was written for a key. */
export type ValueCheck = (key: Buffer, value: Buffer) => boolean;

export interface FileVerdict {
  /** Undefined: nothing was found. */
  readonly fault: string | undefined;
  /** False: there was no time to look at all of it. */
  readonly isComplete: boolean;
}

/**
 * Whether LMDB can work on a file. It follows what stands in its pages through mapped memory without a doubt: with a damaged
 * or truncated file it takes the process with it, or reads something else than was written. So this reads the file as bytes, without LMDB: that
 * every page that the trees lead to is there, is what it should be, and belongs to one place; that keys ascend and numbers of entries are
 * right; that no page in use is free; and that values are as they were written, where `trees` has a check of them. A file that
 * lacks some of its end is looked at as a whole, whatever the time. Throws what the system throws.
 */
export async function checkLmdbFile(
  path: string,
  trees: ReadonlyMap<string, ValueCheck | undefined>,
  budgetMs = Number.POSITIVE_INFINITY,
): Promise<FileVerdict> {
  const file = openSync(path, 'r');
  try {
    const check = new FileCheck(file, budgetMs);
    return { fault: undefined, isComplete: await check.all(trees) };
  } catch (thrown) {
    if (!(thrown instanceof FileFault)) throw thrown;
    return { fault: thrown.message, isComplete: true };
  } finally {
    closeSync(file);
  }
}

class FileCheck {
  readonly #file: number;
  readonly #bytes: number;
  readonly #meta: MetaPage;
  /** One bit a page that something leads to. */
  readonly #used: Uint8Array;
  readonly #endAt: number;
  #turnEndAt = performance.now() + TURN_MS;
  #pages = 0;

  constructor(file: number, budgetMs: number) {
    this.#file = file;
    this.#bytes = fstatSync(file).size;
    const first = Buffer.alloc(Math.min(this.#bytes, META_PAGES * PAGE_SIZE));
    readSync(file, first, 0, first.length, 0);
    this.#meta = readMeta(first);
    const { lastPage } = this.#meta;
    const isShort = this.#bytes < (lastPage + 1) * PAGE_SIZE;
    // The last pages may be free and never written: not every file that is short has lost something.
    if (isShort && lastPage > this.#bytes) throw new FileFault(`its last page would be ${lastPage}`);
    this.#used = new Uint8Array((lastPage >> 3) + 1);
    this.#endAt = isShort ? Number.POSITIVE_INFINITY : performance.now() + budgetMs;
  }

  /** Resolves with whether there was time for all. */
  async all(trees: ReadonlyMap<string, ValueCheck | undefined>): Promise<boolean> {
    const { free, main } = this.#meta;
    const named = new Map<string, Tree>();
    await this.#walk('trees', main, (entry) => {
      named.set(nameOf(entry), treeOf(entry));
    });
    const names = [...named.keys()].join(', ');
    if (names !== [...trees.keys()].sort().join(', ')) throw new FileFault(`it has the trees ${names}`);
    for (const [name, tree] of named) {
      const isWhole = trees.get(name);
      const visit = isWhole && ((entry: Entry) => this.#checkValue(name, entry, isWhole));
      if (!(await this.#walk(name, tree, visit))) return false;
    }
    return this.#walk('free pages', free, (entry) => this.#checkFree(entry));
  }

  #walk(name: string, tree: Tree, visit: ((entry: Entry) => void) | undefined): Promise<boolean> {
    return walkTree({
      ...{ name, tree, visit, isFreeList: tree === this.#meta.free },
      readPage: (number) => readTreePage(this.#read(number, PAGE_SIZE, 1), number, this.#meta.transaction),
      readFar: (number, pages) => {
        checkOverflowHead(this.#read(number, PAGE_HEAD, pages), number, pages, this.#meta.transaction);
      },
      mayGoOn: () => this.#mayGoOn(),
    });
  }

  /** The first bytes of pages, which nothing else leads to. */
  #read(number: number, bytes: number, pages: number): Buffer {
    if (number < META_PAGES || number + pages - 1 > this.#meta.lastPage) {
      throw new FileFault(`something leads to page ${number}, where none is`);
    }
    if ((number + pages) * PAGE_SIZE > this.#bytes) {
      throw new FileFault(`it ends before page ${number + pages - 1}, which is in use`);
    }
    for (let page = number; page < number + pages; page++) {
      if (this.#isUsed(page)) throw new FileFault(`page ${page} is in use at two places`);
      this.#used[page >> 3]! |= 1 << (page & 7);
    }
    const read = Buffer.allocUnsafe(bytes);
    readSync(this.#file, read, 0, bytes, number * PAGE_SIZE);
    return read;
  }

  #isUsed(page: number): boolean {
    return (this.#used[page >> 3]! & (1 << (page & 7))) !== 0;
  }

  #checkValue(name: string, entry: Entry, isWhole: ValueCheck): void {
    if (!isWhole(nodeKey(entry.page, entry.index), this.#value(entry))) {
      throw new FileFault(`something among its ${name} is not what was written`);
    }
  }

  #value({ page, index, far }: Entry): Buffer {
    const size = valueBytes(page, index);
    const at = valueAt(page, index);
    if (far === undefined) return page.bytes.subarray(at, at + size);
    const value = Buffer.allocUnsafe(size);
    readSync(this.#file, value, 0, size, far * PAGE_SIZE + PAGE_HEAD);
    return value;
  }

  /** A list of pages: how many numbers, then each a page, or minus a number of pages and the first of them. */
  #checkFree(entry: Entry): void {
    const bytes = this.#value(entry);
    const size = bytes.length;
    const numbers = size >= 8 ? readLong(bytes, 0) : 0;
    if (size < 8 || (numbers + 1) * 8 > size) throw new FileFault('a list of free pages is too short');
    for (let number = 1; number <= numbers; number++) {
      let first = Number(bytes.readBigInt64LE(number * 8));
      let count = 1;
      if (first === 0) continue;
      if (first < 0) {
        count = -first;
        number++;
        first = number <= numbers ? readLong(bytes, number * 8) : 0;
      }
      if (first < META_PAGES || first + count - 1 > this.#meta.lastPage) {
        throw new FileFault(`page ${first} is free, where none is`);
      }
      for (let free = first; free < first + count; free++) {
        if (this.#isUsed(free)) throw new FileFault(`page ${free} is in use and free`);
      }
    }
  }

  async #mayGoOn(): Promise<boolean> {
    if (++this.#pages % PAGES_A_LOOK !== 0) return true;
    const now = performance.now();
    if (now >= this.#endAt) return false;
    if (now >= this.#turnEndAt) {
      await nextTurn();
      this.#turnEndAt = performance.now() + TURN_MS;
    }
    return true;
  }
}

function treeOf({ page, index }: Entry): Tree {
  const isTree = nodeFlags(page, index) === NodeFlag.tree && valueBytes(page, index) === TREE_BYTES;
  const tree = isTree ? readTree(page.bytes, valueAt(page, index)) : undefined;
  if (tree?.flags !== 0) throw new FileFault('an entry among the trees is none');
  return tree;
}

/** The package ends names with a zero. */
function nameOf({ page, index }: Entry): string {
  return nodeKey(page, index).toString('latin1').replace(/\0$/, '');
}
