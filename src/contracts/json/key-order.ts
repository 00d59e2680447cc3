import type { Field } from '../schema-model.js';
import { isWide } from './transcode-plan.js';

/** Compares two objects by their key, in bytes that hold both. Places are where the objects start. */
export type KeyOrder = (data: DataView, a: number, b: number) => number;

/** How flatc sorts vectors of objects with this key: numbers by value, strings by their bytes. */
export function keyOrderOf(key: Field, isStruct: boolean): KeyOrder {
  if (key.type.kind === 'string') {
    return (data, a, b) => {
      const left = placeOf(data, a, key.offset);
      const right = placeOf(data, b, key.offset);
      // flatc makes such keys required; a schema of other origin may not, and what has none comes first.
      if (left === 0 || right === 0) return left - right;
      return compareStrings(data, left, right);
    };
  }
  const { type } = key;
  if (type.kind !== 'scalar') return () => 0;
  const read = READERS[type.scalar];
  const isReal = type.scalar === 'float' || type.scalar === 'double';
  const otherwise = isReal
    ? Number(key.defaultReal)
    : isWide(type.scalar)
      ? BigInt(key.defaultInteger)
      : Number(key.defaultInteger);
  const value = (data: DataView, object: number) => {
    if (isStruct) return read(data, object + key.offset);
    const place = placeOf(data, object, key.offset);
    return place === 0 ? otherwise : read(data, place);
  };
  return (data, a, b) => {
    const left = value(data, a);
    const right = value(data, b);
    return left < right ? -1 : left > right ? 1 : 0;
  };
}

const READERS = {
  bool: (data: DataView, at: number) => data.getUint8(at),
  byte: (data: DataView, at: number) => data.getInt8(at),
  ubyte: (data: DataView, at: number) => data.getUint8(at),
  short: (data: DataView, at: number) => data.getInt16(at, true),
  ushort: (data: DataView, at: number) => data.getUint16(at, true),
  int: (data: DataView, at: number) => data.getInt32(at, true),
  uint: (data: DataView, at: number) => data.getUint32(at, true),
  long: (data: DataView, at: number) => data.getBigInt64(at, true),
  ulong: (data: DataView, at: number) => data.getBigUint64(at, true),
  float: (data: DataView, at: number) => data.getFloat32(at, true),
  double: (data: DataView, at: number) => data.getFloat64(at, true),
};

/** Where a table's field is; 0 when it is absent. `slot`: place of its entry in the vtable. */
function placeOf(data: DataView, table: number, slot: number): number {
  const vtable = table - data.getInt32(table, true);
  if (slot >= data.getUint16(vtable, true)) return 0;
  const offset = data.getUint16(vtable + slot, true);
  return offset === 0 ? 0 : table + offset;
}

function compareStrings(data: DataView, a: number, b: number): number {
  const left = a + data.getUint32(a, true);
  const right = b + data.getUint32(b, true);
  const leftBytes = data.getUint32(left, true);
  const rightBytes = data.getUint32(right, true);
  const shared = Math.min(leftBytes, rightBytes);
  for (let index = 4; index < 4 + shared; index++) {
    const difference = data.getUint8(left + index) - data.getUint8(right + index);
    if (difference !== 0) return difference;
  }
  return leftBytes - rightBytes;
}
