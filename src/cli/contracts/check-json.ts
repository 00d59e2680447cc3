import type { Finding } from '../../contracts/finding.js';
import { toJsonLine } from '../output/printable.js';
import { type CheckedItem, type CheckOutcome, isCompatible, verdicts } from './check-outcome.js';

/** What a check found out, as one JSON document; docs/cli.md has its shape. */
export function checkJson(outcome: CheckOutcome): string {
  const { level, items, facts } = outcome;
  return toJsonLine({
    level,
    compatible: isCompatible(outcome),
    ...verdicts(outcome),
    findings: items.flatMap((item) => placed(item, item.report.findings)),
    violations: items.flatMap((item) => placed(item, item.violations)),
    ...facts,
  });
}

/** What became of each file. */
export function filesJson(items: readonly CheckedItem[]): object[] {
  return items.map(({ file, previousFile, state, root, note, error }) => ({
    ...{ file, previousFile, state, root, note },
    ...(error !== undefined && { error: error.toJSON() }),
  }));
}

/** Findings with what they are about, where there may be several of it. */
function placed({ file, version }: CheckedItem, findings: readonly Finding[]): object[] {
  return findings.map((finding) => ({ ...finding, file, version }));
}
