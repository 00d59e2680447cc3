import { ModwireError } from '../errors.js';
import { readSchema } from './bfbs-reader.js';
import { compileProgram } from './compile-program.js';
import type { Program } from './program.js';
import { schemaId } from './schema-id.js';
import type { Schema } from './schema-model.js';

/** A schema with one of its tables as root, ready to verify payloads. Plain data: it may be sent to another thread. */
export interface CompiledSchema {
  readonly schema: Schema;
  /** Index of the root table in the schema's objects. */
  readonly root: number;
  /** With its namespace. */
  readonly rootName: string;
  /** 16 bytes; see schemaId. */
  readonly id: Uint8Array;
  readonly program: Program;
}

/**
 * Reads and compiles a `.bfbs`. The root is `rootName`, by its full name, else the one that the schema declares. Throws
 * as readSchema and compileProgram do, and INVALID_ARGUMENT when there is no such root.
 */
export function compileSchema(bfbs: Uint8Array, rootName?: string): CompiledSchema {
  const schema = readSchema(bfbs);
  return compileRoot(schema, findRoot(schema, rootName));
}

/** Index of the table of this full name, else of the root that the schema declares. Throws INVALID_ARGUMENT without. */
export function findRoot(schema: Schema, rootName?: string): number {
  return rootName === undefined ? declaredRoot(schema) : namedRoot(schema, rootName);
}

/** The same of a schema that is read already; `root` is the index of a table. */
export function compileRoot(schema: Schema, root: number): CompiledSchema {
  return {
    schema,
    root,
    rootName: schema.objects[root]!.name,
    id: schemaId(schema, root),
    program: compileProgram(schema, root),
  };
}

function declaredRoot(schema: Schema): number {
  if (schema.root !== undefined) return schema.root;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'the schema declares no root_type',
    advice: 'declare one, or name the table that is the root',
  });
}

function namedRoot(schema: Schema, name: string): number {
  const index = schema.objects.findIndex((object) => object.name === name);
  if (index >= 0 && !schema.objects[index]!.isStruct) return index;
  const short = schema.objects.find((object) => !object.isStruct && object.name.endsWith(`.${name}`));
  throw new ModwireError('INVALID_ARGUMENT', {
    what: index >= 0 ? 'the root is a struct' : 'the schema has no such root',
    expected: short === undefined ? 'the full name of a table' : short.name,
    got: JSON.stringify(name),
  });
}
