import { compareEnums } from './compare-enums.js';
import { compareTables } from './compare-fields.js';
import { compareStructs } from './compare-structs.js';
import { Comparison, type TypePair } from './comparison.js';
import type { CompatibilityLevel } from './compatibility-level.js';
import type { Finding, Verdict } from './finding.js';
import { type CompatibilityPolicy, Findings, worst } from './findings.js';
import { identifierOf, type Schema } from './schema-model.js';

/** What changed between two versions of a schema, and what that means. Plain data. */
export interface CompatibilityReport {
  readonly findings: readonly Finding[];
  /** New readers, old data: the worst of all findings. */
  readonly backward: Verdict;
  /** Old readers, new data. */
  readonly forward: Verdict;
}

/** A schema, with the table that is its root: an index in its objects. */
export interface RootedSchema {
  readonly schema: Schema;
  readonly root: number;
}

/**
 * Holds a new version of a schema against an old one, from their roots on: fields are matched by id, members of unions
 * by tag, values of enums by name and number, structs by layout, types by what refers to them. Throws
 * RESOURCE_EXHAUSTED when the two have hardly anything in common.
 */
export function compareSchemas(
  before: RootedSchema,
  after: RootedSchema,
  policy: CompatibilityPolicy = {},
): CompatibilityReport {
  const findings = new Findings(policy);
  compareRoots(before, after, new Comparison(before.schema, after.schema, findings));
  const { list } = findings;
  return {
    findings: list,
    backward: worst(list.map(({ backward }) => backward)),
    forward: worst(list.map(({ forward }) => forward)),
  };
}

/** The findings that a level forbids: those that break a direction of reading that it promises. */
export function violations(report: CompatibilityReport, level: CompatibilityLevel): Finding[] {
  const backward = level.startsWith('BACKWARD') || level.startsWith('FULL');
  const forward = level.startsWith('FORWARD') || level.startsWith('FULL');
  return report.findings.filter(
    (finding) => (backward && finding.backward === 'breaking') || (forward && finding.forward === 'breaking'),
  );
}

/** Which of the earlier versions, in their order, a new one is held against. */
export function versionsToCompare<Version>(
  level: CompatibilityLevel,
  versions: readonly Version[],
): readonly Version[] {
  if (level === 'NONE') return [];
  return level.endsWith('_TRANSITIVE') ? versions : versions.slice(-1);
}

function compareRoots(before: RootedSchema, after: RootedSchema, comparison: Comparison): void {
  const { findings } = comparison;
  const oldName = before.schema.objects[before.root]!.name;
  const newName = after.schema.objects[after.root]!.name;
  if (oldName !== newName) findings.add('root-changed', newName, `the root was ${oldName}`);
  const oldIdentifier = JSON.stringify(identifierOf(before.schema, before.root));
  const newIdentifier = JSON.stringify(identifierOf(after.schema, after.root));
  if (oldIdentifier !== newIdentifier) {
    findings.add(
      'file-identifier-changed',
      newName,
      `the file identifier was ${oldIdentifier} and is ${newIdentifier}`,
    );
  }
  comparison.meet('objects', before.root, after.root);
  const isRoot = (pair: TypePair): boolean => pair.before === before.root && pair.after === after.root;
  for (let next = comparison.next(); next !== undefined; next = comparison.next()) {
    if (next.kind === 'objects') compareObjects(next.pair, isRoot(next.pair), comparison);
    else
      compareEnums(before.schema.enums[next.pair.before]!, after.schema.enums[next.pair.after]!, comparison);
  }
}

/** Both are tables, or both are structs. */
function compareObjects(pair: TypePair, isRoot: boolean, comparison: Comparison): void {
  const before = comparison.before.objects[pair.before]!;
  const after = comparison.after.objects[pair.after]!;
  if (!isRoot) comparison.rename(before.name, after.name);
  if (after.isStruct) compareStructs(before, after, comparison);
  else compareTables(before, after, comparison);
}
