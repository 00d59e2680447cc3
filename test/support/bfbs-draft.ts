import { Builder } from 'flatbuffers';
import { payloadFromJson } from '../../src/contracts/json/payload-from-json.js';
import { payloadToJson } from '../../src/contracts/json/payload-to-json.js';
import { Id, REFLECTION_ROOT, REFLECTION_SCHEMA } from '../../src/contracts/reflection-schema.js';

/** A `.bfbs` as JSON, to be changed and written again: it may say what no compiler would. */
// biome-ignore lint/suspicious/noExplicitAny: any place in it may be changed to anything
export type BfbsDraft = any;

export function draftOf(bfbs: Uint8Array): BfbsDraft {
  const json = payloadToJson(REFLECTION_SCHEMA, REFLECTION_ROOT, bfbs);
  return JSON.parse(new TextDecoder().decode(json));
}

export function bfbsOfDraft(draft: BfbsDraft): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(draft));
  return payloadFromJson(REFLECTION_SCHEMA, REFLECTION_ROOT, json);
}

/** A type, field or value of a draft, by its name. */
export function named(list: BfbsDraft[], name: string): BfbsDraft {
  return list.find((one) => one.name === name)!;
}

const INT = 7;

export interface Crowd {
  readonly tables: number;
  /** Of each table. */
  readonly fields: number;
  /** Of the one enum. */
  readonly values: number;
  /** Whether all of a kind are one and the same object, rather than objects of their own. */
  readonly shared: boolean;
  /** Of the name of each field and value, filled up to it; as short as it gets unless told. */
  readonly nameBytes?: number;
}

/** A `.bfbs` of tables with integer fields and an enum, as many of each as asked for. */
export function crowdedBfbs({ tables, fields, values, shared, nameBytes = 0 }: Crowd): Uint8Array {
  const builder = new Builder(1024);
  const type = table(builder, () => {
    builder.addFieldInt8(Id.type.baseType, INT, 0);
  });
  const times = (count: number, make: (index: number) => number): number => {
    const made = shared
      ? Array(count).fill(make(0))
      : Array.from({ length: count }, (_, index) => make(index));
    builder.startVector(4, count, 4);
    for (const offset of made.toReversed()) builder.addOffset(offset);
    return builder.endVector();
  };
  const makeField = (id: number) => {
    const name = builder.createString(`f${id}`.padEnd(nameBytes, '_'));
    return table(builder, () => {
      builder.addFieldOffset(Id.field.name, name, 0);
      builder.addFieldOffset(Id.field.type, type, 0);
      builder.addFieldInt16(Id.field.id, id, 0);
      builder.addFieldInt16(Id.field.offset, 4 + 2 * id, 0);
    });
  };
  const makeValue = (value: number) => {
    const name = builder.createString(`v${value}`.padEnd(nameBytes, '_'));
    return table(builder, () => {
      builder.addFieldOffset(Id.enumVal.name, name, 0);
      builder.addFieldInt64(Id.enumVal.value, BigInt(value), 0n);
    });
  };
  const makeTable = (index: number) => {
    const name = builder.createString(`T${index}`);
    const list = times(fields, makeField);
    return table(builder, () => {
      builder.addFieldOffset(Id.object.name, name, 0);
      builder.addFieldOffset(Id.object.fields, list, 0);
      builder.addFieldInt32(Id.object.minalign, 1, 0);
    });
  };
  const list = times(values, makeValue);
  const enums = times(1, () => {
    const name = builder.createString('Values');
    return table(builder, () => {
      builder.addFieldOffset(Id.enum.name, name, 0);
      builder.addFieldOffset(Id.enum.values, list, 0);
      builder.addFieldOffset(Id.enum.underlyingType, type, 0);
    });
  });
  const objects = times(tables, makeTable);
  const root = table(builder, () => {
    builder.addFieldOffset(Id.schema.objects, objects, 0);
    builder.addFieldOffset(Id.schema.enums, enums, 0);
  });
  builder.finish(root, 'BFBS');
  return builder.asUint8Array();
}

function table(builder: Builder, fill: () => void): number {
  // Fields of the largest table of the reflection schema.
  builder.startObject(Object.keys(Id.field).length);
  fill();
  return builder.endObject();
}
