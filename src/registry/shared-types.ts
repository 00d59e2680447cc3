import { defaultText, typeText } from '../contracts/canonical-form.js';
import type { EnumType, Field, ObjectType, Schema } from '../contracts/schema-model.js';

export interface SharedTypes {
  /** How many types have the same full name in both. */
  readonly count: number;
  /** The first of them that is not the same type. */
  readonly different: string | undefined;
}

/**
 * Types that two schemas have in common. Each is compared by itself, other types in it by their names: where these are
 * in both schemas too, they are compared in their turn.
 */
export function sharedTypes(one: Schema, other: Schema): SharedTypes {
  const types = describe(one);
  let count = 0;
  for (const [name, text] of describe(other)) {
    const twin = types.get(name);
    if (twin === undefined) continue;
    count++;
    if (twin() !== text()) return { count, different: name };
  }
  return { count, different: undefined };
}

/** All that tells types of one name apart, made where it is needed. */
function describe(schema: Schema): Map<string, () => string> {
  return new Map([
    ...schema.objects.map((type) => [type.name, () => objectText(type, schema)] as const),
    ...schema.enums.map((type) => [type.name, () => enumText(type, schema)] as const),
  ]);
}

function objectText({ isStruct, byteSize, minAlign, fields }: ObjectType, schema: Schema): string {
  const head = isStruct ? ['struct', byteSize, minAlign] : ['table'];
  return JSON.stringify([head, fields.map((field) => fieldParts(field, schema))]);
}

function fieldParts(field: Field, schema: Schema): unknown[] {
  const { nested } = field;
  return [
    ...[field.id, field.offset, field.name, typeText(field.type, schema), defaultText(field)],
    ...[field.required, field.optional, field.deprecated, field.key, field.wideOffset, field.forceAlign],
    nested === undefined ? '' : schema.objects[nested]!.name,
  ];
}

function enumText({ isUnion, bitFlags, underlying, values }: EnumType, schema: Schema): string {
  return JSON.stringify([
    ...[isUnion, bitFlags, underlying],
    values.map(({ name, value, member }) => [
      ...[name, value],
      member === undefined ? '' : typeText(member, schema),
    ]),
  ]);
}
