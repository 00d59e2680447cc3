import { ERRORS } from '../errors.js';
import { VERSION } from '../version.js';
import { COMMON_OPTIONS, type OptionSpec } from './arguments.js';
import type { CommandGroup, Heading, TableCommand } from './command.js';
import type { Output } from './output/output.js';

const INDENT = '  ';
/** A space that lines are not broken at. */
const TIED = '\u00a0';
/** Longer flags get a line of their own. */
const MAX_NAME_COLUMNS = 28;

/** `modwire --help`. */
export function mainHelp(commands: readonly Heading[], output: Output): string {
  const { bold } = output.style;
  const exitCodes = Object.entries(ERRORS)
    .sort(([, one], [, other]) => one.exitCode - other.exitCode)
    .map(([code, row]) => `${row.exitCode}${TIED}${code}`);
  return [
    `modwire ${VERSION}: typed, verified messages between machine-learning services.`,
    '',
    `${bold('Usage:')} modwire COMMAND [OPTION]...`,
    '',
    bold('Commands:'),
    ...table(
      commands.map(({ name, summary }) => [name, summary]),
      output,
    ),
    '',
    bold('Options:'),
    ...table(
      [
        ['-h, --help', 'Show this help, or that of a command: modwire COMMAND --help.'],
        ['-v, --version', 'Show the version.'],
      ],
      output,
    ),
    '',
    bold('Exit codes:'),
    ...wrap(`0${TIED}done, ${exitCodes.join(', ')}.`, output.columns - INDENT.length).map(
      (line) => INDENT + line,
    ),
  ].join('\n');
}

/** `modwire GROUP --help`. */
export function groupHelp({ name, summary, details, commands }: CommandGroup, output: Output): string {
  const { bold } = output.style;
  return [
    summary,
    '',
    `${bold('Usage:')} modwire ${name} COMMAND [OPTION]...`,
    ...details.flatMap((paragraph) => ['', ...wrap(paragraph, output.columns)]),
    '',
    bold('Commands:'),
    ...table(
      commands.map((command) => [command.name, command.summary]),
      output,
    ),
    '',
    bold('Options:'),
    ...table(
      [['-h, --help', `Show this help, or that of a command: modwire ${name} COMMAND --help.`]],
      output,
    ),
  ].join('\n');
}

/** `modwire COMMAND --help`. */
export function commandHelp(summary: string, command: TableCommand, output: Output): string {
  const { bold } = output.style;
  const groups = new Map<string, OptionSpec[]>();
  for (const option of [...command.options, ...COMMON_OPTIONS]) {
    const group = option.group ?? 'Options';
    groups.set(group, [...(groups.get(group) ?? []), option]);
  }
  const lines = [summary, '', `${bold('Usage:')} modwire ${command.usage}`];
  for (const paragraph of command.details) lines.push('', ...wrap(paragraph, output.columns));
  for (const [group, options] of groups) {
    lines.push(
      '',
      bold(`${group}:`),
      ...table(
        options.map((option) => [nameOf(option), option.about]),
        output,
      ),
    );
  }
  return lines.join('\n');
}

function nameOf({ name, short, value }: OptionSpec): string {
  return `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
}

/** Two columns, the second one wrapped. */
function table(rows: readonly (readonly [name: string, about: string])[], output: Output): string[] {
  const fitting = rows.map(([name]) => name.length).filter((length) => length <= MAX_NAME_COLUMNS);
  const nameColumns = Math.max(...fitting);
  const margin = INDENT.length + nameColumns + INDENT.length;
  return rows.flatMap(([name, about]) => {
    const lines = wrap(about, Math.max(30, output.columns - margin)).map((line) => ' '.repeat(margin) + line);
    const head = `${INDENT}${output.style.cyan(name)}`;
    if (name.length > nameColumns) return [head, ...lines];
    return [
      head + ' '.repeat(nameColumns - name.length) + lines[0]!.slice(INDENT.length + nameColumns),
      ...lines.slice(1),
    ];
  });
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((one) => one.replaceAll(TIED, ' '));
}
