import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ModwireError } from '../errors.js';

/** Files that one schema may take. More are refused. */
const MAX_FILES = 1_000;
/** Bytes of all of them. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Schemas as text, ready to be compiled wherever a compiler finds them below a directory of its own. */
export interface SourceTree {
  /** Key in `files` of the schema that includes the others. */
  readonly entry: string;
  /** Text by absolute path, with slashes. */
  readonly files: ReadonlyMap<string, string>;
  /** Absolute paths, with slashes. */
  readonly includeDirs: readonly string[];
}

/**
 * The text of a schema at an absolute path. Undefined when an included one is not there; throws when that of the
 * schema itself, `isEntry`, is not.
 */
export type ReadSource = (path: string, isEntry: boolean) => Promise<string | undefined>;

/** A `.fbs` and all that it includes. What is included and not there is left to the compiler to complain of. */
export async function readSourceTree(
  path: string,
  includeDirs: readonly string[],
  read: ReadSource = readFromDisk,
): Promise<SourceTree> {
  const dirs = includeDirs.map((dir) => resolve(dir));
  const files = new Map<string, string>();
  const waiting = [resolve(path)];
  let bytes = 0;
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(slashed(file))) continue;
    const text = await read(file, file === resolve(path));
    if (text === undefined) continue;
    bytes += text.length;
    if (files.size >= MAX_FILES || bytes > MAX_BYTES) {
      throw new ModwireError('RESOURCE_EXHAUSTED', {
        what: 'the schema includes too much',
        expected: `at most ${MAX_FILES} files and ${MAX_BYTES} bytes`,
        where: path,
      });
    }
    files.set(slashed(file), text);
    for (const name of includesOf(text)) {
      for (const dir of [dirname(file), ...dirs]) waiting.push(join(dir, name));
    }
  }
  return { entry: slashed(resolve(path)), files, includeDirs: dirs.map(slashed) };
}

/** A schema and what it includes, from memory: texts by path, relative to each other. */
export function textSourceTree(
  entry: string,
  files: Readonly<Record<string, string>>,
  includeDirs: readonly string[],
): SourceTree {
  const absolute = (path: string): string => join('/', slashed(path)).replaceAll('\\', '/');
  return {
    entry: absolute(entry),
    files: new Map(Object.entries(files).map(([path, text]) => [absolute(path), text])),
    includeDirs: includeDirs.map(absolute),
  };
}

/** What a schema includes, as it is written there. */
export function includesOf(text: string): string[] {
  // Strings are kept and comments dropped, so that neither hides the other.
  const code = text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (part) =>
    part.startsWith('"') ? part : ' ',
  );
  return [...code.matchAll(/\binclude\s*"([^"\n]+)"\s*;/g)].map((match) => match[1]!);
}

/** Schemas as they are on disk. */
export async function readFromDisk(path: string, isEntry: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (!isEntry && (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR')) return undefined;
    const missing = code === 'ENOENT';
    throw new ModwireError(missing ? 'NOT_FOUND' : 'INVALID_ARGUMENT', {
      what: missing ? 'no such schema' : `the schema cannot be read: ${(error as Error).message}`,
      where: path,
      cause: error,
    });
  }
}

/** `C:\schemas\a.fbs` as `/C/schemas/a.fbs`: a path below any directory. */
function slashed(path: string): string {
  const forward = path.replaceAll('\\', '/').replace(/^([A-Za-z]):/, '/$1');
  return forward;
}
