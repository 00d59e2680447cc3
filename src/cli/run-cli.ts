import { ModwireError, toModwireError } from '../errors.js';
import { VERSION } from '../version.js';
import { parseArguments } from './arguments.js';
import type { Command } from './command.js';
import { COMMANDS } from './commands/commands.js';
import { commandHelp, mainHelp } from './help.js';
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
      return help(undefined, terminal);
    case 'help':
      return help(rest[0], terminal);
    case '-v':
    case '--version':
      await terminal.stdout.line(VERSION);
      return 0;
  }
  const command = find(first);
  if ('delegate' in command) return command.delegate(rest);
  // Help is given whatever else is wrong.
  if (asksForHelp(rest)) return help(first, terminal);
  await command.run(parseArguments(command.name, command.options, rest), terminal);
  return 0;
}

async function help(name: string | undefined, { stdout }: Terminal): Promise<number> {
  const command = name === undefined ? undefined : find(name);
  if (command !== undefined && 'delegate' in command) return command.delegate(['--help']);
  await stdout.line(command === undefined ? mainHelp(COMMANDS, stdout) : commandHelp(command, stdout));
  return 0;
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? args.length : end).some((arg) => arg === '--help' || arg === '-h');
}

function find(name: string): Command {
  const command = COMMANDS.find((one) => one.name === name);
  if (command !== undefined) return command;
  const kind = name.startsWith('-') ? 'flag' : 'command';
  const known = kind === 'flag' ? ['--help', '--version'] : COMMANDS.map((one) => one.name);
  throw new ModwireError('INVALID_ARGUMENT', {
    what: `no ${kind} ${JSON.stringify(name)}`,
    ...(didYouMean(name, known) ?? { advice: 'see modwire --help' }),
  });
}
