import { COMPATIBILITY_LEVELS } from '../../contracts/compatibility-level.js';
import { ModwireError } from '../../errors.js';
import type { Arguments } from '../arguments.js';
import type { TableCommand } from '../command.js';
import { contractOutcome } from '../contracts/check-contract.js';
import { checkText } from '../contracts/check-text.js';
import { consumersText } from '../contracts/consumers-text.js';
import type { RefusalAnswer, RegisterAnswer } from '../contracts/contracts-api.js';
import {
  INCLUDE_OPTION,
  JSON_OPTION,
  levelOption,
  REFERENCE_OPTION,
  ROOT_OPTION,
} from '../contracts/options.js';
import { versionName } from '../contracts/version-name.js';
import { BROKER_OPTIONS, openContracts } from '../http/broker-connection.js';
import { printable, toJsonLine } from '../output/printable.js';
import type { Style } from '../output/style.js';
import type { Terminal } from '../terminal.js';

const USAGE = 'contracts register NAME FILE [OPTION]...';

/** `modwire contracts register`: makes a schema file a version of a contract. */
export const contractsRegister: TableCommand = {
  usage: USAGE,
  details: [
    'FILE is a .fbs or .bfbs. The contract NAME is created with its first version. A schema that the contract has ' +
      'already is that version again, and nothing changes. It tells who is connected now and cannot read the version.',
    'The exit code is 32 (INCOMPATIBLE_SCHEMA) when the level of the contract refuses the schema.',
  ],
  options: [
    levelOption(
      `Compatibility level of a contract that is new: ${COMPATIBILITY_LEVELS.join(', ')}. (default BACKWARD)`,
    ),
    ROOT_OPTION,
    INCLUDE_OPTION,
    REFERENCE_OPTION,
    JSON_OPTION,
    ...BROKER_OPTIONS,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openContracts(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(2, 2, USAGE);
  const [contract, file] = args.positionals as [string, string];
  // Loaded only when it is needed: help and mistakes are answered faster without.
  const { readOffer } = await import('../contracts/schema-offer.js');
  const answer = await api.register(contract, await readOffer(contract, file, args, terminal.cwd));
  const { stdout } = terminal;
  const { style } = stdout;
  if (args.has('json')) await stdout.line(toJsonLine(answer));
  else {
    const lines = 'version' in answer ? registered(answer, style) : refused(answer, file, style);
    for (const line of lines) await stdout.line(line);
  }
  if ('code' in answer) throw new ModwireError(answer.code, answer.message);
}

function registered({ version, isNew, unreadableBy }: RegisterAnswer, style: Style): string[] {
  const { schemaId, root } = version;
  const what = isNew ? style.green('registered') : 'registered already';
  const name = style.bold(printable(versionName(version)));
  return [
    `${what} ${name} ${style.dim(printable(schemaId))} ${printable(root)}`,
    ...consumersText(unreadableBy, style),
  ];
}

function refused({ check, unreadableBy }: RefusalAnswer, file: string, style: Style): string[] {
  return checkText(contractOutcome({ ...check, unreadableBy }, file), style);
}
