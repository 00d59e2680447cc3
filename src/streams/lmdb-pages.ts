/**
 * LMDB's file as the package writes it: pages of one size, the first two of which say where the trees are. Version 2 of the
 * format, of machines of 64 bits, little-endian. Only a check of the file reads it here; all else goes through the package.
 */

export const PAGE_SIZE = 4_096;
export const PAGE_HEAD = 24;
export const NODE_HEAD = 8;
/** In a node whose value lies on pages of its own: the first one, transaction, number of pages. */
export const FAR_VALUE_BYTES = 24;
export const TREE_BYTES = 48;
/** Of the two pages that begin the file, the one of the last transaction counts. */
export const META_PAGES = 2;

const META_BYTES = 136;
const META_MAGIC = 0xbeef_c0de;
const META_VERSION = 2;
/** How the package opens the file (one file, no directory of its own), and that the list of free pages has numbers for keys. */
const FREE_FLAGS = 0x4008;

export const PageFlag = { branch: 1, leaf: 2, overflow: 4, meta: 8 } as const;
export const NodeFlag = { far: 1, tree: 2 } as const;

export interface Tree {
  readonly flags: number;
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  /** Undefined: it is empty. */
  readonly root: number | undefined;
}

export interface MetaPage {
  /** Pages that may be used again. */
  readonly free: Tree;
  /** The trees by name. */
  readonly main: Tree;
  readonly lastPage: number;
  readonly transaction: number;
}

export interface Page {
  readonly bytes: Buffer;
  readonly isLeaf: boolean;
  readonly nodes: number;
}

/** What is wrong with a file, as one part of a sentence. */
export class FileFault extends Error {}

/** A number of 64 bits; those above 2^53 come out roughly, which is enough to find that they are too large. */
export function readLong(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
}

export function readTree(bytes: Buffer, at: number): Tree {
  const isEmpty = bytes.readUInt32LE(at + 40) === 0xffff_ffff && bytes.readUInt32LE(at + 44) === 0xffff_ffff;
  return {
    flags: bytes.readUInt16LE(at + 4),
    depth: bytes.readUInt16LE(at + 6),
    branchPages: readLong(bytes, at + 8),
    leafPages: readLong(bytes, at + 16),
    overflowPages: readLong(bytes, at + 24),
    entries: readLong(bytes, at + 32),
    root: isEmpty ? undefined : readLong(bytes, at + 40),
  };
}

/** The first pages of a file; the one that counts comes out. Throws FileFault. */
export function readMeta(bytes: Buffer): MetaPage {
  if (bytes.length < META_PAGES * PAGE_SIZE) throw new FileFault(`it ends within its first pages`);
  const [one, other] = [metaPage(bytes, 0), metaPage(bytes, 1)];
  const distance = Math.abs(one.transaction - other.transaction);
  // Transactions write them in turn; a new file has two of transaction 0.
  if (distance > 1 || (distance === 0 && one.transaction !== 0)) {
    throw new FileFault(`its first pages are of transactions ${one.transaction} and ${other.transaction}`);
  }
  return one.transaction >= other.transaction ? one : other;
}

function metaPage(bytes: Buffer, page: number): MetaPage {
  const at = page * PAGE_SIZE;
  const meta = at + PAGE_HEAD;
  const isWhole =
    readLong(bytes, at) === page &&
    bytes.readUInt16LE(at + 18) === PageFlag.meta &&
    bytes.readUInt32LE(meta) === META_MAGIC &&
    bytes.readUInt32LE(meta + 4) === META_VERSION &&
    bytes.readUInt32LE(meta + 24) === PAGE_SIZE;
  if (!isWhole)
    throw new FileFault(`page ${page} is not one that begins a file of pages of ${PAGE_SIZE} bytes`);
  const free = readTree(bytes, meta + 24);
  const main = readTree(bytes, meta + 24 + TREE_BYTES);
  const transaction = readLong(bytes, meta + META_BYTES - 8);
  if (free.flags !== FREE_FLAGS || main.flags !== 0) throw new FileFault(`page ${page} has unknown flags`);
  if (transaction !== 0 && transaction % META_PAGES !== page) {
    throw new FileFault(`page ${page} is of transaction ${transaction}`);
  }
  return { free, main, lastPage: readLong(bytes, meta + META_BYTES - 16), transaction };
}

