import { readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { crc32c } from '../codec/crc32c.js';
import { decodeUtf8, encodeUtf8 } from '../codec/utf8.js';
import { diskError } from '../disk/disk-error.js';
import { makeDirectory, UNFINISHED, writeDurably } from '../disk/durable-files.js';
import { ModwireError } from '../errors.js';
import { type ContractChange, isContractChange } from './contract-change.js';
import { corruptFile } from './corrupt-file.js';
import { DirectoryLock } from './directory-lock.js';
import { Journal } from './journal.js';
import type { JournalRecord } from './journal-format.js';

const JOURNAL = 'contracts.journal';
const SCHEMAS = 'schemas';
const SCHEMA_SUFFIX = '.bfbs';

/** A journal is compacted when it has this many records that no longer count, and more of them than of others. */
const MOST_DEAD_RECORDS = 1_000;

/** A change, with its place for messages. */
export interface StoredChange {
  readonly change: ContractChange;
  /** Throws FAILED_PRECONDITION: the journal is damaged here. */
  readonly damaged: (what: string) => never;
}

/** The contracts on disk: a journal of changes, and schemas in files that are named by their ids. */
export class RegistryStore {
  readonly #directory: string;
  readonly #lock: DirectoryLock;
  readonly #journal: Journal;
  readonly #mostDead: number;
  /** Dead records at which the journal is compacted next; goes up when that has failed. */
  #compactAt: number;

  private constructor(directory: string, lock: DirectoryLock, journal: Journal, mostDead: number) {
    this.#directory = directory;
    this.#lock = lock;
    this.#journal = journal;
    this.#mostDead = mostDead;
    this.#compactAt = mostDead;
  }

  /**
   * Opens a directory, which is created, and yields what the journal says. Throws FAILED_PRECONDITION when another
   * process has it, when its files are damaged, or when it may not be written.
   */
  static async open(
    path: string,
    mostDead = MOST_DEAD_RECORDS,
  ): Promise<{ store: RegistryStore; changes: readonly StoredChange[] }> {
    const directory = resolve(path);
    let lock: DirectoryLock | undefined;
    try {
      await makeDirectory(join(directory, SCHEMAS));
      lock = await DirectoryLock.take(directory);
      const journalPath = join(directory, JOURNAL);
      await prepare(directory, journalPath);
      const { journal, records } = await Journal.open(journalPath);
      const changes = records.map((record) => storedChange(record, journalPath));
      return { store: new RegistryStore(directory, lock, journal, mostDead), changes };
    } catch (thrown) {
      await lock?.release();
      throw diskError(thrown, 'the registry cannot be opened', directory);
    }
  }

  /** Resolves once the change is on disk; when it rejects it is not, or nothing is known and no more are taken. */
  async append(change: ContractChange): Promise<void> {
    await this.#lock.check();
    await this.#journal.append(encodeChange(change));
  }

  /** Resolves once the file is on disk, whatever it was before. */
  async saveSchema(id: string, bytes: Uint8Array): Promise<void> {
    const path = this.#schemaPath(id);
    await this.#lock.check();
    try {
      await writeDurably(path, bytes);
    } catch (thrown) {
      throw diskError(thrown, 'the schema cannot be written', path);
    }
  }

  /** Throws FAILED_PRECONDITION unless the file is what was written. */
  async readSchema(id: string, byteSize: number, checksum: number): Promise<Uint8Array> {
    const path = this.#schemaPath(id);
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') throw corruptFile(path, 0, 'no such file');
      throw diskError(thrown, 'the schema cannot be read', path);
    }
    if (bytes.length !== byteSize) {
      const end = Math.min(bytes.length, byteSize);
      throw corruptFile(path, end, `a schema of ${byteSize} bytes is ${bytes.length} bytes long`);
    }
    if (crc32c(bytes, 0, bytes.length) !== checksum) {
      throw corruptFile(path, 0, 'the bytes of a schema do not fit their check');
    }
    return bytes;
  }

  /** Throws FAILED_PRECONDITION when another process may have taken the directory over. */
  checkOwned(): Promise<void> {
    return this.#lock.check();
  }

  /** Whether compacting pays, when this many changes make the present state. */
  needsCompaction(changeCount: number): boolean {
    const dead = this.#journal.recordCount - changeCount;
    return dead >= this.#compactAt && dead > changeCount;
  }

  /** Leaves of the journal only these changes. */
  async compact(changes: Iterable<ContractChange>): Promise<void> {
    const before = this.#journal.recordCount;
    try {
      await this.#lock.check();
      await this.#journal.rewrite(Array.from(changes, encodeChange));
      this.#compactAt = this.#mostDead;
    } catch {
      // Nothing is lost: the journal is as long as before. One that is no longer usable refuses the next change.
      this.#compactAt = before + this.#mostDead;
    }
  }

  async close(): Promise<void> {
    await this.#journal.close();
    await this.#lock.release();
  }

  #schemaPath(id: string): string {
    return join(this.#directory, SCHEMAS, id + SCHEMA_SUFFIX);
  }
}

/** Creates the journal of a new registry, and removes files whose writing was interrupted. */
async function prepare(directory: string, journalPath: string): Promise<void> {
  const schemas = join(directory, SCHEMAS);
  const [names, schemaNames] = await Promise.all([readdir(directory), readdir(schemas)]);
  if (!names.includes(JOURNAL)) {
    if (schemaNames.some((name) => name.endsWith(SCHEMA_SUFFIX))) {
      throw corruptFile(journalPath, 0, 'there are schemas, and no journal that says whose they are');
    }
    await Journal.create(journalPath);
  }
  const unfinished = [
    ...names.filter((name) => name === JOURNAL + UNFINISHED).map((name) => join(directory, name)),
    ...schemaNames
      .filter((name) => name.endsWith(SCHEMA_SUFFIX + UNFINISHED))
      .map((name) => join(schemas, name)),
  ];
  await Promise.all(unfinished.map((path) => rm(path, { force: true })));
}

function encodeChange(change: ContractChange): Uint8Array {
  return encodeUtf8(JSON.stringify(change));
}

function storedChange({ payload, offset }: JournalRecord, path: string): StoredChange {
  const damaged = (what: string): never => {
    throw corruptFile(path, offset, what);
  };
  let change: unknown;
  try {
    change = JSON.parse(decodeUtf8(payload, 0, payload.length));
  } catch {
    return damaged('a record is no JSON');
  }
  if (isContractChange(change)) return { change, damaged };
  throw new ModwireError('FAILED_PRECONDITION', {
    what: 'the registry has a change that this version does not know',
    where: `${path}, byte ${offset}`,
    advice: 'start the version of Modwire that wrote it, or a later one',
  });
}
