/** What a number counts. */
export type Unit = 'bytes' | 'ms' | 'count';

/** Suffixes that people may write, with what they stand for in the unit itself. */
const SUFFIXES: Readonly<Record<Unit, Readonly<Record<string, number>>>> = {
  bytes: { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 },
  ms: { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 },
  count: {},
};

/** Regular expression of a quantity as text; the JSON Schema says the same to editors. */
export function quantityPattern(unit: Unit): string {
  const suffixes = Object.keys(SUFFIXES[unit]);
  return suffixes.length === 0 ? '^\\d+$' : `^\\d+(\\.\\d+)?(${suffixes.join('|')})?$`;
}

/** The whole number that a quantity stands for, `1.5MiB` or `1572864`; undefined when it stands for none. */
export function parseQuantity(raw: unknown, unit: Unit): number | undefined {
  if (typeof raw === 'number') return Number.isSafeInteger(raw) && raw >= 0 ? raw : undefined;
  if (typeof raw !== 'string' || !new RegExp(quantityPattern(unit)).test(raw)) return undefined;
  const [number] = /^[\d.]+/.exec(raw)!;
  const exact = Number(number) * (SUFFIXES[unit][raw.slice(number.length)] ?? 1);
  // A factor may leave a tail in binary: 1.1s is 1100.0000000000002 ms.
  const whole = Math.round(exact);
  return Math.abs(exact - whole) < 1e-6 && Number.isSafeInteger(whole) ? whole : undefined;
}

/** A quantity as short as it can be written exactly: `8MiB`, `30s`, `1000`. */
export function formatQuantity(value: number, unit: Unit): string {
  let text = String(value);
  for (const [suffix, factor] of Object.entries(SUFFIXES[unit])) {
    if (factor === 1 || (value !== 0 && value % factor === 0)) text = `${value / factor}${suffix}`;
  }
  return text;
}

/** What is expected of a quantity, for error messages. */
export function describeQuantity(unit: Unit, min: number, max: number): string {
  const range = `from ${formatQuantity(min, unit)} to ${formatQuantity(max, unit)}`;
  if (unit === 'count') return `a whole number ${range}`;
  const [base, ...larger] = Object.keys(SUFFIXES[unit]);
  const kind = unit === 'bytes' ? 'a size' : 'a duration';
  return `${kind} ${range}, in ${unit} or with a suffix (${base}, ${larger.join(', ')})`;
}
