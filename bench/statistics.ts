/** Middle, least and greatest of the runs. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The middle value, or the mean of the two in the middle. Throws RangeError when there are no values. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median of no values');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Throws RangeError when there are no values. */
export function summarize(values: readonly number[]): Summary {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * How many times better `ours` is than `theirs`, run by run: readings of the same round were taken next to each other,
 * so that what else the machine did meets both.
 */
export function pairRatios(
  ours: readonly number[],
  theirs: readonly number[],
  better: 'higher' | 'lower',
): number[] {
  return ours.map((own, round) => (better === 'higher' ? own / theirs[round]! : theirs[round]! / own));
}
