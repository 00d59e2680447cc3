import type { UnreadableConsumer } from '../../broker/live-consumers.js';
import type { CompatibilityReport } from '../../contracts/compatibility.js';
import type { CompatibilityLevel } from '../../contracts/compatibility-level.js';
import type { Finding } from '../../contracts/finding.js';
import { worst } from '../../contracts/findings.js';
import { ModwireError } from '../../errors.js';

/** What became of a schema. `invalid`: it cannot be read, or does not compile. */
export type ItemState = 'compared' | 'changed' | 'unchanged' | 'added' | 'removed' | 'renamed' | 'invalid';

/** A schema held against an earlier version of it. */
export interface CheckedItem {
  /** What was held against what, for people. */
  readonly title: string;
  readonly state: ItemState;
  /** The file of the new version; of a removed one, of the old. */
  readonly file?: string;
  /** Where a renamed one was. */
  readonly previousFile?: string;
  /** Number of the earlier version. */
  readonly version?: number;
  /** Full name of the root table. */
  readonly root?: string;
  /** Something else to know. */
  readonly note?: string;
  readonly report: CompatibilityReport;
  /** What the level forbids. */
  readonly violations: readonly Finding[];
  /** Of what is invalid. */
  readonly error?: ModwireError;
}

/** What a check found out. */
export interface CheckOutcome {
  readonly level: CompatibilityLevel;
  readonly items: readonly CheckedItem[];
  /** What the items were held against, for people. */
  readonly against: string;
  /** Who is connected to the broker and cannot read the new version. */
  readonly unreadableBy?: readonly UnreadableConsumer[];
  /** More members of the JSON document. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Of an item that was held against nothing, or is the same. */
export const NO_FINDINGS: Pick<CheckedItem, 'report' | 'violations'> = {
  report: { findings: [], backward: 'ok', forward: 'ok' },
  violations: [],
};

/** Findings that are named in an error. */
const MAX_NAMED = 3;

/** A report of a single finding. */
export function reportOf(finding: Finding): CompatibilityReport {
  return { findings: [finding], backward: finding.backward, forward: finding.forward };
}

/** The worst of all items. */
export function verdicts({ items }: CheckOutcome): Pick<CompatibilityReport, 'backward' | 'forward'> {
  return {
    backward: worst(items.map(({ report }) => report.backward)),
    forward: worst(items.map(({ report }) => report.forward)),
  };
}

export function isCompatible({ items }: CheckOutcome): boolean {
  return items.every((item) => item.error === undefined && item.violations.length === 0);
}

/** The error that decides the exit code; undefined when all is well. What cannot be read comes first. */
export function errorOf(outcome: CheckOutcome): ModwireError | undefined {
  const { items, level } = outcome;
  const invalid = items.flatMap(({ error }) => error ?? []);
  if (invalid.length === 1) return invalid[0]!;
  if (invalid.length > 1) {
    const what = `${invalid.length} schemas cannot be checked`;
    const files = items.flatMap(({ error, title }) => (error === undefined ? [] : [title]));
    return new ModwireError('INVALID_ARGUMENT', { what, got: shortList(files) });
  }
  const broken = items.flatMap((item) => item.violations);
  if (broken.length === 0) return undefined;
  return new ModwireError('INCOMPATIBLE_SCHEMA', {
    what: `the change is not compatible with ${outcome.against}`,
    expected: level,
    got: shortList(broken.map(({ rule, path }) => `${rule} at ${path}`)),
  });
}

function shortList(texts: readonly string[]): string {
  const more = texts.length - MAX_NAMED;
  return texts.slice(0, MAX_NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
