/** A bound, and what happens at it. */
export interface Limit {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly unit: 'bytes' | 'ms' | 'count';
  /** One sentence for the documentation, the JSON Schema and `--help`. */
  readonly about: string;
}

export const KIB = 1024;
export const MIB = 1024 * KIB;

export function bytes(value: number, min: number, max: number, about: string): Limit {
  return { default: value, min, max, unit: 'bytes', about };
}

export function ms(value: number, min: number, max: number, about: string): Limit {
  return { default: value, min, max, unit: 'ms', about };
}

export function count(value: number, min: number, max: number, about: string): Limit {
  return { default: value, min, max, unit: 'count', about };
}
