import type { BfbsTable } from './bfbs-table.js';
import { Id } from './reflection-schema.js';
import { SCHEMA_BOUNDS } from './schema-bounds.js';
import { invalidSchema } from './schema-error.js';

/** Longest value of an attribute that means something here; longer ones are of other tools. Bytes. */
const MAX_VALUE_BYTES = SCHEMA_BOUNDS.nameBytes;

/** Undefined when the type, field or value at `table` has no such attribute. */
export function attribute(table: BfbsTable, id: number, key: string): string | undefined {
  for (const entry of table.tables(id)) {
    if (entry.textBytes(Id.keyValue.key) !== key.length || entry.text(Id.keyValue.key) !== key) continue;
    if (entry.textBytes(Id.keyValue.value) > MAX_VALUE_BYTES) {
      throw invalidSchema('', { what: `the value of attribute ${key} is too long` });
    }
    return entry.text(Id.keyValue.value);
  }
  return undefined;
}

export function hasAttribute(table: BfbsTable, id: number, key: string): boolean {
  return attribute(table, id, key) !== undefined;
}
