import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { ModwireError } from '../../errors.js';
import { generateTypeScript } from '../../flatc/index.js';
import type { SchemaFileOptions } from '../contracts/options.js';
import { declaredSchema, readBfbs } from '../contracts/schema-file.js';
import { schemaModule } from './schema-module.js';

/**
 * Modules for schemas, text by path with slashes: one for each type, and one with the schema for each that declares a
 * root. Throws as generateTypeScript and loadSchemaFile do.
 */
export async function generateModules(
  paths: readonly string[],
  options: SchemaFileOptions,
): Promise<Map<string, string>> {
  for (const path of paths) if (!path.endsWith('.fbs')) throw notAnFbs(path);
  const modules = await typeModules(paths, options);
  const types = new Map(modules);
  for (const path of paths) {
    const schema = await declaredSchema(await readBfbs(path, options), path, options);
    if (schema === undefined) continue;
    const source = basename(path);
    const name = `${source.slice(0, -'.fbs'.length)}.schema.ts`;
    const text = schemaModule(source, schema, types);
    const other = modules.get(name);
    if (other !== undefined && other !== text) throw sameName(name, path);
    modules.set(name, text);
  }
  return modules;
}

async function typeModules(
  paths: readonly string[],
  { cwd, includeDirs }: SchemaFileOptions,
): Promise<Map<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'modwire-codegen-'));
  try {
    const files = paths.map((path) => resolve(cwd, path));
    const written = await generateTypeScript(files, folder, { includeDirs });
    const modules = new Map<string, string>();
    for (const file of written) {
      modules.set(relative(folder, file).replaceAll('\\', '/'), await readFile(file, 'utf8'));
    }
    return modules;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function notAnFbs(path: string): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', {
    what: 'no schema that code can be generated for',
    expected: 'a name that ends in .fbs',
    got: JSON.stringify(path),
  });
}

function sameName(name: string, path: string): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', {
    what: `two schemas would be written to ${name}`,
    where: path,
    advice: 'rename one of the files, or write them to different folders with --out',
  });
}
