import type { CompatibilityReport } from '../../contracts/compatibility.js';
import type { Finding } from '../../contracts/finding.js';
import { worst } from '../../contracts/findings.js';
import { printable } from '../output/printable.js';
import type { Style } from '../output/style.js';

/** How a finding counts: `refused` by the level, or as bad as its worst verdict. `source`: only code notices. */
export type Weight = 'refused' | 'breaking' | 'warning' | 'source' | 'ok';

const MARGIN = '  ';
const COLUMNS = 'breaking'.length;

export function weightOf(finding: Finding, violations: readonly Finding[]): Weight {
  if (violations.includes(finding)) return 'refused';
  const verdict = worst([finding.backward, finding.forward]);
  return verdict === 'ok' && finding.source !== 'ok' ? 'source' : verdict;
}

/** What a finding means for readers: `backward breaking, forward ok`. */
export function verdictText({ backward, forward, source }: Finding): string {
  const code = source === 'ok' ? '' : `, source ${source}`;
  return `backward ${backward}, forward ${forward}${code}`;
}

/** Findings as lines for people, those that count most first. */
export function findingLines(
  { findings }: CompatibilityReport,
  violations: readonly Finding[],
  style: Style,
): string[] {
  const paints: Readonly<Record<Weight, (text: string) => string>> = {
    refused: style.red,
    breaking: style.yellow,
    warning: style.yellow,
    source: style.dim,
    ok: style.green,
  };
  const order = Object.keys(paints);
  const weighed = findings.map((finding) => ({ finding, weight: weightOf(finding, violations) }));
  weighed.sort((a, b) => order.indexOf(a.weight) - order.indexOf(b.weight));
  const hanging = MARGIN + ' '.repeat(COLUMNS) + MARGIN;
  return weighed.flatMap(({ finding, weight }) => {
    const { rule, path, message, advice } = finding;
    const lines = [
      `${MARGIN}${paints[weight](weight.padEnd(COLUMNS))}${MARGIN}${style.bold(printable(path))}: ${printable(message)}`,
      `${hanging}${style.cyan(rule)}: ${verdictText(finding)}`,
    ];
    if (advice !== '') lines.push(hanging + style.dim(printable(advice)));
    return lines;
  });
}
