import type { FileHandle } from 'node:fs/promises';
import { ModwireError } from '../errors.js';
import { blockKey, markKey, markValue, noteValue, subjectValue, textKey } from './lmdb-entries.js';
import { writeError } from './lmdb-error.js';
import type { LmdbRoot, LmdbTree, LmdbTrees } from './lmdb-trees.js';
import type { StoreChange } from './stream-store.js';

export interface LmdbWriterParts {
  readonly path: string;
  readonly root: LmdbRoot;
  readonly trees: LmdbTrees;
  /** Of the same file, where LMDB itself does not sync; undefined where a transaction is on disk when it is committed. */
  readonly unsynced: FileHandle | undefined;
  /** How often it is synced then; 0: never before the end. */
  readonly syncMs: number;
}

interface Waiting {
  readonly entries: readonly Entry[];
  readonly resolve: () => void;
  readonly reject: (error: ModwireError) => void;
}

/** What one key of a tree is from now on; undefined: gone. */
interface Entry {
  readonly tree: LmdbTree;
  readonly key: Buffer;
  readonly value: Uint8Array | undefined;
}

/**
 * Writes changes in order, one transaction at a time: what is asked for meanwhile becomes the next one. LMDB writes pages with
 * `write`, not through mapped memory, so a full disk is an error and no signal; pages come before the one that makes them count, with a
 * sync in between, so a transaction is there as a whole or not at all, after the loss of power too.
 *
 * Measured with changes of 64 records of 320 bytes: synced by LMDB 920 to 1,400 transactions a second; its package's `overlappingSync`
 * 840 to 1,400, with the promise resolving no sooner; not synced 3,200 to 6,200. Syncing the file ourselves instead, after an unsynced
 * transaction, is half as fast again (2,090), but then the page that counts may be on disk without those that it leads to.
 */
export class LmdbWriter {
  readonly #parts: LmdbWriterParts;
  #waiting: Waiting[] = [];
  #work: Promise<void> | undefined;
  /** Why nothing is taken any more. */
  #refusal: ModwireError | undefined;
  #isUnsynced = false;
  #syncing: Promise<void> | undefined;
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  constructor(parts: LmdbWriterParts) {
    this.#parts = parts;
    if (parts.unsynced !== undefined && parts.syncMs > 0) {
      this.#timer = setInterval(() => void this.#sync(), parts.syncMs);
      this.#timer.unref();
    }
  }

  /** As StreamStore's. */
  write(change: StoreChange): Promise<void> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    const entries = entriesOf(change, this.#parts.trees);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entries, resolve, reject });
      this.#work ??= this.#writeAll();
    });
  }

  /** Resolves when all that was asked for is written and synced; takes nothing from now on. Rejects when a sync fails. */
  async end(): Promise<void> {
    const failed = this.#refusal;
    this.#refusal ??= new ModwireError('FAILED_PRECONDITION', {
      what: 'the stream is closed',
      where: this.#parts.path,
    });
    clearInterval(this.#timer);
    await this.#work;
    await this.#sync();
    await this.#parts.unsynced?.close();
    if (failed !== undefined) throw failed;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const now = this.#waiting;
      this.#waiting = [];
      try {
        await this.#commit(now);
        for (const { resolve } of now) resolve();
      } catch (thrown) {
        const error = writeError(await causeOf(thrown), this.#parts.path);
        // Where there was no room there may be some later. After anything else LMDB may never answer again.
        if (error.code !== 'RESOURCE_EXHAUSTED') this.#refusal = error;
        const behind = this.#waiting;
        this.#waiting = [];
        for (const { reject } of [...now, ...behind]) reject(error);
      }
    }
    this.#work = undefined;
  }

  async #commit(changes: readonly Waiting[]): Promise<void> {
    this.#isUnsynced = this.#parts.unsynced !== undefined;
    await this.#parts.root.batch(() => {
      for (const { entries } of changes) {
        for (const { tree, key, value } of entries) {
          if (value === undefined) void tree.remove(key);
          else void tree.put(key, value as Buffer);
        }
      }
    });
  }

  /** Never rejects: whoever writes next is told. */
  #sync(): Promise<void> {
    if (!this.#isUnsynced) return this.#syncing ?? Promise.resolve();
    this.#syncing ??= this.#syncNow().finally(() => {
      this.#syncing = undefined;
    });
    return this.#syncing;
  }

  async #syncNow(): Promise<void> {
    this.#isUnsynced = false;
    try {
      await this.#parts.unsynced!.datasync();
    } catch (thrown) {
      this.#refusal = writeError(thrown, this.#parts.path);
    }
  }
}

/** The package rejects with an error that has another one, a promise that rejects, for why. */
async function causeOf(thrown: unknown): Promise<unknown> {
  const { commitError } = thrown as { commitError?: Promise<never> };
  try {
    await commitError;
    return thrown;
  } catch (cause) {
    return cause;
  }
}

/** In the order in which they take effect: removals of a kind come before what is put. */
function entriesOf(change: StoreChange, { blocks, subjects, marks, notes }: LmdbTrees): Entry[] {
  const entries: Entry[] = [];
  for (const offset of change.removedBlocks ?? []) {
    entries.push({ tree: blocks, key: blockKey(offset), value: undefined });
  }
  for (const { lastOffset, bytes } of change.blocks ?? []) {
    entries.push({ tree: blocks, key: blockKey(lastOffset), value: bytes });
  }
  for (const text of change.removedSubjects ?? []) {
    entries.push({ tree: subjects, key: textKey(text), value: undefined });
  }
  for (const [text, state] of change.subjects ?? []) {
    const key = textKey(text);
    entries.push({ tree: subjects, key, value: subjectValue(key, state) });
  }
  for (const { subject, epoch, sequence } of change.removedMarks ?? []) {
    entries.push({ tree: marks, key: markKey(subject, epoch, sequence), value: undefined });
  }
  for (const { subject, epoch, sequence, block } of change.marks ?? []) {
    const key = markKey(subject, epoch, sequence);
    entries.push({ tree: marks, key, value: markValue(key, block) });
  }
  for (const [name, bytes] of change.notes ?? []) {
    const key = textKey(name);
    entries.push({ tree: notes, key, value: bytes === undefined ? undefined : noteValue(key, bytes) });
  }
  return entries;
}
