import { ModwireError, toModwireError } from '../errors.js';
import { VERSION } from '../version.js';
import { parseArguments } from './arguments.js';
import type { CommandEntry, CommandGroup, Heading } from './command.js';
import { COMMAND_TABLE } from './commands/command-table.js';
import { commandHelp, groupHelp, mainHelp } from './help.js';
import type { Output } from './output/output.js';
import { printable } from './output/printable.js';
import { didYouMean } from './suggest.js';
import type { Terminal } from './terminal.js';

/** Runs the command line and returns the exit code. Errors are one line on standard error. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const exitCode = await dispatch(args, terminal);
    await terminal.stdout.finish();
    return exitCode;
  } catch (thrown) {
    const error = toModwireError(thrown);
    const { stderr } = terminal;
    await stderr.line(`${stderr.style.red('modwire:')} ${error.code}: ${printable(error.message)}`);
    return error.row.exitCode;
  }
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<number> {
  const [first, ...rest] = args;
  switch (first) {
    case undefined:
      throw new ModwireError('INVALID_ARGUMENT', { what: 'no command', advice: 'see modwire --help' });
    case '-h':
    case '--help':
      return help([], terminal);
    case 'help':
      return help(rest, terminal);
    case '-v':
    case '--version':
      await terminal.stdout.line(VERSION);
      return 0;
  }
  const command = find(first, COMMAND_TABLE, ['--help', '--version']);
  if ('delegate' in command) return command.delegate(rest);
  if ('commands' in command) return runGroup(command, rest, terminal);
  return runEntry(command, command.name, rest, terminal);
}

async function runGroup(
  group: CommandGroup,
  [first, ...rest]: readonly string[],
  terminal: Terminal,
): Promise<number> {
  switch (first) {
    case undefined:
      await help([group.name], terminal);
      throw new ModwireError('INVALID_ARGUMENT', {
        what: `modwire ${group.name} needs a command`,
        expected: `one of ${group.commands.map(({ name }) => name).join(', ')}`,
      });
    case '-h':
    case '--help':
      return help([group.name], terminal);
    case 'help':
      return help([group.name, ...rest], terminal);
  }
  const command = find(first, group.commands, ['--help'], group.name);
  return runEntry(command, `${group.name} ${command.name}`, rest, terminal);
}

async function runEntry(
  entry: CommandEntry,
  name: string,
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  // Help is given whatever else is wrong.
  if (asksForHelp(args)) return help(name.split(' '), terminal);
  const command = await entry.load();
  await command.run(parseArguments(name, command.options, args), terminal);
  return 0;
}

/** Help of the command that these words lead to. */
async function help([first, second]: readonly (string | undefined)[], { stdout }: Terminal): Promise<number> {
  let text = mainHelp(COMMAND_TABLE, stdout);
  if (first !== undefined) {
    const command = find(first, COMMAND_TABLE, ['--help', '--version']);
    if ('delegate' in command) return command.delegate(['--help']);
    if (!('commands' in command)) text = await entryHelp(command, stdout);
    else if (second === undefined) text = groupHelp(command, stdout);
    else text = await entryHelp(find(second, command.commands, ['--help'], command.name), stdout);
  }
  await stdout.line(text);
  return 0;
}

async function entryHelp(entry: CommandEntry, output: Output): Promise<string> {
  return commandHelp(entry.summary, await entry.load(), output);
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? args.length : end).some((arg) => arg === '--help' || arg === '-h');
}

/** `group` is what these commands stand under. */
function find<Kind extends Heading>(
  name: string,
  commands: readonly Kind[],
  flags: readonly string[],
  group?: string,
): Kind {
  const command = commands.find((one) => one.name === name);
  if (command !== undefined) return command;
  const isFlag = name.startsWith('-');
  const program = group === undefined ? 'modwire' : `modwire ${group}`;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: `${group === undefined ? '' : `${program} has `}no ${isFlag ? 'flag' : 'command'} ${JSON.stringify(name)}`,
    ...(didYouMean(name, isFlag ? flags : commands.map((one) => one.name)) ?? {
      advice: `see ${program} --help`,
    }),
  });
}
