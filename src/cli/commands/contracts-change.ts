import { COMPATIBILITY_LEVELS } from '../../contracts/compatibility-level.js';
import type { ContractVersion } from '../../registry/contract-records.js';
import { checkContractName, checkLevel } from '../../registry/request-checks.js';
import type { Arguments } from '../arguments.js';
import type { TableCommand } from '../command.js';
import type { ContractsApi } from '../contracts/contracts-api.js';
import { JSON_OPTION } from '../contracts/options.js';
import { readVersionName, versionName } from '../contracts/version-name.js';
import { BROKER_OPTIONS, openContracts } from '../http/broker-connection.js';
import { printable, toJsonLine } from '../output/printable.js';
import type { Terminal } from '../terminal.js';

const OPTIONS = [JSON_OPTION, ...BROKER_OPTIONS];
const LEVEL_USAGE = 'contracts level NAME LEVEL [OPTION]...';
const DELETE_USAGE = 'contracts delete NAME@N [OPTION]...';
const RESTORE_USAGE = 'contracts restore NAME@N [OPTION]...';

/** `modwire contracts level`: sets the compatibility level of a contract. */
export const contractsLevel: TableCommand = {
  usage: LEVEL_USAGE,
  details: [
    `LEVEL is one of ${COMPATIBILITY_LEVELS.join(', ')}. It counts for versions that come; those there stay.`,
  ],
  options: OPTIONS,
  run: setLevel,
};

/** `modwire contracts delete`: has frames of a version refused. */
export const contractsDelete: TableCommand = {
  usage: DELETE_USAGE,
  details: ['Its number and schema are kept, and modwire contracts restore takes it back.'],
  options: OPTIONS,
  run: (args, terminal) => change(args, terminal, DELETE_USAGE, 'deleted', (api, name) => api.delete(name)),
};

/** `modwire contracts restore`: takes that back. */
export const contractsRestore: TableCommand = {
  usage: RESTORE_USAGE,
  details: [],
  options: OPTIONS,
  run: (args, terminal) =>
    change(args, terminal, RESTORE_USAGE, 'restored', (api, name) => api.restore(name)),
};

async function setLevel(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openContracts(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(2, 2, LEVEL_USAGE);
  const [name, level] = args.positionals as [string, string];
  checkContractName(name);
  checkLevel(level);
  const contract = await api.setLevel(name, level);
  const { stdout } = terminal;
  if (args.has('json')) return stdout.line(toJsonLine(contract));
  await stdout.line(`${printable(contract.name)} is ${stdout.style.bold(printable(contract.level))}`);
}

async function change(
  args: Arguments,
  terminal: Terminal,
  usage: string,
  done: string,
  act: (api: ContractsApi, name: { contract: string; version: number }) => Promise<ContractVersion>,
): Promise<void> {
  const api = await openContracts(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(1, 1, usage);
  const version = await act(api, readVersionName(args.positionals[0]!));
  const { stdout } = terminal;
  if (args.has('json')) return stdout.line(toJsonLine(version));
  await stdout.line(
    `${done} ${stdout.style.bold(printable(versionName(version)))} ${printable(version.schemaId)}`,
  );
}
