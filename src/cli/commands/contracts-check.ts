import { COMPATIBILITY_LEVELS, DEFAULT_COMPATIBILITY_LEVEL } from '../../contracts/compatibility-level.js';
import { ModwireError } from '../../errors.js';
import type { Arguments } from '../arguments.js';
import type { TableCommand } from '../command.js';
import type { CheckOutcome } from '../contracts/check-outcome.js';
import * as options from '../contracts/options.js';
import { formatOf, printCheck } from '../contracts/print-check.js';
import { BROKER_OPTIONS } from '../http/broker-connection.js';
import type { Terminal } from '../terminal.js';

const USAGE = 'contracts check OLD NEW | PATH [--against REV] | --contract NAME FILE';

/** `modwire contracts check`: whether a change of schemas keeps a compatibility level. */
export const contractsCheck: TableCommand = {
  usage: USAGE,
  details: [
    'OLD NEW: two schema files, .fbs or .bfbs.',
    'PATH: all schemas of a folder that declare a root_type, or one schema, as they are on disk, against those of a ' +
      'git revision. A schema that is gone breaks its readers and writers; one that moved is found by its root.',
    '--contract NAME FILE: a schema file against the versions that a broker has registered, without registering it.',
    'The exit code is 0 when the level is kept, 32 (INCOMPATIBLE_SCHEMA) when it is not, and 2 when the arguments or a ' +
      'schema are not valid.',
  ],
  options: [
    options.levelOption(
      `What has to be kept: ${COMPATIBILITY_LEVELS.join(', ')}. (default that of the contract, else ${DEFAULT_COMPATIBILITY_LEVEL})`,
    ),
    { name: 'against', value: 'REV', about: 'Commit, branch or tag to compare with. (default HEAD)' },
    { name: 'contract', value: 'NAME', about: 'Ask a broker about its contract of this name.' },
    options.ROOT_OPTION,
    options.INCLUDE_OPTION,
    options.REFERENCE_OPTION,
    ...options.FORMAT_OPTIONS,
    ...BROKER_OPTIONS,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<void> {
  const format = formatOf(args);
  const outcome = await check(args, terminal);
  if (outcome === undefined) return;
  const { includeDirs } = options.schemaFileOptions(args, terminal.cwd);
  await printCheck(outcome, format, terminal, includeDirs);
}

/** Undefined when only the settings were asked for. */
async function check(args: Arguments, terminal: Terminal): Promise<CheckOutcome | undefined> {
  const contract = args.text('contract');
  if (contract !== undefined) {
    args.expectPositionals(1, 1, USAGE);
    refuse(args, ['against'], 'a PATH');
    // Loaded only when it is needed: help and mistakes are answered faster without.
    const { checkContract } = await import('../contracts/check-contract.js');
    return checkContract(contract, args.positionals[0]!, args, terminal);
  }
  args.expectPositionals(1, 2, USAGE);
  refuse(args, [options.REFERENCE_OPTION.name, ...BROKER_OPTIONS.map(({ name }) => name)], '--contract NAME');
  const level = args.choice('level', COMPATIBILITY_LEVELS) ?? DEFAULT_COMPATIBILITY_LEVEL;
  const files = options.schemaFileOptions(args, terminal.cwd);
  const [path, file] = args.positionals as [string, string?];
  if (file !== undefined) {
    refuse(args, ['against'], 'a PATH');
    const { checkFiles } = await import('../contracts/check-files.js');
    return checkFiles(path, file, level, files);
  }
  refuse(args, ['root'], 'OLD NEW or --contract NAME');
  const { checkPath } = await import('../contracts/check-path.js');
  return checkPath({ ...files, path, level, revision: args.text('against') ?? 'HEAD' });
}

/** Throws INVALID_ARGUMENT for flags that mean nothing to this way to check. */
function refuse(args: Arguments, flags: readonly string[], place: string): void {
  const flag = flags.find((name) => args.has(name));
  if (flag === undefined) return;
  throw new ModwireError('INVALID_ARGUMENT', { what: `--${flag} only goes with ${place}` });
}
