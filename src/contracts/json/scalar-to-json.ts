import { HIGH } from '../../codec/memory.js';
import type { ScalarName } from '../schema-model.js';
import { floatText } from './float-text.js';
import type { EnumPlan, ScalarValue } from './transcode-plan.js';

/** JSON of a default: of the same forms as what is in a payload. */
export function defaultText(value: ScalarValue, scalar: ScalarName, of: EnumPlan | undefined): string {
  const data = new DataView(new ArrayBuffer(8));
  if (scalar === 'float') data.setFloat32(0, Number(value), true);
  else if (scalar === 'double') data.setFloat64(0, Number(value), true);
  else data.setBigInt64(0, BigInt(value), true);
  return scalarText(data, 0, scalar, of);
}

/** JSON of the scalar at `at`: of an enum's its name where it has one, or the names of its flags. */
export function scalarText(data: DataView, at: number, scalar: ScalarName, of: EnumPlan | undefined): string {
  if (of !== undefined) {
    const names = namesOf(scalarAt(data, at, scalar), of);
    if (names !== undefined) return JSON.stringify(names);
  }
  switch (scalar) {
    case 'bool':
      return data.getUint8(at) === 0 ? 'false' : 'true';
    case 'float':
      return floatText(data.getFloat32(at, true), true);
    case 'double':
      return floatText(data.getFloat64(at, true), false);
    case 'long':
    case 'ulong':
      return wideText(data, at, scalar === 'long');
    default:
      return String(scalarAt(data, at, scalar));
  }
}

/** A number where a double holds it exactly, else a decimal text, so that JavaScript reads it without loss. */
function wideText(data: DataView, at: number, signed: boolean): string {
  const low = data.getUint32(at, true);
  const high = signed ? data.getInt32(at + 4, true) : data.getUint32(at + 4, true);
  const nearest = high * HIGH + low;
  if (Number.isSafeInteger(nearest)) return String(nearest);
  return `"${signed ? data.getBigInt64(at, true) : data.getBigUint64(at, true)}"`;
}

/** The value of the scalar at `at`. */
export function scalarAt(data: DataView, at: number, scalar: ScalarName): ScalarValue {
  switch (scalar) {
    case 'bool':
    case 'ubyte':
      return data.getUint8(at);
    case 'byte':
      return data.getInt8(at);
    case 'short':
      return data.getInt16(at, true);
    case 'ushort':
      return data.getUint16(at, true);
    case 'int':
      return data.getInt32(at, true);
    case 'uint':
      return data.getUint32(at, true);
    case 'long':
      return data.getBigInt64(at, true);
    case 'ulong':
      return data.getBigUint64(at, true);
    case 'float':
      return data.getFloat32(at, true);
    case 'double':
      return data.getFloat64(at, true);
  }
}

function namesOf(value: ScalarValue, of: EnumPlan): string | undefined {
  const name = of.names.get(value);
  if (name !== undefined || !of.type.bitFlags) return name;
  const bits = BigInt(value);
  let named = 0n;
  const names: string[] = [];
  for (const [bit, flag] of of.flags) {
    if ((bits & bit) === 0n) continue;
    named |= bit;
    names.push(flag);
  }
  return bits !== 0n && named === bits ? names.join(' ') : undefined;
}
