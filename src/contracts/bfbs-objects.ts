import { isAlignment, readField } from './bfbs-fields.js';
import type { Heads, ObjectHead } from './bfbs-heads.js';
import { elementOf } from './reachable-types.js';
import { Id } from './reflection-schema.js';
import { SCHEMA_BOUNDS } from './schema-bounds.js';
import { invalidSchema, schemaTooLarge } from './schema-error.js';
import type { Field, ObjectType } from './schema-model.js';
import { readFile } from './schema-names.js';

/** A table or struct with its fields in order; layouts of structs are yet to be checked. */
export function readObject(head: ObjectHead, heads: Heads): ObjectType {
  const { table, name, isStruct } = head;
  const count = table.count(Id.object.fields);
  if (count > SCHEMA_BOUNDS.fieldsOfType)
    throw schemaTooLarge(name, 'fields', count, SCHEMA_BOUNDS.fieldsOfType);
  const fields = table.tables(Id.object.fields).map((field) => readField(field, head, heads));
  fields.sort((a, b) => a.id - b.id);
  checkNames(fields, name);
  checkIds(fields, name);
  const minAlign = table.int(Id.object.minalign, 0);
  const byteSize = table.int(Id.object.bytesize, 0);
  if (!isAlignment(minAlign)) {
    throw invalidSchema(name, { what: 'no alignment', expected: 'a power of two', got: String(minAlign) });
  }
  if (!isStruct) checkTable(fields, name);
  return {
    name,
    isStruct,
    fields,
    minAlign,
    byteSize: isStruct ? byteSize : 0,
    declarationFile: readFile(table, Id.object.declarationFile, name),
  };
}

function checkNames(fields: readonly Field[], where: string): void {
  const names = new Set<string>();
  for (const { name } of fields) {
    if (names.has(name)) throw invalidSchema(`${where}.${name}`, { what: 'two fields have one name' });
    names.add(name);
  }
}

/** Ids are the places of fields: each is used once, without holes. */
function checkIds(fields: readonly Field[], where: string): void {
  fields.forEach(({ name, id }, index) => {
    if (id !== index) {
      throw invalidSchema(`${where}.${name}`, {
        what: id < index ? 'two fields have one id' : 'an id is left out',
        expected: String(index),
        got: String(id),
      });
    }
  });
}

function checkTable(fields: readonly Field[], where: string): void {
  let keys = 0;
  fields.forEach((field, index) => {
    const place = `${where}.${field.name}`;
    if (field.offset !== 4 + 2 * field.id) {
      throw invalidSchema(place, {
        what: 'an offset into the vtable that is not the one of its id',
        expected: String(4 + 2 * field.id),
        got: String(field.offset),
      });
    }
    if (field.key && ++keys > 1) throw invalidSchema(place, { what: 'a second key' });
    checkUnion(field, fields[index - 1], place);
    const tag = tagOf(field);
    const next = fields[index + 1];
    if (tag !== undefined && (next === undefined || unionOf(next) !== tag)) {
      throw invalidSchema(place, { what: 'a tag that no union follows' });
    }
  });
}

/** A union's tag is the field right before it, and shares its fate. */
function checkUnion(field: Field, before: Field | undefined, where: string): void {
  const union = unionOf(field);
  if (union === undefined) return;
  const isPair =
    before !== undefined &&
    tagOf(before) === union &&
    (before.type.kind === 'vector') === (field.type.kind === 'vector') &&
    before.name === `${field.name}_type`;
  if (!isPair) throw invalidSchema(where, { what: 'a union without its tag in the field before' });
  if (before.deprecated !== field.deprecated) {
    throw invalidSchema(where, { what: 'a union and its tag of which one is deprecated' });
  }
  if (field.wideOffset || (field.type.kind === 'vector' && field.type.wide)) {
    throw invalidSchema(where, { what: 'a union behind a 64-bit offset' });
  }
}

function unionOf({ type }: Field): number | undefined {
  const element = elementOf(type);
  return element.kind === 'union' ? element.enum : undefined;
}

function tagOf({ type }: Field): number | undefined {
  const element = elementOf(type);
  return element.kind === 'unionType' ? element.enum : undefined;
}
