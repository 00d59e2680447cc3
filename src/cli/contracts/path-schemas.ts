import { existsSync, realpathSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { ModwireError } from '../../errors.js';
import type { GitRevision } from './git-revision.js';
import type { SchemaFileOptions } from './options.js';
import type { SchemaChange } from './schema-change.js';
import { compileFrom, declaredSchema, type LoadedSchema, readBfbs } from './schema-file.js';

/** The schemas of a folder, now and in a revision. */
export class PathSchemas {
  readonly #revision: GitRevision;
  readonly #options: SchemaFileOptions;
  /** For what is read from the revision, whose paths are below the real path of the repository. */
  readonly #revisionOptions: SchemaFileOptions;

  constructor(revision: GitRevision, { cwd, includeDirs }: SchemaFileOptions) {
    this.#revision = revision;
    this.#options = { cwd, includeDirs };
    const real = includeDirs.map((dir) => (existsSync(dir) ? realpathSync(dir) : dir));
    this.#revisionOptions = { cwd: revision.top, includeDirs: real };
  }

  /** Of all that are there or were, relative to the folder, with slashes, sorted. */
  names(): string[] {
    const { prefix, paths, working } = this.#revision;
    const all = new Set([...paths, ...working]);
    const inside = [...all].filter((path) => path.startsWith(prefix) && /\.b?fbs$/.test(path));
    return inside.map((path) => path.slice(prefix.length)).sort();
  }

  /** Undefined when it is not there any more, or declares no root. */
  async now(file: string): Promise<LoadedSchema | undefined> {
    if (!existsSync(resolve(this.#options.cwd, file))) return undefined;
    return declaredSchema(await readBfbs(file, this.#options), file, this.#options);
  }

  /** Undefined when it was not there, or declared no root. One that cannot be read is none that others keep to. */
  async before(name: string): Promise<Pick<SchemaChange, 'before' | 'note'>> {
    const path = this.#revision.prefix + name;
    try {
      const bytes = await this.#revision.read(path);
      if (bytes === undefined) return { before: undefined, note: undefined };
      const bfbs = name.endsWith('.bfbs') ? bytes : await this.#compile(path);
      return { before: await declaredSchema(bfbs, path, this.#revisionOptions), note: undefined };
    } catch (thrown) {
      if (!(thrown instanceof ModwireError) || thrown.code === 'FAILED_PRECONDITION') throw thrown;
      const { name: revision } = this.#revision;
      return { before: undefined, note: `that of ${revision} cannot be read: ${thrown.message}` };
    }
  }

  #compile(path: string): Promise<Uint8Array> {
    const revision = this.#revision;
    return compileFrom(join(revision.top, path), this.#revisionOptions, async (source, isEntry) => {
      const inside = relative(revision.top, source).replaceAll('\\', '/');
      const bytes = await revision.read(inside);
      if (bytes !== undefined) return bytes.toString();
      if (revision.working.has(inside)) return undefined;
      // What git does not keep, such as the schemas of packages, has no other version than the one that is there.
      const { readFromDisk } = await import('../../flatc/index.js');
      return readFromDisk(source, isEntry);
    });
  }
}
