import { type VersionRange, VersionRanges } from '../../routing/version-range.js';

/** Which workers may have a call. A call without any may go to whoever serves its subject. */
export interface Eligibility {
  /** The same text wherever the same workers are eligible. */
  readonly lane: string;
  /** Only workers with a version in it; those that have none are in no range. */
  readonly range: VersionRange | undefined;
  /** Only workers of the group of this name; empty for the one that has none. */
  readonly group: string | undefined;
}

/** What is to be known of a worker. */
export interface EligibleWorker {
  /** SemVer; empty when it has none. */
  readonly version: string;
  readonly group: { readonly name: string };
}

/** No version is in it. */
const NOTHING = '<0.0.0-0';

const ranges = new VersionRanges();
/** By their text: whoever asks for the same has the same object, for as long as the range is remembered. */
const ofRanges = new WeakMap<VersionRange, Map<string | undefined, Eligibility>>();
const combinations = new WeakMap<Eligibility, WeakMap<Eligibility, Eligibility>>();
const ofGroups = new Map<string, Eligibility>();

/** Names of groups for which an object is kept; at the bound all are forgotten. */
const MAX_GROUPS = 1_024;

/** Workers with a version in a range as npm writes them; of a group only, when one is named. Throws INVALID_ARGUMENT. */
export function inRange(text: string, group?: string): Eligibility {
  const range = ranges.of(text);
  const same = ofRanges.get(range) ?? new Map<string | undefined, Eligibility>();
  let eligibility = same.get(group);
  if (eligibility !== undefined) return eligibility;
  eligibility = eligibilityOf(range, group);
  if (same.size >= MAX_GROUPS) same.clear();
  ofRanges.set(range, same.set(group, eligibility));
  return eligibility;
}

/** Workers of a group, whatever their versions. */
export function inGroup(group: string): Eligibility {
  let eligibility = ofGroups.get(group);
  if (eligibility !== undefined) return eligibility;
  eligibility = eligibilityOf(undefined, group);
  if (ofGroups.size >= MAX_GROUPS) ofGroups.clear();
  ofGroups.set(group, eligibility);
  return eligibility;
}

/** Those that are eligible by both, such as what a caller asks for and what its variant is. */
export function both(a: Eligibility, b: Eligibility): Eligibility {
  if (a === b) return a;
  const combined = combinations.get(a) ?? new WeakMap<Eligibility, Eligibility>();
  const known = combined.get(b);
  if (known !== undefined) return known;
  const eligibility = combine(a, b);
  combinations.set(a, combined.set(b, eligibility));
  return eligibility;
}

export function isEligible({ version, group }: EligibleWorker, eligibility: Eligibility): boolean {
  if (eligibility.group !== undefined && eligibility.group !== group.name) return false;
  return eligibility.range === undefined || eligibility.range.includes(version);
}

function combine(a: Eligibility, b: Eligibility): Eligibility {
  if (a.group !== undefined && b.group !== undefined && a.group !== b.group) {
    return eligibilityOf(ranges.of(NOTHING), a.group);
  }
  const range = a.range === undefined || b.range === undefined ? (a.range ?? b.range) : a.range.and(b.range);
  return eligibilityOf(range, a.group ?? b.group);
}

function eligibilityOf(range: VersionRange | undefined, group: string | undefined): Eligibility {
  return { lane: JSON.stringify([range?.text ?? null, group ?? null]), range, group };
}
