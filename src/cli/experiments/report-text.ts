import type { MirrorReportJson } from '../../broker/mirrors/mirror-report.js';
import type { DifferenceReportJson, ReportedPath } from '../../mirroring/difference-report.js';
import { printable } from '../output/printable.js';
import type { Style } from '../output/style.js';
import { textTable } from '../output/text-table.js';

const HEADS = ['field', 'differing', 'of', 'how', 'max abs', 'max rel', 'first example'];

/** A report of differences as lines for people: counts, then a table by field. */
export function reportText(report: MirrorReportJson, style: Style): string[] {
  const { experiment, variant, since, mirrored, skipped, uncompared, pending, differences } = report;
  const { requests, differing } = differences;
  return [
    `${style.bold(printable(experiment))} copies to ${printable(variant)} since ${printable(since)}`,
    `  ${requests} compared, ${differing} with differences; ${mirrored} copied, ${pending} pending`,
    ...countLine('not copied', skipped),
    ...countLine('not compared', uncompared),
    ...differenceLines(differences, style),
  ];
}

/** In what replies differ: a line, then a table by field if any do. */
export function differenceLines(differences: DifferenceReportJson, style: Style): string[] {
  const { leftOut, paths, agreeing, unlisted } = differences;
  const lines = [
    ...countLine('compared in part', leftOut),
    `  ${differText(paths.length)}, ${agreeing} never did${unlisted === 0 ? '' : `, ${unlisted} differences in others`}`,
  ];
  return paths.length === 0 ? lines : [...lines, ...textTable([HEADS, ...paths.map(rowOf)], style)];
}

function differText(paths: number): string {
  return paths === 1 ? '1 field differs' : `${paths} fields differ`;
}

/** Nothing where nothing was counted. */
function countLine(what: string, counts: Readonly<Record<string, number | undefined>>): string[] {
  const texts = Object.entries(counts).map(([why, count]) => `${count} ${printable(why)}`);
  return texts.length === 0 ? [] : [`  ${what}: ${texts.join(', ')}`];
}

function rowOf({
  path,
  compared,
  differing,
  kinds,
  maxAbsolute,
  maxRelative,
  example,
}: ReportedPath): string[] {
  return [
    ...[path, String(differing), String(compared), Object.keys(kinds).join(' ')],
    ...[numberText(maxAbsolute), numberText(maxRelative)],
    `${example.at}: ${example.primary} / ${example.shadow}`,
  ];
}

function numberText(value: number | null): string {
  return value === null ? '-' : String(Number(value.toPrecision(3)));
}
