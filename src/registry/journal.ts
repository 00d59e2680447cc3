import { type FileHandle, open, readFile } from 'node:fs/promises';
import { diskError } from '../disk/disk-error.js';
import { writeAll, writeDurably } from '../disk/durable-files.js';
import { ModwireError } from '../errors.js';
import { corruptFile } from './corrupt-file.js';
import {
  encodeRecord,
  FIRST_CHECK,
  JOURNAL_LINE,
  type JournalRecord,
  readJournal,
} from './journal-format.js';

/** An append-only file of records that survives the end of its process, and of power, at any moment. */
export class Journal {
  readonly #path: string;
  #file: FileHandle;
  /** Where the next record goes. */
  #end: number;
  #check: number;
  #recordCount: number;
  /** Why nothing can be appended any more: what is in the file is not known then. */
  #failure: ModwireError | undefined;

  private constructor(path: string, file: FileHandle, end: number, check: number, recordCount: number) {
    this.#path = path;
    this.#file = file;
    this.#end = end;
    this.#check = check;
    this.#recordCount = recordCount;
  }

  /** Creates an empty journal. */
  static async create(path: string): Promise<void> {
    await writeDurably(path, JOURNAL_LINE);
  }

  /** Opens a journal, and cuts off a record whose writing was interrupted. Throws FAILED_PRECONDITION for a damaged one. */
  static async open(path: string): Promise<{ journal: Journal; records: readonly JournalRecord[] }> {
    const bytes = await readFile(path);
    const { records, end, check } = readJournal(bytes, (offset, what) => {
      throw corruptFile(path, offset, what);
    });
    const file = await open(path, 'r+');
    try {
      if (end < bytes.length) {
        await file.truncate(end);
        await file.sync();
      }
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
    return { journal: new Journal(path, file, end, check, records.length), records };
  }

  get recordCount(): number {
    return this.#recordCount;
  }

  /** Resolves once the record is on disk. When it rejects the journal is as before, or takes no more records. */
  async append(payload: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const { bytes, check } = encodeRecord(payload, this.#check);
    try {
      await writeAll(this.#file, bytes, this.#end);
    } catch (thrown) {
      await this.#takeBack();
      throw diskError(thrown, 'the change cannot be written', this.#path);
    }
    try {
      await this.#file.sync();
    } catch (thrown) {
      // The system may have dropped what it could not write, and says so only once.
      throw this.#fail(thrown);
    }
    this.#end += bytes.length;
    this.#check = check;
    this.#recordCount++;
  }

  /** Replaces all records; at any moment either the old ones are on disk or the new ones. */
  async rewrite(payloads: Iterable<Uint8Array>): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const parts = [JOURNAL_LINE];
    let check = FIRST_CHECK;
    for (const payload of payloads) {
      const record = encodeRecord(payload, check);
      parts.push(record.bytes);
      check = record.check;
    }
    const bytes = Buffer.concat(parts);
    let isNamed = false;
    try {
      await writeDurably(this.#path, bytes, () => {
        isNamed = true;
      });
      const file = await open(this.#path, 'r+');
      await this.#file.close();
      this.#file = file;
    } catch (thrown) {
      // The handle leads to a file that has no name any more.
      if (isNamed) throw this.#fail(thrown);
      throw diskError(thrown, 'the journal cannot be compacted', this.#path);
    }
    this.#end = bytes.length;
    this.#check = check;
    this.#recordCount = parts.length - 1;
  }

  async close(): Promise<void> {
    this.#failure ??= new ModwireError('FAILED_PRECONDITION', 'the registry is closed');
    await this.#file.close();
  }

  /** Cuts off what a failed write has left. */
  async #takeBack(): Promise<void> {
    try {
      await this.#file.truncate(this.#end);
      await this.#file.sync();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #fail(thrown: unknown): ModwireError {
    this.#failure = new ModwireError('UNAVAILABLE', {
      what: 'the disk failed, and no more changes of contracts are taken',
      got: (thrown as Error).message,
      where: this.#path,
      advice: 'look after the disk, then start the broker again',
      cause: thrown,
    });
    return this.#failure;
  }
}
