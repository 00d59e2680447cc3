import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ModwireError } from '../../errors.js';
import type { ContractInfo, ContractVersion, VersionReference } from '../../registry/contract-records.js';
import { checkContractName } from '../../registry/request-checks.js';
import type { Arguments } from '../arguments.js';
import type { TableCommand } from '../command.js';
import { bindingText } from '../contracts/binding-text.js';
import type { ContractsApi } from '../contracts/contracts-api.js';
import { JSON_OPTION } from '../contracts/options.js';
import { readVersionName, versionName } from '../contracts/version-name.js';
import { BROKER_OPTIONS, openContracts } from '../http/broker-connection.js';
import { printable, toJsonLine } from '../output/printable.js';
import type { Style } from '../output/style.js';
import { textTable } from '../output/text-table.js';
import type { Terminal } from '../terminal.js';

const USAGE = 'contracts show NAME[@N] [OPTION]...';

/** `modwire contracts show`: one contract, or the schema of one version. */
export const contractsShow: TableCommand = {
  usage: USAGE,
  details: [
    'NAME is shown with its level, versions and bindings; NAME@N with the types of the schema, as text that a ' +
      'compiler of FlatBuffers reads.',
  ],
  options: [
    { name: 'out', value: 'FILE', about: 'Of NAME@N: write the .bfbs to a file instead.' },
    JSON_OPTION,
    ...BROKER_OPTIONS,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openContracts(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(1, 1, USAGE);
  const [name] = args.positionals as [string];
  const { stdout } = terminal;
  if (name.includes('@')) return showVersion(readVersionName(name), api, args, terminal);
  checkContractName(name);
  if (args.has('out')) throw new ModwireError('INVALID_ARGUMENT', { what: '--out only goes with NAME@N' });
  const contract = await api.contract(name);
  const lines = args.has('json') ? [toJsonLine(contract)] : contractText(contract, stdout.style);
  for (const line of lines) await stdout.line(line);
}

async function showVersion(
  name: VersionReference,
  api: ContractsApi,
  args: Arguments,
  { stdout, cwd }: Terminal,
): Promise<void> {
  const version = await api.version(name);
  const bfbs = await api.schema(name);
  const out = args.text('out');
  if (out !== undefined) {
    await write(out, cwd, bfbs);
    await stdout.line(
      args.has('json') ? toJsonLine(version) : `wrote ${printable(out)}, ${bfbs.length} bytes`,
    );
    return;
  }
  const { loadSchema } = await import('../contracts/schema-file.js');
  const { schemaText } = await import('../contracts/schema-text.js');
  const text = schemaText(loadSchema(bfbs, version.root));
  if (args.has('json')) return stdout.line(toJsonLine({ ...version, text: text.join('\n') }));
  for (const line of [...headLines(version), ...text]) await stdout.line(printable(line));
}

/** As comments of the text that follows. */
function headLines(version: ContractVersion): string[] {
  const { schemaId, registeredAt, deleted, references } = version;
  const uses = references.length === 0 ? [] : [`// with types of ${references.map(versionName).join(', ')}`];
  const state = deleted ? ', deleted' : '';
  return [
    `// ${versionName(version)} ${schemaId}, registered ${new Date(registeredAt).toISOString()}${state}`,
    ...uses,
  ];
}

function contractText({ name, level, versions, bindings }: ContractInfo, style: Style): string[] {
  const numbers = (all: readonly number[]) => (all.length === 0 ? '-' : all.join(' '));
  const rows = versions.map(({ version, schemaId, root, registeredAt, byteSize, deleted, reads, readBy }) => [
    ...[String(version), schemaId, root, new Date(registeredAt).toISOString(), String(byteSize)],
    ...[numbers(reads), numbers(readBy), deleted ? 'deleted' : ''],
  ]);
  const heads = ['version', 'schema id', 'root', 'registered', 'bytes', 'reads', 'read by', ''];
  return [
    `${style.bold(printable(name))} ${printable(level)}`,
    ...textTable([heads, ...rows], style),
    bindings.length === 0
      ? style.dim('no subjects are bound to it')
      : `bound to it: ${bindings.map((binding) => printable(bindingText(binding))).join(', ')}`,
  ];
}

async function write(path: string, cwd: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(resolve(cwd, path), bytes);
  } catch (cause) {
    const got = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new ModwireError('INVALID_ARGUMENT', { what: 'cannot write the file', got, where: path, cause });
  }
}
