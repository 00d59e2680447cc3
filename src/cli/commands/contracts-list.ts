import type { Arguments } from '../arguments.js';
import type { TableCommand } from '../command.js';
import { bindingText } from '../contracts/binding-text.js';
import { BROKER_OPTIONS, openContracts } from '../http/broker-connection.js';
import { toJsonLine } from '../output/printable.js';
import { textTable } from '../output/text-table.js';
import type { Terminal } from '../terminal.js';

const USAGE = 'contracts list [OPTION]...';

/** `modwire contracts list`: what a broker has. */
export const contractsList: TableCommand = {
  usage: USAGE,
  details: [],
  options: [
    { name: 'json', about: 'Print one JSON object for each contract, one a line.' },
    ...BROKER_OPTIONS,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openContracts(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(0, 0, USAGE);
  const { stdout, stderr } = terminal;
  const contracts = await api.contracts();
  if (args.has('json')) {
    for (const contract of contracts) await stdout.line(toJsonLine(contract));
    return;
  }
  if (contracts.length === 0) return stderr.line('no contracts are registered');
  const rows = contracts.map(({ name, level, versions, bindings }) => {
    const active = versions.filter(({ deleted }) => !deleted);
    const latest = active.at(-1);
    return [
      ...[name, level, latest === undefined ? '-' : String(latest.version), String(active.length)],
      ...[latest?.root ?? '-', latest?.schemaId ?? '-', bindings.map(bindingText).join(', ') || '-'],
    ];
  });
  const heads = ['contract', 'level', 'latest', 'versions', 'root', 'schema id', 'bindings'];
  for (const line of textTable([heads, ...rows], stdout.style)) await stdout.line(line);
}
