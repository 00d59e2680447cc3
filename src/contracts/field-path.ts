import { ModwireError } from '../errors.js';
import { nearest } from './nearest.js';
import type { Field, ObjectType, ScalarName, Schema } from './schema-model.js';

/** Where a value lies in payloads of one schema, so that it can be read without it. Plain data. */
export interface FieldPath {
  /** Places in the vtables of the tables to go through, the root's first. Bytes. */
  readonly tables: readonly number[];
  /** Place of the last table's field in its vtable. Bytes. */
  readonly entry: number;
  /** Place of the value in that field, which is more than 0 only within a struct. Bytes. */
  readonly inner: number;
  readonly leaf: FieldPathLeaf;
}

export type FieldPathLeaf =
  /** `wide`: behind a 64-bit offset. */
  | { readonly kind: 'string'; readonly wide: boolean }
  /** `default`: what an absent field stands for, as the schema writes it; undefined when it stands for nothing. */
  | { readonly kind: 'scalar'; readonly scalar: ScalarName; readonly default: string | undefined };

/**
 * Finds the scalar or string that a path such as `user.id` leads to from the table at `root`, through tables and structs
 * only. Throws INVALID_ARGUMENT (rule `field-not-in-contract`) when there is none; `where` says who wants it.
 */
export function fieldPath(schema: Schema, root: number, path: string, where: string): FieldPath {
  const way = path.split('.');
  const last = way.pop()!;
  const tables: number[] = [];
  let object = schema.objects[root]!;
  /** Of the struct that the way is in. */
  let struct: { readonly entry: number; readonly inner: number } | undefined;
  const placeOf = ({ offset }: Field) =>
    struct === undefined
      ? { entry: offset, inner: 0 }
      : { entry: struct.entry, inner: struct.inner + offset };
  for (const name of way) {
    const field = fieldNamed(object, name, where);
    const { type } = field;
    if (type.kind === 'struct') struct = placeOf(field);
    else if (type.kind === 'table') tables.push(field.offset);
    else throw wrongKind(object, field, 'a table or struct before the end', where);
    object = schema.objects[type.object]!;
  }
  const field = fieldNamed(object, last, where);
  const leaf = leafOf(field, struct === undefined);
  if (leaf === undefined) throw wrongKind(object, field, 'a scalar or string at the end', where);
  return { tables, ...placeOf(field), leaf };
}

function fieldNamed({ name: type, fields }: ObjectType, name: string, where: string): Field {
  const field = fields.find((one) => one.name === name);
  if (field !== undefined && !field.deprecated) return field;
  if (field !== undefined)
    throw notInContract(where, 'a field in use', `${type}.${name}, which is deprecated`);
  const names = fields.filter(({ deprecated }) => !deprecated).map((one) => one.name);
  throw notInContract(where, nearest(name, names) ?? `a field of ${type}`, name);
}

/** `inTable`: only there a scalar may be absent and stand for its default. */
function leafOf(
  { type, optional, defaultInteger, defaultReal, wideOffset }: Field,
  inTable: boolean,
): FieldPathLeaf | undefined {
  if (type.kind === 'string') return { kind: 'string', wide: wideOffset };
  if (type.kind !== 'scalar') return undefined;
  const { scalar } = type;
  const text = scalar === 'float' || scalar === 'double' ? defaultReal : defaultInteger;
  return { kind: 'scalar', scalar, default: inTable && !optional ? text : undefined };
}

function wrongKind({ name }: ObjectType, field: Field, expected: string, where: string): ModwireError {
  return notInContract(where, expected, `${name}.${field.name} of kind ${field.type.kind}`);
}

function notInContract(where: string, expected: string, got: string): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', {
    what: 'the field is not in the contract [field-not-in-contract]',
    ...{ expected, got, where },
  });
}
