import type { RootedSchema } from '../../contracts/compatibility.js';
import { elementOf, reachableTypes } from '../../contracts/reachable-types.js';
import {
  type ElementType,
  type EnumType,
  type Field,
  type FieldType,
  type ObjectType,
  SCALAR_BYTES,
  type Schema,
} from '../../contracts/schema-model.js';

interface Declaration {
  readonly name: string;
  readonly lines: readonly string[];
}

/**
 * A schema as `.fbs`, all that its root can hold, with ids and numbers written down. Compiled again it has the same id,
 * unless strings or vectors have defaults: `.bfbs` does not keep these.
 */
export function schemaText({ schema, root }: RootedSchema): string[] {
  const { enums, objects } = reachableTypes(schema, root);
  const isUnion = (index: number) => schema.enums[index]!.isUnion;
  const isStruct = (index: number) => schema.objects[index]!.isStruct;
  // What flatc wants to know before it is used comes first.
  const declarations = [
    ...enums.filter((index) => !isUnion(index)).map((index) => enumOf(schema.enums[index]!)),
    ...innerFirst(schema, objects.filter(isStruct)).map((index) => objectOf(schema.objects[index]!, schema)),
    ...enums.filter(isUnion).map((index) => unionOf(schema.enums[index]!, schema)),
    ...objects.filter((index) => !isStruct(index)).map((index) => objectOf(schema.objects[index]!, schema)),
  ];
  const lines: string[] = [];
  let namespace = '';
  for (const { name, lines: own } of declarations) {
    const next = name.slice(0, Math.max(0, name.lastIndexOf('.')));
    if (next !== namespace) lines.push('', `namespace ${next};`);
    namespace = next;
    lines.push('', ...own);
  }
  const { fileIdentifier } = schema;
  lines.push('', `root_type ${schema.objects[root]!.name};`);
  if (fileIdentifier !== '') lines.push(`file_identifier ${JSON.stringify(fileIdentifier)};`);
  return lines;
}

/** Structs behind those that they are made of. */
function innerFirst({ objects }: Schema, indices: readonly number[]): number[] {
  const sorted = new Set<number>();
  const waiting = [...indices].reverse();
  while (waiting.length > 0) {
    const index = waiting.at(-1)!;
    const inner = objects[index]!.fields.flatMap(({ type }) => {
      const element = elementOf(type);
      return element.kind === 'struct' && !sorted.has(element.object) ? [element.object] : [];
    });
    // A struct cannot hold itself: this ends.
    if (inner.length > 0) waiting.push(...inner);
    else sorted.add(waiting.pop()!);
  }
  return [...sorted];
}

function enumOf({ name, underlying, bitFlags, values }: EnumType): Declaration {
  const lines = values.map((one) => {
    // Of flags the schema has the place of the bit, and `.bfbs` its value.
    const number = bitFlags ? BigInt.asUintN(64, BigInt(one.value)).toString(2).length - 1 : one.value;
    return `  ${one.name} = ${number},`;
  });
  const head = `enum ${shortName(name)} : ${underlying}${bitFlags ? ' (bit_flags)' : ''} {`;
  return { name, lines: [head, ...lines, '}'] };
}

function unionOf({ name, underlying, values }: EnumType, schema: Schema): Declaration {
  const lines = values.flatMap(({ name: tag, value, member }) =>
    member === undefined ? [] : [`  ${tag} : ${elementText(member, schema)} = ${value},`],
  );
  const type = underlying === 'ubyte' ? '' : ` : ${underlying}`;
  return { name, lines: [`union ${shortName(name)}${type} {`, ...lines, '}'] };
}

function objectOf({ name, isStruct, fields, minAlign }: ObjectType, schema: Schema): Declaration {
  const natural = Math.max(1, ...fields.map(({ type }) => alignmentOf(elementOf(type), schema)));
  const align = isStruct && minAlign > natural ? ` (force_align: ${minAlign})` : '';
  const lines = fields.flatMap((field) => {
    // Tags of unions follow from the unions.
    const element = elementOf(field.type);
    return element.kind === 'unionType' ? [] : [`  ${fieldText(field, isStruct, schema)}`];
  });
  return { name, lines: [`${isStruct ? 'struct' : 'table'} ${shortName(name)}${align} {`, ...lines, '}'] };
}

function fieldText(field: Field, inStruct: boolean, schema: Schema): string {
  const { name, id, type, nested } = field;
  const attributes = [
    ...(inStruct ? [] : [`id: ${id}`]),
    ...(field.required ? ['required'] : []),
    ...(field.deprecated ? ['deprecated'] : []),
    ...(field.key ? ['key'] : []),
    ...(field.forceAlign > 0 ? [`force_align: ${field.forceAlign}`] : []),
    ...(nested === undefined ? [] : [`nested_flatbuffer: "${schema.objects[nested]!.name}"`]),
    ...widthOf(field),
  ];
  const value = inStruct ? '' : defaultOf(field, schema);
  const list = attributes.length === 0 ? '' : ` (${attributes.join(', ')})`;
  const lost = !inStruct && hasLostDefault(field) ? ' // and a default, which .bfbs does not keep' : '';
  return `${name} : ${typeText(type, schema)}${value}${list};${lost}`;
}

/** A string or vector with a default is what is neither required nor null where it is absent. */
function hasLostDefault({ type, optional, required }: Field): boolean {
  return type.kind !== 'scalar' && !optional && !required;
}

/** A vector with a 64-bit length has a 64-bit offset too. */
function widthOf({ type, wideOffset }: Field): string[] {
  if (type.kind === 'vector' && type.wide) return ['vector64'];
  return wideOffset ? ['offset64'] : [];
}

function defaultOf({ type, optional, defaultInteger, defaultReal }: Field, schema: Schema): string {
  if (type.kind !== 'scalar') return '';
  if (optional) return ' = null';
  if (type.scalar === 'float' || type.scalar === 'double') {
    return defaultReal === '0' ? '' : ` = ${defaultReal.replace('Infinity', 'inf').replace('NaN', 'nan')}`;
  }
  if (defaultInteger === '0') return '';
  const values = type.enum === undefined ? [] : schema.enums[type.enum]!.values;
  return ` = ${values.find(({ value }) => value === defaultInteger)?.name ?? defaultInteger}`;
}

function typeText(type: FieldType, schema: Schema): string {
  if (type.kind === 'vector') return `[${elementText(type.element, schema)}]`;
  if (type.kind === 'array') return `[${elementText(type.element, schema)}:${type.length}]`;
  return elementText(type, schema);
}

function elementText(type: ElementType, schema: Schema): string {
  switch (type.kind) {
    case 'scalar':
      return type.enum === undefined ? type.scalar : schema.enums[type.enum]!.name;
    case 'string':
      return 'string';
    case 'struct':
    case 'table':
      return schema.objects[type.object]!.name;
    case 'unionType':
    case 'union':
      return schema.enums[type.enum]!.name;
  }
}

function alignmentOf(type: ElementType, { objects }: Schema): number {
  if (type.kind === 'scalar') return SCALAR_BYTES[type.scalar];
  return type.kind === 'struct' ? objects[type.object]!.minAlign : 1;
}

function shortName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
