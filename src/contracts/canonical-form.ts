import { reachableTypes } from './reachable-types.js';
import {
  type ElementType,
  type EnumType,
  type Field,
  type FieldType,
  identifierOf,
  type ObjectType,
  type Schema,
} from './schema-model.js';

/**
 * A text of all that readers and writers of a root table can notice, one line for each thing; docs/compatibility.md
 * describes it. It is what schema ids are the hash of: changing it changes every id.
 */
export function canonicalForm(schema: Schema, root: number): string {
  const { objects, enums } = reachableTypes(schema, root);
  const lines = [
    'modwire schema 1',
    `root ${schema.objects[root]!.name}`,
    `identifier ${identifierOf(schema, root)}`,
  ];
  const blocks = [
    ...objects.map((index) => objectLines(schema.objects[index]!, schema)),
    ...enums.map((index) => enumLines(schema.enums[index]!, schema)),
  ];
  // The second word of a block is its name, and no two types share one.
  blocks.sort((a, b) => (blockName(a) < blockName(b) ? -1 : 1));
  for (const block of blocks) lines.push(...block);
  lines.push('');
  return lines.join('\n');
}

function blockName(block: readonly string[]): string {
  return block[0]!.split(' ')[1]!;
}

function objectLines({ name, isStruct, fields, minAlign, byteSize }: ObjectType, schema: Schema): string[] {
  if (!isStruct) return [`table ${name}`, ...fields.map((field) => tableFieldLine(field, schema))];
  return [
    `struct ${name} bytes=${byteSize} align=${minAlign}`,
    ...fields.map(
      (field) => ` ${field.offset} ${field.name} ${typeText(field.type, schema)}${mark('key', field.key)}`,
    ),
  ];
}

function tableFieldLine(field: Field, schema: Schema): string {
  const { type, nested } = field;
  let line = ` ${field.id} ${field.name} ${typeText(type, schema)}`;
  if (type.kind === 'scalar') line += ` default=${field.optional ? 'null' : defaultText(field)}`;
  else if (!field.optional && !field.required && type.kind !== 'unionType') line += ' default=other';
  line += mark('required', field.required) + mark('deprecated', field.deprecated) + mark('key', field.key);
  line += mark('offset64', field.wideOffset);
  if (field.forceAlign > 0) line += ` force_align=${field.forceAlign}`;
  if (nested !== undefined) line += ` nested=${schema.objects[nested]!.name}`;
  return line;
}

/** Integers and reals by one name: which of them it is, the type says. */
export function defaultText({ type, defaultInteger, defaultReal }: Field): string {
  const isReal = type.kind === 'scalar' && (type.scalar === 'float' || type.scalar === 'double');
  return isReal ? defaultReal : defaultInteger;
}

function enumLines(type: EnumType, schema: Schema): string[] {
  const values = type.values.map(
    ({ name, value, member }) =>
      ` ${value} ${name}${member === undefined ? '' : ` ${elementText(member, schema)}`}`,
  );
  const kind = type.isUnion ? 'union' : 'enum';
  return [`${kind} ${type.name} ${type.underlying}${mark('bit_flags', type.bitFlags)}`, ...values];
}

/** `[shop.Item]`, `[float:4]`, `int(shop.Color)`. */
export function typeText(type: FieldType, schema: Schema): string {
  if (type.kind === 'vector') return `[${elementText(type.element, schema)}]${mark('vector64', type.wide)}`;
  if (type.kind === 'array') return `[${elementText(type.element, schema)}:${type.length}]`;
  return elementText(type, schema);
}

function elementText(type: ElementType, schema: Schema): string {
  switch (type.kind) {
    case 'scalar':
      return type.enum === undefined ? type.scalar : `${type.scalar}(${schema.enums[type.enum]!.name})`;
    case 'string':
      return 'string';
    case 'struct':
    case 'table':
      return schema.objects[type.object]!.name;
    case 'unionType':
      return `tag(${schema.enums[type.enum]!.name})`;
    case 'union':
      return schema.enums[type.enum]!.name;
  }
}

function mark(word: string, isSet: boolean): string {
  return isSet ? ` ${word}` : '';
}
