import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeUtf8, encodeUtf8 } from '../codec/utf8.js';
import { diskError } from '../disk/disk-error.js';
import { writeDurably } from '../disk/durable-files.js';
import { ModwireError, toModwireError } from '../errors.js';

export interface StateFileParts {
  /** There already; empty: nothing is kept. */
  readonly directory: string;
  /** What is kept, as the file is called and errors call it. */
  readonly kind: 'experiments' | 'rollouts';
  /** How one begins anew without the file, for advice. */
  readonly anew: string;
  /** Rejects when it is no longer this process that may write there. */
  readonly checkOwned: () => Promise<void>;
}

/** All of a kind in one JSON file, which is there as a whole or as it was before. */
export class StateFile {
  readonly #parts: StateFileParts;
  readonly #path: string | undefined;

  constructor(parts: StateFileParts) {
    const { directory, kind } = parts;
    this.#parts = parts;
    this.#path = directory === '' ? undefined : join(directory, `${kind}.json`);
  }

  /** What `take` makes of the file; undefined without one. Throws FAILED_PRECONDITION when that throws. */
  async read<Kept>(take: (value: unknown) => Kept): Promise<Kept | undefined> {
    const path = this.#path;
    if (path === undefined) return undefined;
    const { kind, anew } = this.#parts;
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw diskError(thrown, `the ${kind} cannot be read`, path);
    }
    try {
      return take(JSON.parse(decodeUtf8(bytes, 0, bytes.length)));
    } catch (thrown) {
      throw new ModwireError('FAILED_PRECONDITION', {
        what: `the ${kind} are not what was written`,
        got: toModwireError(thrown).message,
        where: path,
        advice: `start the version of Modwire that wrote them, restore the file, or move it away and ${anew}`,
        cause: thrown,
      });
    }
  }

  /** Resolves once the text that `make` returns is on disk. Rejects with RESOURCE_EXHAUSTED, FAILED_PRECONDITION, UNAVAILABLE. */
  async write(make: () => string): Promise<void> {
    if (this.#path === undefined) return;
    const bytes = encodeUtf8(make());
    await this.#parts.checkOwned();
    try {
      await writeDurably(this.#path, bytes);
    } catch (thrown) {
      throw diskError(thrown, `the ${this.#parts.kind} cannot be written`, this.#path);
    }
  }
}

/** The error of a file in a format that this version does not know. */
export function unknownFormat(expected: number, got: string): ModwireError {
  return new ModwireError('UNIMPLEMENTED', {
    what: 'a file in an unknown format',
    ...{ expected: String(expected), got },
  });
}
