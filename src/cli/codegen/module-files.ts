import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ModwireError } from '../../errors.js';

/** A generated module and what is there of it. */
export interface ModuleFile {
  /** With the folder of all of them. */
  readonly path: string;
  readonly text: string;
  readonly state: 'missing' | 'different' | 'unchanged';
}

/** Holds modules, text by path below `out`, against the files that are there. */
export async function compareModules(
  modules: ReadonlyMap<string, string>,
  out: string,
  cwd: string,
): Promise<ModuleFile[]> {
  const files: ModuleFile[] = [];
  for (const [name, text] of modules) {
    const path = join(out, name);
    const present = await read(resolve(cwd, path), path);
    const state = present === undefined ? 'missing' : asWritten(present) === text ? 'unchanged' : 'different';
    files.push({ path, text, state });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Writes those that are missing or different. Throws INVALID_ARGUMENT where that cannot be. */
export async function writeModules(files: readonly ModuleFile[], cwd: string): Promise<void> {
  for (const { path, text, state } of files) {
    if (state === 'unchanged') continue;
    try {
      await mkdir(dirname(resolve(cwd, path)), { recursive: true });
      await writeFile(resolve(cwd, path), text);
    } catch (cause) {
      throw failed('cannot write a module', path, cause);
    }
  }
}

async function read(file: string, path: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw failed('cannot read what is there of a module', path, cause);
  }
}

/** Git may check text out with other ends of lines. */
function asWritten(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

function failed(what: string, path: string, cause: unknown): ModwireError {
  const got = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new ModwireError('INVALID_ARGUMENT', { what, got, where: path, cause });
}
