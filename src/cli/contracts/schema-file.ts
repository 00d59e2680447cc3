import { resolve, sep } from 'node:path';
import { toHex } from '../../codec/message-id.js';
import { readSchema } from '../../contracts/bfbs-reader.js';
import type { RootedSchema } from '../../contracts/compatibility.js';
import { findRoot } from '../../contracts/compile-schema.js';
import { schemaId } from '../../contracts/schema-id.js';
import type { Schema } from '../../contracts/schema-model.js';
import { type ErrorDetail, ModwireError } from '../../errors.js';
import type { ReadSource } from '../../flatc/index.js';
import type { SchemaFileOptions } from './options.js';

/** A schema from wherever, ready to be compared. */
export interface LoadedSchema extends RootedSchema {
  readonly bfbs: Uint8Array;
  /** Full name of the root table. */
  readonly rootName: string;
  /** 32 hexadecimal digits. */
  readonly schemaId: string;
}

/**
 * Reads a `.bfbs`, or compiles a `.fbs`. Throws INVALID_ARGUMENT for what is no schema, UNIMPLEMENTED for types
 * newer than this version, NOT_FOUND, and FAILED_PRECONDITION without a compiler; all of them name the file.
 */
export async function loadSchemaFile(path: string, options: SchemaFileOptions): Promise<LoadedSchema> {
  const bfbs = await readBfbs(path, options);
  return naming(path, options.cwd, () => loadSchema(bfbs, options.root));
}

/** A schema with the root of this full name, else with the one that it declares. Throws as loadSchemaFile does. */
export function loadSchema(bfbs: Uint8Array, root?: string): LoadedSchema {
  const schema = readSchema(bfbs);
  return loaded(bfbs, schema, findRoot(schema, root));
}

/** The `.bfbs` of a schema file. */
export async function readBfbs(path: string, { cwd, includeDirs }: SchemaFileOptions): Promise<Uint8Array> {
  // Loaded only when it is needed: help and mistakes are answered faster without.
  const { readSchemaFile } = await import('../../flatc/index.js');
  return naming(path, cwd, () => readSchemaFile(resolve(cwd, path), { includeDirs }));
}

/** The same, with the sources of a `.fbs` read by `read`. */
export async function compileFrom(
  path: string,
  { cwd, includeDirs }: SchemaFileOptions,
  read: ReadSource,
): Promise<Uint8Array> {
  const { compileFbs } = await import('../../flatc/index.js');
  return naming(path, cwd, () => compileFbs(resolve(cwd, path), { includeDirs, read }));
}

/** A schema with the root that it declares; undefined when it declares none. */
export function declaredSchema(
  bfbs: Uint8Array,
  path: string,
  { cwd }: SchemaFileOptions,
): Promise<LoadedSchema | undefined> {
  return naming(path, cwd, () => {
    const schema = readSchema(bfbs);
    return schema.root === undefined ? undefined : loaded(bfbs, schema, schema.root);
  });
}

function loaded(bfbs: Uint8Array, schema: Schema, root: number): LoadedSchema {
  const { name: rootName } = schema.objects[root]!;
  return { bfbs, schema, root, rootName, schemaId: toHex(schemaId(schema, root)) };
}

/** What an error says of a file names it as the user does. */
async function naming<Result>(
  path: string,
  cwd: string,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof ModwireError)) throw thrown;
    throw new ModwireError(thrown.code, { ...thrown.detail, ...named(thrown.detail, path, cwd) });
  }
}

function named({ where = '' }: ErrorDetail, path: string, cwd: string): Pick<ErrorDetail, 'where'> {
  const absolute = resolve(cwd, path);
  if (where === '' || where === absolute) return { where: path };
  if (where.startsWith(`${absolute}:`)) return { where: path + where.slice(absolute.length) };
  // A file that this one includes.
  if (where.startsWith(`${cwd}${sep}`)) return { where: where.slice(cwd.length + 1) };
  return { where: where.startsWith('/') ? where : `${path}: ${where}` };
}
