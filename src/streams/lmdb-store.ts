import { statSync } from 'node:fs';
import {
  behindPrefix,
  blockKey,
  markKey,
  readBlockKey,
  readMark,
  readNote,
  readSubject,
  textKey,
} from './lmdb-entries.js';
import { damagedStream, lmdbError } from './lmdb-error.js';
import type { LmdbRoot, LmdbTrees } from './lmdb-trees.js';
import type { LmdbWriter } from './lmdb-writer.js';
import type { Mark, StoreChange, StoredBlock, StreamStore, SubjectState } from './stream-store.js';

export interface LmdbStoreParts {
  readonly path: string;
  readonly root: LmdbRoot;
  readonly trees: LmdbTrees;
  readonly writer: LmdbWriter;
  readonly continuous: boolean;
  /** Called when nothing is open any more, with whether all that was written is on disk. */
  readonly onClosed: (isSynced: boolean) => Promise<void>;
}

/**
 * A stream on disk, in one LMDB file. Reads happen at once, in the snapshot that this turn of the event loop has; no snapshot
 * outlives it, or pages would never be free. What a read finds damaged it throws as DATA_LOSS.
 */
export class LmdbStore implements StreamStore {
  readonly continuous: boolean;
  readonly #parts: LmdbStoreParts;
  #closed: Promise<void> | undefined;

  constructor(parts: LmdbStoreParts) {
    this.#parts = parts;
    this.continuous = parts.continuous;
  }

  /** A change that fails takes those with it that were waiting behind it: they were made with it in mind. */
  write(change: StoreChange): Promise<void> {
    return this.#parts.writer.write(change);
  }

  block(offset: number): StoredBlock | undefined {
    return this.#blockAt({ start: blockKey(offset), limit: 1 });
  }

  lastBlock(): StoredBlock | undefined {
    return this.#blockAt({ reverse: true, limit: 1 });
  }

  subject(text: string): SubjectState | undefined {
    return this.#reading(({ subjects }) => {
      const key = textKey(text);
      const value = subjects.getBinary(key);
      return value === undefined
        ? undefined
        : this.#whole(readSubject(key, value), () => `of subject ${text}`);
    });
  }

  visitSubjects(visit: (text: string, state: SubjectState) => boolean): void {
    this.#reading(({ subjects }) => {
      for (const { key, value } of subjects.getRange({})) {
        const text = key.toString('utf8');
        const state = this.#whole(readSubject(key, value), () => `of subject ${text}`);
        if (!visit(text, state)) return;
      }
    });
  }

  markFrom(subject: number, epoch: number, sequence: number): Mark | undefined {
    return this.#reading(({ marks }) => {
      const range = { start: markKey(subject, epoch, sequence), end: markKey(subject + 1, 0, 0), limit: 1 };
      for (const { key, value } of marks.getRange(range)) {
        return this.#whole(readMark(key, value), () => `where to find subject ${subject}`);
      }
      return undefined;
    });
  }

  notes(prefix: string): ReadonlyMap<string, Uint8Array> {
    return this.#reading(({ notes }) => {
      const found = new Map<string, Uint8Array>();
      const start = textKey(prefix);
      const range = { ...(prefix !== '' && { start }), end: behindPrefix(start) };
      for (const { key, value } of notes.getRange(range)) {
        const name = key.toString('utf8');
        found.set(
          name,
          this.#whole(readNote(key, value), () => `of ${name}`),
        );
      }
      return found;
    });
  }

  /** Of the file, which does not shrink: what is removed makes room for what comes. */
  get storedBytes(): number {
    return statSync(this.#parts.path).size;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { writer, root, onClosed, path } = this.#parts;
    let isSynced = false;
    try {
      await writer.end();
      isSynced = true;
    } finally {
      await root.close();
      await onClosed(isSynced).catch((thrown) => {
        throw lmdbError(thrown, 'a stream cannot be closed', path);
      });
    }
  }

  /**
   * The key first, then the value: the package's own buffer, which the next read overwrites, is copied once. Blocks of 64 KiB
   * take 5 to 10 microseconds for it; bytes in mapped memory would be free, until the page below them is used again.
   */
  #blockAt(range: { start?: Buffer; reverse?: true; limit: 1 }): StoredBlock | undefined {
    return this.#reading(({ blocks }) => {
      for (const key of blocks.getKeys(range)) {
        const value = blocks.getBinaryFast(key)!;
        return { lastOffset: readBlockKey(key), bytes: copyOf(value) };
      }
      return undefined;
    });
  }

  #reading<Found>(read: (trees: LmdbTrees) => Found): Found {
    try {
      return read(this.#parts.trees);
    } catch (thrown) {
      throw lmdbError(thrown, 'a stream cannot be read', this.#parts.path);
    }
  }

  #whole<Value>(value: Value | undefined, what: () => string): Value {
    if (value === undefined) throw damagedStream(this.#parts.path, `what it knows ${what()}`);
    return value;
  }
}

/** The buffer of the package says its length, and is longer. */
function copyOf(value: Buffer): Uint8Array {
  return new Uint8Array(value.buffer, value.byteOffset, value.length).slice();
}
