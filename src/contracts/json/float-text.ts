/** How floats that JSON has no number for are written, as flatc names them. */
export const FLOAT_WORDS: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['+nan', Number.NaN],
  ['-nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['+inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['+infinity', Number.POSITIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
]);

/** Below this every integer is a float. */
const EXACT_FLOATS = 0x100_0000;

/** JSON of a float: the shortest number that reads as the same one again. */
export function floatText(value: number, isSingle: boolean): string {
  if (Number.isNaN(value)) return '"nan"';
  if (!Number.isFinite(value)) return value > 0 ? '"inf"' : '"-inf"';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  if (!isSingle || (Number.isInteger(value) && Math.abs(value) < EXACT_FLOATS)) return String(value);
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return String(Number(value.toPrecision(9)));
}
