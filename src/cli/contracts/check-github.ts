import { relative, resolve } from 'node:path';
import type { Finding } from '../../contracts/finding.js';
import { printable } from '../output/printable.js';
import type { CheckedItem, CheckOutcome } from './check-outcome.js';
import { findDeclaration, type Place } from './declaration.js';
import { verdictText, type Weight, weightOf } from './finding-text.js';

export interface AnnotationOptions {
  readonly cwd: string;
  readonly includeDirs: readonly string[];
  /** What GitHub takes paths to be relative to: the top folder of the clone. */
  readonly workspace: string;
}

const COMMANDS: Readonly<Record<Weight, string | undefined>> = {
  refused: 'error',
  breaking: 'warning',
  warning: 'warning',
  source: 'notice',
  // Nothing to look at.
  ok: undefined,
};

/** `/schemas/order.fbs:3:12`, where flatc found an error. */
const FLATC_PLACE = /^(.+):(\d+):\d+$/;

/** What a check found out, as annotations of GitHub Actions: workflow commands, one a line. */
export async function checkAnnotations(outcome: CheckOutcome, options: AnnotationOptions): Promise<string[]> {
  const lines: string[] = [];
  for (const item of outcome.items) {
    if (item.error !== undefined) lines.push(errorAnnotation(item, options));
    if (item.note !== undefined)
      lines.push(annotation('warning', placeOf(item), 'schema', item.note, options));
    const sources = item.report.findings.length === 0 ? new Map() : await sourcesOf(item, options);
    for (const finding of item.report.findings) {
      const command = COMMANDS[weightOf(finding, item.violations)];
      if (command === undefined) continue;
      const place = findDeclaration(sources, finding.path) ?? placeOf(item);
      lines.push(annotation(command, place, finding.rule, textOf(finding), options));
    }
  }
  // Schemas that share an included file also share what is found there.
  return [...new Set(lines)];
}

function errorAnnotation(item: CheckedItem, options: AnnotationOptions): string {
  const { code, detail, message } = item.error!;
  const [, file, line] = FLATC_PLACE.exec(detail.where ?? '') ?? [];
  const place = file === undefined ? placeOf(item) : { file, line: Number(line) };
  return annotation('error', place, code, message, options);
}

function textOf(finding: Finding): string {
  const { path, message, advice } = finding;
  return `${path}: ${message} (${verdictText(finding)})${advice === '' ? '' : `; ${advice}`}`;
}

function placeOf({ file = '' }: CheckedItem): Partial<Place> {
  return { file };
}

/** Text of a schema and what it includes; of none when there is no text. */
async function sourcesOf({ file, state }: CheckedItem, options: AnnotationOptions) {
  if (file === undefined || !file.endsWith('.fbs') || state === 'removed') return new Map<string, string>();
  const { readSourceTree } = await import('../../flatc/index.js');
  const { files } = await readSourceTree(resolve(options.cwd, file), options.includeDirs);
  return files;
}

function annotation(
  command: string,
  { file = '', line }: Partial<Place>,
  title: string,
  text: string,
  { cwd, workspace }: AnnotationOptions,
): string {
  const path = relative(workspace, resolve(cwd, file)).replaceAll('\\', '/');
  const properties = [
    ...(file === '' ? [] : [`file=${property(path)}`]),
    ...(line === undefined ? [] : [`line=${line}`]),
    `title=${property(title)}`,
  ];
  return `::${command} ${properties.join(',')}::${data(text)}`;
}

/** As workflow commands escape what stands behind them; nothing else in it acts on a terminal either. */
function data(text: string): string {
  return printable(text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A'));
}

/** As they escape the values of their properties. */
function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