/** A page of a tree, read from the file. All that LMDB would follow lies within it afterwards. Throws FileFault. */
export function readTreePage(bytes: Buffer, number: number, transaction: number): Page {
  const flags = bytes.readUInt16LE(18);
  const [lower, upper] = [bytes.readUInt16LE(20), bytes.readUInt16LE(22)];
  const isLeaf = flags === PageFlag.leaf;
  const isWhole =
    isOf(bytes, number, transaction) &&
    (isLeaf || flags === PageFlag.branch) &&
    lower % 2 === 0 &&
    lower >= 2 &&
    lower <= upper &&
    upper <= PAGE_SIZE - PAGE_HEAD;
  if (!isWhole) throw new FileFault(`page ${number} is none of a tree`);
  const page = { bytes, isLeaf, nodes: lower / 2 };
  for (let index = 0; index < page.nodes; index++) checkNode(page, index, upper, number);
  return page;
}

function checkNode(page: Page, index: number, upper: number, number: number): void {
  const { bytes, isLeaf } = page;
  const at = nodeAt(page, index);
  let end = at + NODE_HEAD;
  let isWhole = at % 2 === 0 && at >= upper + PAGE_HEAD && end <= PAGE_SIZE;
  if (isWhole) {
    const flags = isLeaf ? nodeFlags(page, index) : 0;
    end += bytes.readUInt16LE(at + 6);
    if (isLeaf) end += flags === NodeFlag.far ? FAR_VALUE_BYTES : valueBytes(page, index);
    isWhole = end <= PAGE_SIZE && flags <= NodeFlag.tree;
  }
  if (!isWhole) throw new FileFault(`entry ${index} of page ${number} does not lie within it`);
}

/** Whether a page's head says that it is this one, written no later than the last transaction. */
function isOf(head: Buffer, number: number, transaction: number): boolean {
  return readLong(head, 0) === number && readLong(head, 8) <= transaction;
}

/** Throws FileFault unless `head` begins pages of a value. */
export function checkOverflowHead(head: Buffer, number: number, pages: number, transaction: number): void {
  const isWhole =
    isOf(head, number, transaction) &&
    head.readUInt16LE(18) === PageFlag.overflow &&
    head.readUInt32LE(20) === pages;
  if (!isWhole) throw new FileFault(`page ${number} does not begin a value of ${pages} pages`);
}

/** Where an entry of a page begins. */
function nodeAt({ bytes }: Page, index: number): number {
  return PAGE_HEAD + bytes.readUInt16LE(PAGE_HEAD + index * 2);
}

export function nodeFlags(page: Page, index: number): number {
  return page.bytes.readUInt16LE(nodeAt(page, index) + 4);
}

export function nodeKey(page: Page, index: number): Buffer {
  const at = nodeAt(page, index) + NODE_HEAD;
  return page.bytes.subarray(at, at + page.bytes.readUInt16LE(at - 2));
}

/** Of a leaf: bytes of the entry's value, wherever it lies. */
export function valueBytes(page: Page, index: number): number {
  return page.bytes.readUInt32LE(nodeAt(page, index));
}

/** Of a leaf: where what stands behind the key begins. */
export function valueAt(page: Page, index: number): number {
  const at = nodeAt(page, index);
  return at + NODE_HEAD + page.bytes.readUInt16LE(at + 6);
}

/** Of a branch. */
export function childPage(page: Page, index: number): number {
  return page.bytes.readUIntLE(nodeAt(page, index), 6);
}
