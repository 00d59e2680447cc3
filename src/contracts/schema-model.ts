/**
 * A FlatBuffers schema as plain data: what `.bfbs` says, range-checked, without anything that needs its bytes. It can be
 * sent to another thread and written as JSON.
 */
export interface Schema {
  readonly objects: readonly ObjectType[];
  readonly enums: readonly EnumType[];
  /** Index in `objects` of the schema's own root table, where it declares one. */
  readonly root: number | undefined;
  /** Of the declared root. Four characters, or empty. */
  readonly fileIdentifier: string;
}

/** A table or struct. */
export interface ObjectType {
  /** With its namespace: `shop.Order`. */
  readonly name: string;
  readonly isStruct: boolean;
  /** Tables: by id, without holes. Structs: by offset. */
  readonly fields: readonly Field[];
  /** Bytes. */
  readonly minAlign: number;
  /** Of a struct; 0 for a table. Bytes. */
  readonly byteSize: number;
  /** The `.fbs` file that declares it, as flatc wrote it; empty when unknown. */
  readonly declarationFile: string;
}

export interface Field {
  readonly name: string;
  /** Position in the vtable; of a struct's field, its position. */
  readonly id: number;
  /** Tables: place of the field's entry in the vtable (4 + 2 * id). Structs: place of the field. Bytes. */
  readonly offset: number;
  readonly type: FieldType;
  readonly required: boolean;
  /**
   * Absent is a value of its own: of scalars `= null` in the schema; of others that they have no default, which is
   * all that `.bfbs` tells about the defaults of strings and vectors. False for what is required.
   */
  readonly optional: boolean;
  readonly deprecated: boolean;
  readonly key: boolean;
  /** Of integers, bools and enums; a decimal text, so that 64 bits survive JSON. */
  readonly defaultInteger: string;
  /** Of floats. JSON has no NaN and no infinities: a text as JavaScript prints it. */
  readonly defaultReal: string;
  /** Alignment asked for with `force_align`; 0 without. Bytes. */
  readonly forceAlign: number;
  /** Index in `objects` of the table that these bytes hold, from `nested_flatbuffer`. */
  readonly nested: number | undefined;
  /** The field holds a 64-bit offset. */
  readonly wideOffset: boolean;
}

export type ScalarName =
  | 'bool'
  | 'byte'
  | 'ubyte'
  | 'short'
  | 'ushort'
  | 'int'
  | 'uint'
  | 'long'
  | 'ulong'
  | 'float'
  | 'double';

export type ElementType =
  | {
      readonly kind: 'scalar';
      readonly scalar: ScalarName;
      /** Index in `enums` of the enum whose values these are. */
      readonly enum: number | undefined;
    }
  | { readonly kind: 'string' }
  | { readonly kind: 'struct' | 'table'; readonly object: number }
  /** The tag of a union; a field of its own, right before the union's by id. */
  | { readonly kind: 'unionType'; readonly enum: number }
  | { readonly kind: 'union'; readonly enum: number };

export type FieldType =
  | ElementType
  /** `wide`: its length takes 64 bits. */
  | { readonly kind: 'vector'; readonly element: ElementType; readonly wide: boolean }
  /** In structs only. */
  | { readonly kind: 'array'; readonly element: ElementType; readonly length: number };

/** An enum, or the tags of a union. */
export interface EnumType {
  readonly name: string;
  readonly isUnion: boolean;
  readonly bitFlags: boolean;
  readonly underlying: ScalarName;
  readonly values: readonly EnumValue[];
  readonly declarationFile: string;
}

export interface EnumValue {
  readonly name: string;
  /** A decimal text. */
  readonly value: string;
  /** What a union's member is; undefined for NONE and for values of enums. */
  readonly member: ElementType | undefined;
}

/** What payloads with this root carry: of the root that a schema declares its file identifier, of any other none. */
export function identifierOf(schema: Schema, root: number): string {
  return root === schema.root ? schema.fileIdentifier : '';
}

export function isInteger(scalar: ScalarName): boolean {
  return scalar !== 'bool' && scalar !== 'float' && scalar !== 'double';
}

/** Size and alignment of scalars. Bytes. */
export const SCALAR_BYTES: Readonly<Record<ScalarName, 1 | 2 | 4 | 8>> = {
  bool: 1,
  byte: 1,
  ubyte: 1,
  short: 2,
  ushort: 2,
  int: 4,
  uint: 4,
  long: 8,
  ulong: 8,
  float: 4,
  double: 8,
};
