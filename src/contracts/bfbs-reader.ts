import { readEnum } from './bfbs-enums.js';
import { type Heads, readHeads } from './bfbs-heads.js';
import { readObject } from './bfbs-objects.js';
import { BfbsTable } from './bfbs-table.js';
import { verifyBfbs } from './bfbs-verify.js';
import { Id } from './reflection-schema.js';
import { invalidSchema } from './schema-error.js';
import type { Schema } from './schema-model.js';
import { readTypeName } from './schema-names.js';
import { checkStructs } from './struct-layout.js';

/** flatc takes any four bytes; what is not printable would have to be guessed at in every message. */
const IDENTIFIER = /^[\x20-\x7e]{4}$/;

/**
 * Reads a `.bfbs`, compiled with `--bfbs-builtins`. It may come from anyone: every index, size, id and place in the
 * result is in range. Throws INVALID_ARGUMENT (no schema, or one that contradicts itself), UNIMPLEMENTED (types newer
 * than this version) or RESOURCE_EXHAUSTED (beyond SCHEMA_BOUNDS), each with the place in the schema.
 */
export function readSchema(bfbs: Uint8Array): Schema {
  verifyBfbs(bfbs);
  const table = BfbsTable.root(bfbs);
  const heads = readHeads(table);
  const enums = heads.enums.map((head) => readEnum(head, heads));
  const objects = heads.objects.map((head) => readObject(head, heads));
  checkStructs(objects);
  return { objects, enums, root: readRoot(table, heads), fileIdentifier: readIdentifier(table) };
}

function readRoot(schema: BfbsTable, heads: Heads): number | undefined {
  const root = schema.table(Id.schema.rootTable);
  if (root === undefined) return undefined;
  const name = readTypeName(root, Id.object.name, 'root_table');
  const index = heads.objectNames.indexOf(name);
  if (index !== undefined && !heads.objects[index]!.isStruct) return index;
  throw invalidSchema('root_table', { what: 'the root is no table of this schema', got: name });
}

function readIdentifier(schema: BfbsTable): string {
  const bytes = schema.textBytes(Id.schema.fileIdent);
  if (bytes === 0) return '';
  const identifier = bytes === 4 ? schema.text(Id.schema.fileIdent) : '';
  if (IDENTIFIER.test(identifier)) return identifier;
  throw invalidSchema('file_ident', {
    what: 'no file identifier',
    expected: 'four printable ASCII characters',
  });
}
