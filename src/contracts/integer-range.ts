import { invalidSchema } from './schema-error.js';
import { SCALAR_BYTES, type ScalarName } from './schema-model.js';

export function isUnsigned(scalar: ScalarName): boolean {
  return scalar === 'bool' || scalar.startsWith('u');
}

/** A number of `.bfbs`, where every integer is a signed 64-bit one, as a decimal text; refuses what the type cannot hold. */
export function integerText(stored: bigint, scalar: ScalarName, where: string): string {
  if (scalar === 'ulong') return BigInt.asUintN(64, stored).toString();
  const bits = scalar === 'bool' ? 1 : 8 * SCALAR_BYTES[scalar];
  const held = isUnsigned(scalar) ? BigInt.asUintN(bits, stored) : BigInt.asIntN(bits, stored);
  if (held === stored) return stored.toString();
  throw invalidSchema(where, { what: `no ${scalar}`, got: stored.toString() });
}
