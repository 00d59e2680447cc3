import type { Database, RootDatabase } from 'lmdb';
import type { ValueCheck } from './lmdb-check.js';
import { isChecked } from './lmdb-entries.js';
import type { LmdbPackage } from './lmdb-package.js';
import { PAGE_SIZE } from './lmdb-pages.js';

export type LmdbTree = Database<Buffer, Buffer>;
export type LmdbRoot = RootDatabase<Buffer, Buffer>;

/** One tree for each kind of thing that is looked up. */
export interface LmdbTrees {
  readonly blocks: LmdbTree;
  readonly subjects: LmdbTree;
  readonly marks: LmdbTree;
  readonly notes: LmdbTree;
}

/** Their names, and what tells whether a value is whole: of blocks, who reads them. */
export const TREE_CHECKS: ReadonlyMap<keyof LmdbTrees, ValueCheck | undefined> = new Map([
  ['blocks', undefined],
  ['marks', isChecked],
  ['notes', isChecked],
  ['subjects', isChecked],
]);

/** Address space to begin with; LMDB doubles it when the file has grown into it. */
const MAP_BYTES = 1024 * 1024 * 1024;

const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** Opens a file, or makes it, in which case `beforeTrees` is called before they are put into it. Rejects with what the system or LMDB says. */
export async function openTrees(
  { open }: LmdbPackage,
  path: string,
  noSync: boolean,
  beforeTrees: () => Promise<void> = async () => undefined,
): Promise<{ readonly root: LmdbRoot; readonly trees: LmdbTrees }> {
  const root = open<Buffer, Buffer>({
    ...{ ...BINARY, path, noSubdir: true, maxDbs: TREE_CHECKS.size, pageSize: PAGE_SIZE },
    // Transactions that end when they are on disk; LMDB's own way, with errors told before anything counts.
    ...{ overlappingSync: false, noSync },
    // Batches of the package's own have promises that nobody sees reject.
    eventTurnBatching: false,
    // Windows makes the file as large as what is mapped.
    ...(process.platform !== 'win32' && { mapSize: MAP_BYTES }),
  });
  try {
    await beforeTrees();
    const tree = (name: keyof LmdbTrees): LmdbTree => root.openDB({ ...BINARY, name });
    const trees = {
      blocks: tree('blocks'),
      subjects: tree('subjects'),
      marks: tree('marks'),
      notes: tree('notes'),
    };
    return { root, trees };
  } catch (thrown) {
    await root.close();
    throw thrown;
  }
}
