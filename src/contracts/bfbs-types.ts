import { ModwireError } from '../errors.js';
import type { Heads } from './bfbs-heads.js';
import type { BfbsTable } from './bfbs-table.js';
import { Id } from './reflection-schema.js';
import { invalidSchema } from './schema-error.js';
import type { ElementType, FieldType, ScalarName } from './schema-model.js';

/** Base types as `.bfbs` numbers them. */
export const BaseType = {
  none: 0,
  unionType: 1,
  string: 13,
  vector: 14,
  object: 15,
  union: 16,
  array: 17,
  wideVector: 18,
};

const FIRST_SCALAR = 2;
const SCALARS: readonly ScalarName[] = [
  'bool',
  'byte',
  'ubyte',
  'short',
  'ushort',
  'int',
  'uint',
  'long',
  'ulong',
  'float',
  'double',
];

/** Undefined when the number is of no scalar. */
export function scalarOf(baseType: number): ScalarName | undefined {
  return SCALARS[baseType - FIRST_SCALAR];
}

/** What a `reflection.Type` says; refuses what points outside the schema or does not exist in FlatBuffers. */
export function readType(type: BfbsTable, heads: Heads, where: string): FieldType {
  const baseType = type.byte(Id.type.baseType);
  const index = type.int(Id.type.index, -1);
  switch (baseType) {
    case BaseType.vector:
    case BaseType.wideVector: {
      const element = elementType(type.byte(Id.type.element), index, heads, `${where}.element`);
      return { kind: 'vector', element, wide: baseType === BaseType.wideVector };
    }
    case BaseType.array: {
      const element = elementType(type.byte(Id.type.element), index, heads, `${where}.element`);
      const length = type.ushort(Id.type.fixedLength);
      if (length === 0) throw invalidSchema(where, { what: 'an array without elements' });
      if (element.kind !== 'scalar' && element.kind !== 'struct') {
        throw invalidSchema(where, { what: 'an array of neither scalars nor structs', got: element.kind });
      }
      return { kind: 'array', element, length };
    }
    default:
      return elementType(baseType, index, heads, where);
  }
}

/** The member that a union's tag stands for; undefined for no member at all. */
export function readMember(
  type: BfbsTable | undefined,
  heads: Heads,
  where: string,
): ElementType | undefined {
  const baseType = type === undefined ? BaseType.none : type.byte(Id.type.baseType);
  if (type === undefined || baseType === BaseType.none) return undefined;
  const member = elementType(baseType, type.int(Id.type.index, -1), heads, where);
  if (member.kind === 'table' || member.kind === 'struct' || member.kind === 'string') return member;
  throw invalidSchema(where, { what: 'a union of neither tables, structs nor strings', got: member.kind });
}

function elementType(baseType: number, index: number, heads: Heads, where: string): ElementType {
  const scalar = scalarOf(baseType);
  if (scalar !== undefined) return scalarType(scalar, baseType, index, heads, where);
  switch (baseType) {
    case BaseType.string:
      return { kind: 'string' };
    case BaseType.object: {
      const object = heads.objects[index];
      if (object === undefined) throw noSuchType(where, 'objects', index, heads.objects.length);
      return { kind: object.isStruct ? 'struct' : 'table', object: index };
    }
    case BaseType.unionType:
    case BaseType.union: {
      const union = heads.enums[index];
      if (union === undefined) throw noSuchType(where, 'enums', index, heads.enums.length);
      if (!union.isUnion) throw invalidSchema(where, { what: `${union.name} is no union` });
      return { kind: baseType === BaseType.union ? 'union' : 'unionType', enum: index };
    }
    case BaseType.none:
    case BaseType.vector:
    case BaseType.array:
    case BaseType.wideVector:
      throw invalidSchema(where, { what: 'no type that can stand here', got: `base type ${baseType}` });
    default:
      throw new ModwireError('UNIMPLEMENTED', {
        what: 'a base type that this version does not know',
        got: String(baseType),
        where,
      });
  }
}

function scalarType(
  scalar: ScalarName,
  baseType: number,
  index: number,
  heads: Heads,
  where: string,
): ElementType {
  if (index === -1) return { kind: 'scalar', scalar, enum: undefined };
  const of = heads.enums[index];
  if (of === undefined) throw noSuchType(where, 'enums', index, heads.enums.length);
  if (of.isUnion || of.baseType !== baseType) {
    throw invalidSchema(where, { what: `${of.name} is no enum of ${scalar}` });
  }
  return { kind: 'scalar', scalar, enum: index };
}

function noSuchType(where: string, list: string, index: number, length: number): ModwireError {
  return invalidSchema(where, {
    what: `an index outside ${list}`,
    expected: `below ${length}`,
    got: String(index),
  });
}
