import { attribute, hasAttribute } from './bfbs-attributes.js';
import type { Heads, ObjectHead } from './bfbs-heads.js';
import type { BfbsTable } from './bfbs-table.js';
import { readType } from './bfbs-types.js';
import { integerText } from './integer-range.js';
import { Id } from './reflection-schema.js';
import { SCHEMA_BOUNDS } from './schema-bounds.js';
import { invalidSchema } from './schema-error.js';
import type { Field, FieldType } from './schema-model.js';
import { readName } from './schema-names.js';

/** Attributes that flatc writes only when told to; what it says elsewhere shows that they should be there. */
const BUILTINS = [
  ['deprecated', Id.field.deprecated],
  ['key', Id.field.key],
] as const;

export function readField(table: BfbsTable, owner: ObjectHead, heads: Heads): Field {
  const name = readName(table, Id.field.name, owner.name);
  const where = `${owner.name}.${name}`;
  const type = readType(table.table(Id.field.type)!, heads, where);
  for (const [key, id] of BUILTINS) {
    // flatc marks the tags of deprecated unions without an attribute.
    if (type.kind !== 'unionType' && table.bool(id) && !hasAttribute(table, Id.field.attributes, key)) {
      throw invalidSchema(where, {
        what: 'compiled without built-in attributes, so that nested_flatbuffer and force_align would be lost',
        advice: 'compile it with flatc --bfbs-builtins',
      });
    }
  }
  const required = table.bool(Id.field.required);
  const field: Field = {
    name,
    id: table.ushort(Id.field.id),
    offset: table.ushort(Id.field.offset),
    type,
    required,
    optional: !required && readOptional(table, type, owner, heads),
    deprecated: table.bool(Id.field.deprecated),
    key: table.bool(Id.field.key),
    ...readDefault(table, type, where),
    forceAlign: readForceAlign(table, type, where),
    nested: readNested(table, type, owner, heads, where),
    wideOffset: table.bool(Id.field.offset64),
  };
  checkRole(field, owner, where);
  return field;
}

/** Versions of flatc differ in what they write here for others than scalars. */
function readOptional(table: BfbsTable, type: FieldType, owner: ObjectHead, heads: Heads): boolean {
  const written = table.bool(Id.field.optional);
  if (owner.isStruct || type.kind === 'unionType') return false;
  if (type.kind === 'scalar') return written;
  const mayHaveDefault = heads.defaultTexts && (type.kind === 'string' || type.kind === 'vector');
  return mayHaveDefault ? written : true;
}

function readDefault(
  table: BfbsTable,
  type: FieldType,
  where: string,
): { defaultInteger: string; defaultReal: string } {
  if (type.kind !== 'scalar') return { defaultInteger: '0', defaultReal: '0' };
  if (type.scalar === 'float' || type.scalar === 'double') {
    const real = table.double(Id.field.defaultReal);
    return { defaultInteger: '0', defaultReal: String(type.scalar === 'float' ? Math.fround(real) : real) };
  }
  const integer = integerText(table.long(Id.field.defaultInteger), type.scalar, where);
  return { defaultInteger: integer, defaultReal: '0' };
}

function readForceAlign(table: BfbsTable, type: FieldType, where: string): number {
  // flatc takes it on anything, and only vectors heed it.
  const text = type.kind === 'vector' ? attribute(table, Id.field.attributes, 'force_align') : undefined;
  if (text === undefined) return 0;
  const alignment = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (isAlignment(alignment)) return alignment;
  throw invalidSchema(where, {
    what: 'force_align that no vector can keep',
    expected: `a power of two up to ${SCHEMA_BOUNDS.alignment}`,
    got: JSON.stringify(text),
  });
}

function readNested(
  table: BfbsTable,
  type: FieldType,
  owner: ObjectHead,
  heads: Heads,
  where: string,
): number | undefined {
  const name = attribute(table, Id.field.attributes, 'nested_flatbuffer');
  if (name === undefined) return undefined;
  if (type.kind !== 'vector' || type.element.kind !== 'scalar' || type.element.scalar !== 'ubyte') {
    throw invalidSchema(where, { what: 'nested_flatbuffer on something else than a vector of ubyte' });
  }
  const index = heads.objectNames.resolve(name, owner.name);
  if (index !== undefined && !heads.objects[index]!.isStruct) return index;
  throw invalidSchema(where, {
    what: 'nested_flatbuffer of no table',
    got: JSON.stringify(name),
    advice: 'write the full name of a table of this schema',
  });
}

/** What may be said only about some kinds of fields. */
function checkRole(field: Field, { isStruct }: ObjectHead, where: string): void {
  const { kind } = field.type;
  if (isStruct) {
    if (kind !== 'scalar' && kind !== 'struct' && kind !== 'array') {
      throw invalidSchema(where, { what: `a ${kind} in a struct` });
    }
    if (field.required || field.deprecated || field.wideOffset) {
      throw invalidSchema(where, {
        what: 'a struct has all its fields at all times',
        got: 'one marked otherwise',
      });
    }
    return;
  }
  if (kind === 'array') throw invalidSchema(where, { what: 'an array outside a struct' });
  if (field.required && (kind === 'scalar' || kind === 'unionType')) {
    throw invalidSchema(where, { what: 'a required field of a type that always has a value', got: kind });
  }
  if (field.key && kind !== 'scalar' && kind !== 'string') {
    throw invalidSchema(where, { what: 'a key of neither scalar nor string', got: kind });
  }
  if (kind === 'vector' && field.type.wide && !field.wideOffset) {
    throw invalidSchema(where, { what: 'a 64-bit vector behind a 32-bit offset' });
  }
  if (field.wideOffset && kind !== 'vector' && kind !== 'string') {
    throw invalidSchema(where, { what: 'a 64-bit offset to neither vector nor string', got: kind });
  }
}

export function isAlignment(bytes: number): boolean {
  return bytes >= 1 && bytes <= SCHEMA_BOUNDS.alignment && (bytes & (bytes - 1)) === 0;
}
