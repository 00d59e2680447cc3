import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { diskError } from '../disk/disk-error.js';
import { ModwireError } from '../errors.js';
import { checkLmdbFile, type FileVerdict, type ValueCheck } from './lmdb-check.js';
import { readBlockKey } from './lmdb-entries.js';
import { damagedStream, lmdbError } from './lmdb-error.js';
import { loadLmdb } from './lmdb-package.js';
import { FileRoom } from './lmdb-room.js';
import { LmdbStore } from './lmdb-store.js';
import { openTrees, TREE_CHECKS } from './lmdb-trees.js';
import { LmdbWriter } from './lmdb-writer.js';
import { markClosed, markOpen, readPreviousEnd } from './open-mark.js';
import type { StreamConfig } from './stream-config.js';
import type { StoredBlock } from './stream-store.js';

const FILE = 'records.mdb';
/** Of LMDB, for processes that share a file, which nobody does here. */
const LOCK = `${FILE}-lock`;
/** For looking at the file before it is opened; what takes longer is for `verifyLmdbStore`. */
const CHECK_MS = 300;

/** Directories with a store that this process has open. */
const inUse = new Set<string>();

/**
 * Makes the file of a new stream in a directory that is there. Rejects with FAILED_PRECONDITION without the package lmdb, and as the
 * system refuses.
 */
export async function createLmdbStore(directory: string): Promise<void> {
  const lmdb = await loadLmdb();
  const path = join(directory, FILE);
  try {
    const { root } = await openTrees(lmdb, path, false, async () => {
      const file = await open(path, 'r+');
      await (await FileRoom.of(file)).make(1, 0, false).finally(() => file.close());
    });
    await root.close();
  } catch (thrown) {
    throw lmdbError(thrown, 'a stream cannot be created', path);
  }
  await rm(join(directory, LOCK), { force: true });
}

/**
 * Opens what `createLmdbStore` made. Rejects with DATA_LOSS for a file that is gone or damaged, as far as a look of `checkMs` shows; with
 * FAILED_PRECONDITION when it is open already or may not be written, RESOURCE_EXHAUSTED when there is no room on the disk, UNAVAILABLE
 * when the disk fails.
 */
export async function openLmdbStore(
  directory: string,
  { sync, syncMs }: Pick<StreamConfig, 'sync' | 'syncMs'>,
  { checkMs = CHECK_MS }: { readonly checkMs?: number } = {},
): Promise<LmdbStore> {
  const path = join(directory, FILE);
  if (inUse.has(directory)) {
    throw new ModwireError('FAILED_PRECONDITION', { what: 'a stream is open already', where: path });
  }
  inUse.add(directory);
  try {
    const lmdb = await loadLmdb();
    await looksWhole(path, checkMs);
    const previous = await readPreviousEnd(directory);
    // Of a process that is gone.
    await rm(join(directory, LOCK), { force: true });
    await markOpen(directory);
    const file = await open(path, 'r+');
    try {
      const isSynced = sync === 'always';
      const room = await FileRoom.of(file);
      const { root, trees } = await openTrees(lmdb, path, !isSynced);
      const syncEveryMs = sync === 'interval' ? syncMs : 0;
      return new LmdbStore({
        ...{ path, root, trees },
        writer: new LmdbWriter({ path, root, trees, file, room, isSynced, syncMs: syncEveryMs }),
        continuous: isSynced || previous.isClean || previous.isSameBoot,
        onClosed: (isWhole) => leave(directory, isWhole),
      });
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  } catch (thrown) {
    inUse.delete(directory);
    throw lmdbError(thrown, 'a stream cannot be opened', path);
  }
}

/**
 * Looks at all of a stream's file, which is not open; `visit` is shown each block, in order, up to where something is wrong with the file.
 * Rejects as the system refuses.
 */
export async function verifyLmdbStore(
  directory: string,
  visit: (block: StoredBlock) => void = () => undefined,
): Promise<FileVerdict & { readonly path: string }> {
  const path = join(directory, FILE);
  const show: ValueCheck = (key, bytes) => {
    visit({ lastOffset: readBlockKey(key), bytes });
    return true;
  };
  try {
    return { ...(await checkLmdbFile(path, new Map([...TREE_CHECKS, ['blocks', show]]))), path };
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT')
      return { fault: 'it is gone', isComplete: true, path };
    throw diskError(thrown, 'a stream cannot be verified', path);
  }
}

async function looksWhole(path: string, checkMs: number): Promise<void> {
  const isThere = await stat(path).then(
    () => true,
    (thrown: NodeJS.ErrnoException) => {
      if (thrown.code === 'ENOENT') return false;
      throw diskError(thrown, 'a stream cannot be opened', path);
    },
  );
  if (!isThere) throw damagedStream(path, 'it is gone');
  const { fault } = await checkLmdbFile(path, TREE_CHECKS, checkMs);
  if (fault !== undefined) throw damagedStream(path, fault);
}

async function leave(directory: string, isSynced: boolean): Promise<void> {
  inUse.delete(directory);
  if (isSynced) await markClosed(directory);
}
