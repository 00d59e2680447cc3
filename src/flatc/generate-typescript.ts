import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ModwireError } from '../errors.js';
import type { CompileOptions } from './compile-fbs.js';
import { findFlatc } from './find-flatc.js';
import type { Flatc } from './flatc.js';
import { flatcError } from './flatc-error.js';
import { readSourceTree, type SourceTree } from './source-tree.js';

/** With the types of included files, which the code imports. */
const ARGS = ['--ts', '--gen-object-api', '--gen-all'];
/** What tells modules with types from those that only gather others. */
const DECLARATION = /^export (class|enum|function|type|interface) /m;

/**
 * Writes flatc's TypeScript, object API included, for `.fbs` files and all that they include: one module for each type.
 * Returns the paths written, sorted. Throws as compileFbs does, and INVALID_ARGUMENT when two files declare one type
 * differently. Nothing is written unless all of them compile.
 */
export async function generateTypeScript(
  paths: readonly string[],
  outDir: string,
  options: CompileOptions = {},
): Promise<string[]> {
  const flatc = await findFlatc();
  const modules = new Map<string, string>();
  for (const path of paths) {
    const sources = await readSourceTree(path, options.includeDirs ?? [], options.read);
    for (const [name, text] of await modulesOf(sources, flatc)) {
      // Modules that gather others are overwritten by the next schema; types are imported from their own.
      if (DECLARATION.test(text)) addModule(modules, name, text, path);
    }
  }
  const written = [...modules.keys()].sort();
  for (const name of written) {
    await mkdir(dirname(join(outDir, name)), { recursive: true });
    await writeFile(join(outDir, name), modules.get(name)!);
  }
  return written.map((name) => join(outDir, name));
}

async function modulesOf(sources: SourceTree, flatc: Flatc): Promise<Map<string, string>> {
  const modules = await run(sources, flatc);
  // The module that gathers a schema is named after it, and has overwritten that of a type of the same name.
  const isLost = [...modules].some(([name, text]) => text.includes(` from './${basename(name, '.ts')}.js'`));
  return isLost ? run(renamed(sources), flatc) : modules;
}

async function run(sources: SourceTree, flatc: Flatc): Promise<Map<string, string>> {
  const { code, output, files } = await flatc.run(ARGS, sources);
  if (code !== 0) throw flatcError(output, sources);
  return new Map([...files].map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]));
}

/** The same sources, the schema itself under a name that no type has. */
function renamed({ entry, files, includeDirs }: SourceTree): SourceTree {
  const other = `${entry}.entry.fbs`;
  return { entry: other, files: new Map([...files, [other, files.get(entry)!]]), includeDirs };
}

function addModule(modules: Map<string, string>, name: string, text: string, path: string): void {
  const other = modules.get(name);
  if (other !== undefined && other !== text) {
    throw new ModwireError('INVALID_ARGUMENT', {
      what: `two schemas declare what is generated into ${name}, and differently`,
      where: path,
      advice: 'give each schema a namespace of its own, or let both include one file',
    });
  }
  modules.set(name, text);
}
