import { HUNDREDTHS, hundredthsOf } from './experiment.js';
import { experimentFault } from './experiment-rules.js';

/** Buckets of every experiment: one for each hundredth of a percent. */
export const BUCKETS = HUNDREDTHS;

/**
 * Which variant each bucket belongs to, as runs in the order of the buckets: name of a variant, and how many buckets in
 * a row are its. Plain data, to be kept: after changes of weights it does not follow from the weights alone.
 */
export type BucketTable = readonly BucketRun[];

export type BucketRun = readonly [variant: string, buckets: number];

/** What tables are made from; a variant is this and more. Weights as `readExperiment` lets them pass. */
export interface Weighted {
  readonly name: string;
  /** Percent. */
  readonly weight: number;
}

/** Variants by their index. */
interface Move {
  readonly from: number;
  readonly to: number;
  readonly buckets: number;
}

/** The table of a new experiment: each variant has its buckets side by side, in the order of the variants. */
export function bucketTable(variants: readonly Weighted[]): BucketTable {
  return variants
    .map(({ name, weight }): BucketRun => [name, hundredthsOf(weight)])
    .filter(([, buckets]) => buckets > 0);
}

/**
 * The table after a change of weights. Buckets move only from variants that lose to variants that gain, as many as those
 * gain: no table moves fewer. Variants that are no longer there lose all, new ones had nothing.
 *
 * Variants lose towards those that gain: the upper end of their buckets to those that come later in the list, the lower
 * end to earlier ones. So taking back the first change of an experiment leads to its table before, and of two variants
 * each has one run of buckets for ever.
 */
export function reweighted(table: BucketTable, variants: readonly Weighted[]): BucketTable {
  const names = variants.map(({ name }) => name);
  // Behind all others, which so take the lower end of them first.
  for (const [name] of table) if (!names.includes(name)) names.push(name);
  const owners = ownersOf(table, names);
  const surplus = new Int32Array(names.length);
  for (const owner of owners) surplus[owner]!++;
  variants.forEach(({ weight }, index) => {
    surplus[index]! -= hundredthsOf(weight);
  });
  const moves = movesOf(surplus);
  // The first gets the lowest, the last the highest.
  for (const move of moves) if (move.to < move.from) take(owners, move, 0, 1);
  for (const move of moves.reverse()) if (move.to > move.from) take(owners, move, BUCKETS - 1, -1);
  return runsOf(owners, names);
}

/** A table that was kept, from its JSON. Throws INVALID_ARGUMENT unless it gives each of the variants its weight. */
export function readBucketTable(value: unknown, variants: readonly Weighted[], where = 'table'): BucketTable {
  const left = new Map(variants.map(({ name, weight }) => [name, hundredthsOf(weight)]));
  const runs = Array.isArray(value) ? value : [];
  const table = runs.map((run: unknown, index): BucketRun => {
    const [name, buckets] = Array.isArray(run) && run.length === 2 ? run : [];
    const had = left.get(name);
    if (had === undefined || !Number.isInteger(buckets) || buckets < 1 || buckets > had) {
      throw experimentFault('table-form', `${where}[${index}]`);
    }
    left.set(name, had - buckets);
    return [name, buckets];
  });
  for (const [name, buckets] of left) {
    if (buckets > 0) throw experimentFault('table-form', where, { got: `${buckets} too few of ${name}` });
  }
  return table;
}

/** Index in `names` of the variant that each bucket belongs to. */
export function ownersOf(table: BucketTable, names: readonly string[]): Uint16Array {
  const owners = new Uint16Array(BUCKETS);
  let at = 0;
  for (const [name, buckets] of table) {
    owners.fill(names.indexOf(name), at, at + buckets);
    at += buckets;
  }
  return owners;
}

/** Who gives how many to whom: both in their order, the first to the first for as long as there is something to give. */
function movesOf(surplus: Int32Array): Move[] {
  const moves: Move[] = [];
  for (let from = 0, to = 0; ; ) {
    while (from < surplus.length && surplus[from]! <= 0) from++;
    while (to < surplus.length && surplus[to]! >= 0) to++;
    if (from === surplus.length || to === surplus.length) return moves;
    const buckets = Math.min(surplus[from]!, -surplus[to]!);
    moves.push({ from, to, buckets });
    surplus[from]! -= buckets;
    surplus[to]! += buckets;
  }
}

function take(owners: Uint16Array, { from, to, buckets }: Move, start: number, step: number): void {
  for (let at = start; buckets > 0; at += step) {
    if (owners[at] !== from) continue;
    owners[at] = to;
    buckets--;
  }
}

function runsOf(owners: Uint16Array, names: readonly string[]): BucketTable {
  const runs: [string, number][] = [];
  let last = -1;
  for (const owner of owners) {
    if (owner === last) runs[runs.length - 1]![1]++;
    else runs.push([names[owner]!, 1]);
    last = owner;
  }
  return runs;
}
