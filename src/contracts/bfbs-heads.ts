import type { BfbsTable } from './bfbs-table.js';
import { Id } from './reflection-schema.js';
import { SCHEMA_BOUNDS } from './schema-bounds.js';
import { invalidSchema, schemaTooLarge } from './schema-error.js';
import { readTypeName, TypeNames } from './schema-names.js';

/** A table or struct of which name and kind are known: enough to refer to it. */
export interface ObjectHead {
  readonly table: BfbsTable;
  readonly name: string;
  readonly isStruct: boolean;
}

/** An enum or union of which name and kind are known. */
export interface EnumHead {
  readonly table: BfbsTable;
  readonly name: string;
  readonly isUnion: boolean;
  /** As `.bfbs` numbers it. */
  readonly baseType: number;
}

/** All types of a schema, to resolve references between them. */
export interface Heads {
  readonly objects: readonly ObjectHead[];
  readonly enums: readonly EnumHead[];
  readonly objectNames: TypeNames;
  /** Some string or vector may have a default of its own. */
  readonly defaultTexts: boolean;
}

/** Bit of `advanced_features`: strings and vectors with defaults. */
const DEFAULT_TEXTS = 8n;

/** Reads what types there are, after holding their numbers against the bounds. */
export function readHeads(schema: BfbsTable): Heads {
  const types = schema.count(Id.schema.objects) + schema.count(Id.schema.enums);
  if (types > SCHEMA_BOUNDS.types) throw schemaTooLarge('', 'types', types, SCHEMA_BOUNDS.types);
  const names = new Set<string>();
  const unique = (name: string): string => {
    if (names.has(name)) throw invalidSchema(name, { what: 'two types have one name' });
    names.add(name);
    return name;
  };
  const objects = schema.tables(Id.schema.objects).map((table, index): ObjectHead => {
    const name = unique(readTypeName(table, Id.object.name, `objects[${index}].name`));
    return { table, name, isStruct: table.bool(Id.object.isStruct) };
  });
  const enums = schema.tables(Id.schema.enums).map((table, index): EnumHead => {
    const name = unique(readTypeName(table, Id.enum.name, `enums[${index}].name`));
    const baseType = table.table(Id.enum.underlyingType)!.byte(Id.type.baseType);
    return { table, name, isUnion: table.bool(Id.enum.isUnion), baseType };
  });
  boundTotal(objects, Id.object.fields, 'fields', SCHEMA_BOUNDS.fields);
  boundTotal(enums, Id.enum.values, 'enum values', SCHEMA_BOUNDS.enumValues);
  const objectNames = new TypeNames(objects.map(({ name }) => name));
  const defaultTexts = (schema.long(Id.schema.advancedFeatures) & DEFAULT_TEXTS) !== 0n;
  return { objects, enums, objectNames, defaultTexts };
}

function boundTotal(
  heads: readonly (ObjectHead | EnumHead)[],
  id: number,
  what: string,
  bound: number,
): void {
  let total = 0;
  for (const { table } of heads) total += table.count(id);
  if (total > bound) throw schemaTooLarge('', what, total, bound);
}
