import { writeFileSync } from 'node:fs';
import { type BenchCase, type Metric, OURS } from './bench-case.js';
import type { Machine } from './machine.js';
import type { CaseOutcome, Ratio, Result } from './runner.js';
import type { Summary } from './statistics.js';

/** The results of a case as a table for people, one for each metric. */
export function formatCase(bench: BenchCase, outcome: CaseOutcome): string {
  const lines = [`${bench.name}: ${bench.about}`];
  for (const metric of bench.metrics) {
    const results = outcome.results.filter((result) => result.metric === metric.name);
    if (results.length > 0) lines.push('', ...formatMetric(bench, metric, results, outcome.ratios));
  }
  for (const { system, error } of outcome.failures)
    lines.push('', `  ${system} FAILED: ${error.message.split('\n')[0]}`);
  return `${lines.join('\n')}\n`;
}

function formatMetric(
  bench: BenchCase,
  metric: Metric,
  results: readonly Result[],
  ratios: readonly Ratio[],
): string[] {
  const rows = [['system', `${metric.name} (${metric.unit})`, 'min … max', `${OURS} is better by`, 'aim']];
  for (const result of results) {
    const ratio = ratios.find((each) => each.to === result.system && each.metric === metric.name);
    const row = [result.system, formatNumber(result.median), formatRange(result), '', ''];
    if (ratio !== undefined) {
      row[3] = `${formatNumber(ratio.median)} × (${formatRange(ratio)})`;
      row[4] = aimOf(bench, metric, result.system, ratio);
    }
    if (result.system === OURS) row[4] = ceilingOf(bench, metric, result);
    rows.push(row);
  }
  return alignColumns(rows);
}

function aimOf(bench: BenchCase, metric: Metric, system: string, ratio: Ratio): string {
  if (system === bench.limit) return `the limit: ${formatNumber(ratio.median * 100)} % of it reached`;
  const target = metric === bench.metrics[0] ? bench.targets?.[system] : undefined;
  return target === undefined
    ? ''
    : `≥ ${formatNumber(target)} × ${ratio.median >= target ? 'met' : 'MISSED'}`;
}

function ceilingOf(bench: BenchCase, metric: Metric, result: Result): string {
  const ceiling = bench.ceilings?.[metric.name];
  if (ceiling === undefined) return '';
  return `≤ ${formatNumber(ceiling)} ${result.median <= ceiling ? 'met' : 'MISSED'}`;
}

function alignColumns(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      // Numbers under one another by their last digit, words by their first letter.
      return column === 1 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!);
    });
    return `  ${cells.join('   ').trimEnd()}`;
  });
}

function formatRange({ min, max }: Summary): string {
  return `${formatNumber(min)} … ${formatNumber(max)}`;
}

/** Three digits, and whole numbers with thousands set apart. */
export function formatNumber(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US').replaceAll(',', ' ');
  return String(Number(value.toPrecision(3)));
}

/** One line about where the figures come from. */
export function formatMachine(machine: Machine): string {
  const gibibytes = (machine.memoryBytes / 2 ** 30).toFixed(1);
  return `${machine.cpu}, ${machine.cores} cores, ${gibibytes} GiB; ${machine.platform}; Node ${machine.node}`;
}

/** What `--json` writes. Throws when the file cannot be written. */
export function writeJson(file: string, machine: Machine, outcomes: readonly CaseOutcome[]): void {
  const report = {
    machine,
    results: outcomes.flatMap((outcome) => outcome.results),
    ratios: outcomes.flatMap((outcome) => outcome.ratios),
  };
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}
