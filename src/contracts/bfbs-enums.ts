import { hasAttribute } from './bfbs-attributes.js';
import type { EnumHead, Heads } from './bfbs-heads.js';
import type { BfbsTable } from './bfbs-table.js';
import { BaseType, readMember, scalarOf } from './bfbs-types.js';
import { integerText } from './integer-range.js';
import { Id } from './reflection-schema.js';
import { invalidSchema } from './schema-error.js';
import { type EnumType, type EnumValue, isInteger, type ScalarName } from './schema-model.js';
import { readFile, readName } from './schema-names.js';

export function readEnum(head: EnumHead, heads: Heads): EnumType {
  const { table, name, isUnion } = head;
  const underlying = underlyingType(head);
  const values = table
    .tables(Id.enum.values)
    .map((value, index) => readValue(value, underlying, isUnion, heads, `${name}.values[${index}]`));
  checkUnique(values, isUnion, name);
  return {
    name,
    isUnion,
    bitFlags: hasAttribute(table, Id.enum.attributes, 'bit_flags'),
    underlying,
    values: values.sort(byValue),
    declarationFile: readFile(table, Id.enum.declarationFile, name),
  };
}

function underlyingType({ name, isUnion, baseType }: EnumHead): ScalarName {
  if (isUnion && baseType === BaseType.unionType) return 'ubyte';
  const scalar = scalarOf(baseType);
  if (scalar !== undefined && isInteger(scalar)) return scalar;
  throw invalidSchema(name, { what: 'values of no integer type', got: scalar ?? `base type ${baseType}` });
}

function readValue(
  table: BfbsTable,
  underlying: ScalarName,
  isUnion: boolean,
  heads: Heads,
  where: string,
): EnumValue {
  const name = readName(table, Id.enumVal.name, where);
  const value = integerText(table.long(Id.enumVal.value), underlying, where);
  if (!isUnion) return { name, value, member: undefined };
  const member = readMember(table.table(Id.enumVal.unionType), heads, where);
  if ((value === '0') !== (member === undefined)) {
    throw invalidSchema(where, {
      what: value === '0' ? 'the tag of no member has one' : 'a tag without a member',
      advice: 'compile the schema with a current flatc',
    });
  }
  return { name, value, member };
}

/** Aliases are allowed in enums; two members behind one tag are not. */
function checkUnique(values: readonly EnumValue[], isUnion: boolean, where: string): void {
  const seen = new Set<string>();
  for (const { name, value } of values) {
    for (const mark of isUnion ? [name, value] : [name]) {
      if (seen.has(mark)) throw invalidSchema(where, { what: 'declared twice', got: mark });
      seen.add(mark);
    }
  }
}

function byValue(a: EnumValue, b: EnumValue): number {
  const difference = BigInt(a.value) - BigInt(b.value);
  if (difference !== 0n) return difference < 0n ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}
