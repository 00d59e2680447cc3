import { printable } from '../output/printable.js';
import type { Style } from '../output/style.js';
import { type CheckedItem, type CheckOutcome, type ItemState, isCompatible } from './check-outcome.js';
import { consumersText } from './consumers-text.js';
import { count } from './count.js';
import { findingLines } from './finding-text.js';

/** In the order in which they are counted. */
const COUNTED: readonly ItemState[] = ['changed', 'renamed', 'added', 'removed', 'unchanged', 'invalid'];

/** What a check found out, as lines for people. */
export function checkText(outcome: CheckOutcome, style: Style): string[] {
  const shown = outcome.items.filter(({ state, note }) => state !== 'unchanged' || note !== undefined);
  const consumers = consumersText(outcome.unreadableBy ?? [], style);
  return [
    ...shown.flatMap((item) => itemLines(item, style)),
    ...consumers,
    ...(consumers.length === 0 ? [] : ['']),
    checkSummary(outcome, style),
  ];
}

function itemLines(item: CheckedItem, style: Style): string[] {
  const { title, state, root, note, error, report, violations } = item;
  const what = [state === 'compared' ? '' : state, root ?? ''].filter((text) => text !== '');
  const lines = [`${style.bold(printable(title))}  ${style.dim(what.join(' '))}`.trimEnd()];
  if (note !== undefined) lines.push(`  ${style.yellow('note')}      ${printable(note)}`);
  if (error !== undefined) lines.push(`  ${style.red('invalid')}   ${printable(error.message)}`);
  return [...lines, ...findingLines(report, violations, style), ''];
}

/** `not compatible with HEAD at BACKWARD: 2 changed, 1 added; 3 findings, 1 refused` */
export function checkSummary(outcome: CheckOutcome, style: Style): string {
  const { items, level, against } = outcome;
  const states = COUNTED.flatMap((state) => {
    const number = items.filter((item) => item.state === state).length;
    return number === 0 ? [] : [`${number} ${state}`];
  });
  const findings = items.reduce((sum, { report }) => sum + report.findings.length, 0);
  const refused = items.reduce((sum, { violations }) => sum + violations.length, 0);
  const verdict = isCompatible(outcome) ? style.green('compatible') : style.red('not compatible');
  const found = `${count(findings, 'finding')}${refused === 0 ? '' : `, ${refused} refused`}`;
  const counts = [...(states.length === 0 ? [] : [states.join(', ')]), found];
  return `${verdict} with ${printable(against)} at ${level}: ${counts.join('; ')}`;
}
