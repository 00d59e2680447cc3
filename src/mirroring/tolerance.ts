import { ModwireError } from '../errors.js';

/** What numbers with fractions are kept in. `float` of a schema is FP32, `double` FP64; JSON does not say. */
export type FloatFormat = 'FP16' | 'BF16' | 'FP32' | 'FP64' | 'JSON';

/** Two numbers are the same when they differ by at most `absolute`, and `relative` times the larger of them, together. */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

export type Tolerances = Readonly<Record<FloatFormat, Tolerance>>;

/** Room for a sum taken in another order, not for another result: of halves, two units in the last place. */
export const DEFAULT_TOLERANCES: Tolerances = {
  FP16: { absolute: 1e-3, relative: 2e-3 },
  BF16: { absolute: 1e-2, relative: 1.6e-2 },
  FP32: { absolute: 1e-6, relative: 1e-5 },
  FP64: { absolute: 1e-12, relative: 1e-9 },
  // What a model computed in FP32 and its server printed.
  JSON: { absolute: 1e-6, relative: 1e-5 },
};

/** The defaults with what is given instead. Throws INVALID_ARGUMENT for what is no tolerance. */
export function tolerancesOf(given: Partial<Tolerances>): Tolerances {
  for (const [format, tolerance] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_TOLERANCES, format)) {
      throw invalid('a tolerance of an unknown format', Object.keys(DEFAULT_TOLERANCES).join(', '), format);
    }
    for (const part of ['absolute', 'relative'] as const) {
      const value = tolerance[part];
      if (Number.isFinite(value) && value >= 0) continue;
      throw invalid('a tolerance is not valid', 'a number from 0 on', String(value), `${format}.${part}`);
    }
  }
  return { ...DEFAULT_TOLERANCES, ...given };
}

/** Whether two numbers are the same. NaN is the same as NaN, an infinity as itself only. */
export function isSame(a: number, b: number, { absolute, relative }: Tolerance): boolean {
  if (a === b) return true;
  const difference = Math.abs(a - b);
  if (difference < Number.POSITIVE_INFINITY) {
    return difference <= absolute + relative * Math.max(Math.abs(a), Math.abs(b));
  }
  return Number.isNaN(a) && Number.isNaN(b);
}

/** How far apart two finite numbers are: both of them bigints, or neither. Finite itself, so that JSON has it. */
export function absoluteDifference(a: number | bigint, b: number | bigint): number {
  // Large bigints are the same number before they are subtracted.
  const difference = typeof a === 'bigint' && typeof b === 'bigint' ? Number(a - b) : Number(a) - Number(b);
  return Math.min(Number.MAX_VALUE, Math.abs(difference));
}

/** The same as a share of the larger one, 0 to 2. */
export function relativeDifference(a: number | bigint, b: number | bigint): number {
  const larger = Math.max(Math.abs(Number(a)), Math.abs(Number(b)));
  if (larger === 0) return 0;
  if (typeof a === 'bigint' || typeof b === 'bigint') return absoluteDifference(a, b) / larger;
  // Divided first: the difference of two finite doubles may be none.
  return Math.abs(a / larger - b / larger);
}

function invalid(what: string, expected: string, got: string, where?: string): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', {
    ...{ what, expected, got },
    ...(where !== undefined && { where: `tolerances.${where}` }),
  });
}
