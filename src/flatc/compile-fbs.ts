import { readFile } from 'node:fs/promises';
import { ModwireError } from '../errors.js';
import { findFlatc } from './find-flatc.js';
import { flatcError } from './flatc-error.js';
import { type ReadSource, readSourceTree, type SourceTree, textSourceTree } from './source-tree.js';

export interface CompileOptions {
  /** Where included files are looked for when they are not beside the file that includes them. */
  readonly includeDirs?: readonly string[];
  /** Where schemas are read from; from disk unless given. */
  readonly read?: ReadSource;
}

/** With built-in attributes: nested_flatbuffer and force_align would be lost otherwise. */
const ARGS = ['--schema', '--binary', '--bfbs-builtins'];

/**
 * Compiles a `.fbs` on disk to `.bfbs`. Throws INVALID_ARGUMENT with flatc's own words and place, NOT_FOUND without
 * the file, FAILED_PRECONDITION without a compiler.
 */
export async function compileFbs(path: string, options: CompileOptions = {}): Promise<Uint8Array> {
  if (!path.endsWith('.fbs')) {
    throw new ModwireError('INVALID_ARGUMENT', {
      what: 'no schema file',
      expected: 'a name that ends in .fbs or .bfbs',
      where: path,
    });
  }
  return compile(await readSourceTree(path, options.includeDirs ?? [], options.read));
}

/** The same from memory: texts by path, relative to each other. */
export async function compileFbsText(
  entry: string,
  files: Readonly<Record<string, string>>,
  options: CompileOptions = {},
): Promise<Uint8Array> {
  return compile(textSourceTree(entry, files, options.includeDirs ?? []));
}

/** The `.bfbs` of a schema file: a `.bfbs` as it is, anything else compiled. */
export async function readSchemaFile(path: string, options: CompileOptions = {}): Promise<Uint8Array> {
  if (!path.endsWith('.bfbs')) return compileFbs(path, options);
  try {
    return await readFile(path);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new ModwireError(isMissing ? 'NOT_FOUND' : 'INVALID_ARGUMENT', {
      what: isMissing ? 'no such schema' : `the schema cannot be read: ${(error as Error).message}`,
      where: path,
      cause: error,
    });
  }
}

async function compile(sources: SourceTree): Promise<Uint8Array> {
  const flatc = await findFlatc();
  const { code, output, files } = await flatc.run(ARGS, sources);
  const [bfbs] = files.values();
  if (code !== 0 || bfbs === undefined) throw flatcError(output, sources);
  return bfbs;
}
