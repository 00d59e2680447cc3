import { type CompatibilityReport, versionsToCompare, violations } from '../contracts/compatibility.js';
import type { CompatibilityLevel } from '../contracts/compatibility-level.js';
import type { CompiledSchema } from '../contracts/compile-schema.js';
import { ModwireError } from '../errors.js';
import type { HeavyWork } from '../workers/heavy-work.js';
import type { CheckResult, ContractInfo, ContractVersion } from './contract-records.js';
import { shortList, versionText } from './version-references.js';

/** A schema held against all versions of a contract. */
export interface Comparisons {
  /** Versions whose data it reads, ascending. */
  readonly reads: readonly number[];
  /** Versions that read its data, ascending. */
  readonly readBy: readonly number[];
  readonly reports: ReadonlyMap<number, CompatibilityReport>;
}

/** Refused by its level; says why in full. */
export class IncompatibleSchemaError extends ModwireError {
  readonly check: CheckResult;

  constructor(check: CheckResult) {
    const breaking = check.against.flatMap(({ version, violations }) =>
      violations.map(({ rule, path }) => `${rule} at ${path} against version ${version}`),
    );
    const advice = check.against.flatMap(({ violations }) => violations).find((one) => one.advice !== '');
    super('INCOMPATIBLE_SCHEMA', {
      what: 'the schema is not compatible with its contract',
      expected: `${check.level} with earlier versions of ${check.contract}`,
      got: shortList(breaking),
      ...(advice && { advice: advice.advice }),
    });
    this.check = check;
  }
}

/** Deleted versions too: they may be restored, and what they wrote is still read. */
export async function compareWithAll(
  work: HeavyWork,
  versions: readonly ContractVersion[],
  compiledOf: (id: string) => CompiledSchema,
  candidate: CompiledSchema,
): Promise<Comparisons> {
  const reads: number[] = [];
  const readBy: number[] = [];
  const reports = new Map<number, CompatibilityReport>();
  const after = { schema: candidate.schema, root: candidate.root };
  // One at a time: the pool has others to work for, and takes a bounded number of tasks.
  for (const { version, schemaId } of versions) {
    const { schema, root } = compiledOf(schemaId);
    const report = await work.compare({ schema, root }, after);
    reports.set(version, report);
    if (report.backward !== 'breaking') reads.push(version);
    if (report.forward !== 'breaking') readBy.push(version);
  }
  return { reads, readBy, reports };
}

export function checkResult(
  contract: string,
  level: CompatibilityLevel,
  schemaId: string,
  versions: readonly ContractVersion[],
  { readBy, reports }: Comparisons,
): CheckResult {
  const active = versions.filter(({ deleted }) => !deleted);
  const against = versionsToCompare(level, active).map(({ version }) => {
    const report = reports.get(version)!;
    return { version, report, violations: violations(report, level) };
  });
  const compatible = against.every((one) => one.violations.length === 0);
  return { contract, level, compatible, schemaId, identicalTo: undefined, against, readBy };
}

/** Of a schema that the contract has already. */
export function identicalCheck(level: CompatibilityLevel, version: ContractVersion): CheckResult {
  const { contract, schemaId, readBy } = version;
  return {
    ...{ contract, level, compatible: true, schemaId },
    ...{ identicalTo: version.version, against: [], readBy: [version.version, ...readBy].sort(ascending) },
  };
}

/**
 * Throws INCOMPATIBLE_SCHEMA unless a version can come back among those that were registered while it was deleted: its
 * level asks the same of it as if all had been registered in their order.
 */
export function checkRestored({ level, versions }: ContractInfo, restored: ContractVersion): void {
  if (level === 'NONE') return;
  const active = versions.filter((one) => !one.deleted);
  const earlier = active.filter(({ version }) => version < restored.version);
  const later = active.filter(({ version }) => version > restored.version);
  const isTransitive = level.endsWith('_TRANSITIVE');
  const pairs = [
    ...(isTransitive ? earlier : earlier.slice(-1)).map((before) => ({ before, after: restored })),
    ...(isTransitive ? later : later.slice(0, 1)).map((after) => ({ before: restored, after })),
  ];
  const broken = pairs.find(({ before, after }) => !keeps(level, before, after));
  if (broken === undefined) return;
  throw new ModwireError('INCOMPATIBLE_SCHEMA', {
    what: `${versionText(restored)} cannot be restored`,
    expected: `${level} between versions ${broken.before.version} and ${broken.after.version}`,
    got: 'a breaking change',
    advice: 'to restore it all the same, set the level to NONE meanwhile',
  });
}

function keeps(level: CompatibilityLevel, before: ContractVersion, after: ContractVersion): boolean {
  const backward = after.reads.includes(before.version);
  const forward = after.readBy.includes(before.version);
  if (level.startsWith('FULL')) return backward && forward;
  return level.startsWith('BACKWARD') ? backward : forward;
}

function ascending(a: number, b: number): number {
  return a - b;
}
