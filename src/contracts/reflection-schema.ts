import type { ElementType, Field, FieldType, ObjectType, ScalarName, Schema } from './schema-model.js';

/** A table of the reflection schema: fields in the order of their ids. */
type Shape = Readonly<Record<string, Part>>;

interface Part {
  readonly type: FieldType;
  readonly required?: true;
  readonly deprecated?: true;
  readonly default?: string;
}

/** Tables of FlatBuffers' reflection schema, that of `.bfbs` files; an object's index is its place here. */
const NAMES = ['KeyValue', 'Type', 'EnumVal', 'Enum', 'Field', 'Object', 'SchemaFile', 'Schema'] as const;

const text: Part = { type: { kind: 'string' } };
const name: Part = { ...text, required: true };
const texts: Part = { type: vector({ kind: 'string' }) };
const attributes: Part = { type: vector(of('KeyValue')) };
const bool = scalar('bool');
/** Not read, and so not verified: of old flatc versions, or of remote procedure calls. */
const skipped: Part = { type: vector({ kind: 'string' }), deprecated: true };

const KEY_VALUE = { key: name, value: text };
const TYPE = {
  baseType: scalar('byte'),
  element: scalar('byte'),
  index: { ...scalar('int'), default: '-1' },
  fixedLength: scalar('ushort'),
  baseSize: scalar('uint'),
  elementSize: scalar('uint'),
};
const ENUM_VAL = {
  name,
  value: scalar('long'),
  object: skipped,
  unionType: { type: of('Type') },
  documentation: texts,
  attributes,
};
const ENUM = {
  name,
  values: { type: vector(of('EnumVal')), required: true },
  isUnion: bool,
  underlyingType: { type: of('Type'), required: true },
  attributes,
  documentation: texts,
  declarationFile: text,
} satisfies Shape;
const FIELD = {
  name,
  type: { type: of('Type'), required: true },
  id: scalar('ushort'),
  offset: scalar('ushort'),
  defaultInteger: scalar('long'),
  defaultReal: scalar('double'),
  deprecated: bool,
  required: bool,
  key: bool,
  attributes,
  documentation: texts,
  optional: bool,
  padding: scalar('ushort'),
  offset64: bool,
} satisfies Shape;
const OBJECT = {
  name,
  fields: { type: vector(of('Field')), required: true },
  isStruct: bool,
  minalign: scalar('int'),
  bytesize: scalar('int'),
  attributes,
  documentation: texts,
  declarationFile: text,
} satisfies Shape;
const SCHEMA_FILE = { filename: name, includedFilenames: texts };
const SCHEMA = {
  objects: { type: vector(of('Object')), required: true },
  enums: { type: vector(of('Enum')), required: true },
  fileIdent: text,
  fileExt: text,
  rootTable: { type: of('Object') },
  services: skipped,
  advancedFeatures: scalar('ulong'),
  fbsFiles: { type: vector(of('SchemaFile')) },
} satisfies Shape;

/** Field ids by name, for reading. */
export const Id = {
  keyValue: ids(KEY_VALUE),
  type: ids(TYPE),
  enumVal: ids(ENUM_VAL),
  enum: ids(ENUM),
  field: ids(FIELD),
  object: ids(OBJECT),
  schema: ids(SCHEMA),
} as const;

const SHAPES: readonly Shape[] = [KEY_VALUE, TYPE, ENUM_VAL, ENUM, FIELD, OBJECT, SCHEMA_FILE, SCHEMA];

/** The schema of `.bfbs` files themselves. */
export const REFLECTION_SCHEMA: Schema = {
  objects: NAMES.map((name, index) => object(`reflection.${name}`, SHAPES[index]!)),
  enums: [],
  root: NAMES.indexOf('Schema'),
  fileIdentifier: 'BFBS',
};

export const REFLECTION_ROOT: number = NAMES.indexOf('Schema');

function ids<S extends Shape>(shape: S): { readonly [Name in keyof S]: number } {
  return Object.fromEntries(Object.keys(shape).map((name, id) => [name, id])) as {
    [Name in keyof S]: number;
  };
}

function of(name: (typeof NAMES)[number]): ElementType {
  return { kind: 'table', object: NAMES.indexOf(name) };
}

function vector(element: ElementType): FieldType {
  return { kind: 'vector', element, wide: false };
}

function scalar(scalar: ScalarName): Part {
  return { type: { kind: 'scalar', scalar, enum: undefined } };
}

function object(name: string, shape: Shape): ObjectType {
  const fields = Object.entries(shape).map(
    ([name, part], id): Field => ({
      name,
      id,
      offset: 4 + 2 * id,
      type: part.type,
      required: part.required === true,
      optional: false,
      deprecated: part.deprecated === true,
      key: false,
      defaultInteger: part.default ?? '0',
      defaultReal: '0',
      forceAlign: 0,
      nested: undefined,
      wideOffset: false,
    }),
  );
  return { name, isStruct: false, fields, minAlign: 1, byteSize: 0, declarationFile: '' };
}
