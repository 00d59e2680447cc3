import fc from 'fast-check';
import type {
  ElementType,
  EnumType,
  Field,
  FieldType,
  ObjectType,
  Schema,
} from '../../src/contracts/schema-model.js';

type Json = unknown;

/** Tables within tables. */
const DEEPEST = 3;
const WIDEST = 4;

/** JSON of a table as Modwire and flatc both take it, exact in the digits that flatc prints. */
export function jsonArbitrary(schema: Schema, root: number): fc.Arbitrary<Json> {
  return tableArbitrary(schema, schema.objects[root]!, DEEPEST);
}

function tableArbitrary(schema: Schema, object: ObjectType, depth: number): fc.Arbitrary<Json> {
  const parts: fc.Arbitrary<Record<string, Json>>[] = [];
  for (const [index, field] of object.fields.entries()) {
    const { type, name } = field;
    if (field.deprecated || field.wideOffset || type.kind === 'unionType') continue;
    if (type.kind === 'vector' && type.element.kind === 'unionType') continue;
    const before = object.fields[index - 1];
    const value = fieldArbitrary(schema, field, before, depth);
    if (value === undefined) continue;
    const given = value.map((json) => (isUnion(type) ? (json as Record<string, Json>) : { [name]: json }));
    parts.push(field.required ? given : fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, given));
  }
  return fc.tuple(...parts).map((given) => Object.assign({}, ...given));
}

/** Of a union, an object with both its fields. */
function fieldArbitrary(
  schema: Schema,
  { name, type, nested }: Field,
  before: Field | undefined,
  depth: number,
): fc.Arbitrary<Json> | undefined {
  if (nested !== undefined) {
    return depth === 0 ? undefined : tableArbitrary(schema, schema.objects[nested]!, depth - 1);
  }
  if (type.kind === 'union') {
    if (depth === 0) return undefined;
    return memberArbitrary(schema, schema.enums[type.enum]!, depth).map(([tag, value]) => ({
      ...{ [before!.name]: tag, [name]: value },
    }));
  }
  if (type.kind !== 'vector') return valueArbitrary(schema, type, depth);
  const { element } = type;
  if (element.kind === 'union') {
    if (depth === 0) return undefined;
    const member = memberArbitrary(schema, schema.enums[element.enum]!, depth);
    return fc.array(member, { maxLength: WIDEST }).map((members) => ({
      [before!.name]: members.map(([tag]) => tag),
      [name]: members.map(([, value]) => value),
    }));
  }
  const value = valueArbitrary(schema, element, depth);
  if (value === undefined) return undefined;
  const key =
    element.kind === 'table' || element.kind === 'struct'
      ? schema.objects[element.object]!.fields.find((one) => one.key)
      : undefined;
  if (key === undefined) return fc.array(value, { maxLength: WIDEST });
  // flatc leaves it open in which order objects of the same key come.
  const keyOf = (json: Json) =>
    (json as Record<string, Json>)[key.name] ??
    (key.type.kind === 'string' ? '' : Number(key.defaultInteger));
  return fc.uniqueArray(value, { maxLength: WIDEST, selector: (json) => String(keyOf(json)) });
}

function memberArbitrary(schema: Schema, union: EnumType, depth: number): fc.Arbitrary<[Json, Json]> {
  const members = union.values.flatMap(({ name, value, member }) => {
    const of = member && valueArbitrary(schema, member, depth);
    const tag = fc.constantFrom<Json>(name, Number(value));
    return of === undefined ? [] : [fc.tuple(tag, of)];
  });
  return fc.oneof(...members);
}

function valueArbitrary(schema: Schema, type: FieldType, depth: number): fc.Arbitrary<Json> | undefined {
  switch (type.kind) {
    case 'scalar':
      return scalarArbitrary(type, type.enum === undefined ? undefined : schema.enums[type.enum]!);
    case 'string':
      return fc.string({ unit: 'binary', maxLength: 12 });
    case 'struct': {
      const fields = schema.objects[type.object]!.fields;
      return fc.record(
        Object.fromEntries(fields.map((field) => [field.name, valueArbitrary(schema, field.type, depth)!])),
      );
    }
    case 'array': {
      const element = valueArbitrary(schema, type.element, depth)!;
      return fc.array(element, { minLength: type.length, maxLength: type.length });
    }
    case 'table':
      return depth === 0 ? undefined : tableArbitrary(schema, schema.objects[type.object]!, depth - 1);
    default:
      throw new Error(`no value of its own: ${type.kind}`);
  }
}

const EIGHTHS = fc.integer({ min: -1_000_000, max: 1_000_000 }).map((eighths) => eighths / 8);

function scalarArbitrary(
  { scalar }: ElementType & { kind: 'scalar' },
  of: EnumType | undefined,
): fc.Arbitrary<Json> {
  if (of !== undefined) {
    const names = of.values.map(({ name }) => name);
    const named = of.bitFlags
      ? fc.subarray(names, { minLength: 1 }).map((some) => some.join(' '))
      : fc.constantFrom(...names);
    // Not 0 where .bfbs cannot tell whether that is the default.
    return fc.oneof(named, fc.integer({ min: of.underlying === 'ulong' ? 1 : 0, max: 127 }));
  }
  switch (scalar) {
    case 'bool':
      return fc.boolean();
    case 'float':
    case 'double':
      return fc.oneof(EIGHTHS, fc.constantFrom('nan', 'inf', '-inf', 0));
    case 'long':
      return fc.oneof(fc.maxSafeInteger(), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map(String));
    case 'ulong':
      // Not the largest: it is a default that .bfbs does not hold.
      return fc.oneof(fc.maxSafeNat(), fc.bigInt(0n, 2n ** 64n - 2n).map(String));
    default: {
      const [min, max] = RANGES[scalar];
      return fc.integer({ min, max });
    }
  }
}

const RANGES = {
  byte: [-128, 127],
  ubyte: [0, 255],
  short: [-32_768, 32_767],
  ushort: [0, 65_535],
  int: [-(2 ** 31), 2 ** 31 - 1],
  uint: [0, 2 ** 32 - 1],
} as const;

function isUnion(type: FieldType): boolean {
  return type.kind === 'union' || (type.kind === 'vector' && type.element.kind === 'union');
}
