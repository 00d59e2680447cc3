import type { Arguments } from '../arguments.js';
import type { TableCommand } from '../command.js';
import { count } from '../contracts/count.js';
import { findingLines } from '../contracts/finding-text.js';
import { INCLUDE_OPTION, JSON_OPTION, ROOT_OPTION, schemaFileOptions } from '../contracts/options.js';
import { schemaFacts } from '../contracts/schema-facts.js';
import type { LoadedSchema } from '../contracts/schema-file.js';
import { parseVersionName } from '../contracts/version-name.js';
import { BROKER_OPTIONS, openContracts } from '../http/broker-connection.js';
import { printable, toJsonLine } from '../output/printable.js';
import type { Terminal } from '../terminal.js';

const USAGE = 'contracts diff OLD NEW [OPTION]...';

/** `modwire contracts diff`: what changed between two schemas, whatever anyone allows. */
export const contractsDiff: TableCommand = {
  usage: USAGE,
  details: [
    'OLD and NEW are schema files, or versions that a broker has, such as orders@3. Every change is shown with what it ' +
      'means for readers; modwire contracts check says whether a level allows it. The exit code is 0 whatever changed.',
  ],
  options: [ROOT_OPTION, INCLUDE_OPTION, JSON_OPTION, ...BROKER_OPTIONS],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<void> {
  args.expectPositionals(2, 2, USAGE);
  const [old, new_] = args.positionals as [string, string];
  const asksBroker =
    args.has('print-config') || [old, new_].some((one) => parseVersionName(one) !== undefined);
  const api = asksBroker ? await openContracts(args, terminal) : undefined;
  if (asksBroker && api === undefined) return;
  // Loaded only when it is needed: help and mistakes are answered faster without.
  const { loadSchema, loadSchemaFile } = await import('../contracts/schema-file.js');
  const { compareSchemas } = await import('../../contracts/compatibility.js');
  const load = async (source: string): Promise<LoadedSchema> => {
    const name = parseVersionName(source);
    if (name === undefined || api === undefined) {
      return loadSchemaFile(source, schemaFileOptions(args, terminal.cwd));
    }
    const { root } = await api.version(name);
    const bfbs = await api.schema(name);
    return loadSchema(bfbs, root);
  };
  const before = await load(old);
  const after = await load(new_);
  const report = compareSchemas(before, after);
  const { stdout } = terminal;
  if (args.has('json')) {
    const sides = { before: schemaFacts(old, before), after: schemaFacts(new_, after) };
    return stdout.line(toJsonLine({ ...sides, ...report }));
  }
  const { bold } = stdout.style;
  await stdout.line(`${bold(printable(`${old} -> ${new_}`))}: ${count(report.findings.length, 'finding')}`);
  for (const line of findingLines(report, [], stdout.style)) await stdout.line(line);
}
