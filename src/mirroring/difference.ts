/**
 * How two replies differ at a place: another value; only the primary's reply has one; only the shadow's has one; values of
 * different types; another number of elements, or another shape.
 */
export type DifferenceKind = 'value' | 'missing' | 'extra' | 'type' | 'length';

/** All that differs at one path of the replies to one request. */
export interface Difference {
  /** Where, with `[]` for any element: `items[].price`. docs/mirroring.md has the other forms. */
  readonly path: string;
  /** How many values differ in each way. */
  readonly kinds: Readonly<Partial<Record<DifferenceKind, number>>>;
  /** Values that were compared at this path, those that differ among them. */
  readonly compared: number;
  /** Values that differ. */
  readonly differing: number;
  /** The largest difference of two numbers that differ, of those that are finite; undefined without such. */
  readonly maxAbsolute: number | undefined;
  /** The same as a share of the larger of the two, 0 to 2. */
  readonly maxRelative: number | undefined;
  readonly first: DifferenceExample;
}

/** Two values that differ, as texts that are never long. */
export interface DifferenceExample {
  readonly kind: DifferenceKind;
  /** The place itself: `items[3].price`; of the third reply of a stream `replies[2]: items[3].price`. */
  readonly at: string;
  readonly primary: string;
  readonly shadow: string;
}

/**
 * Why something was not compared: a bound of the comparison was reached (`elements`, `paths`, `depth`, `json`), or the
 * schema does not know the member of a union (`member`).
 */
export type LeftOut = 'elements' | 'paths' | 'depth' | 'json' | 'member';

/** What comparing the replies to one request found. Plain data: it may be sent to another thread. */
export interface ReplyComparison {
  /** One for each path, in the order in which the paths were met. */
  readonly differences: readonly Difference[];
  /** Every path where something was compared. */
  readonly paths: readonly string[];
  /** Empty when everything was compared. */
  readonly leftOut: readonly LeftOut[];
}
