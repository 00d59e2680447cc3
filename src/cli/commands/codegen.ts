import { ModwireError } from '../../errors.js';
import type { Arguments } from '../arguments.js';
import type { TableCommand } from '../command.js';
import { INCLUDE_OPTION, schemaFileOptions } from '../contracts/options.js';
import { printable, toJsonLine } from '../output/printable.js';
import type { Terminal } from '../terminal.js';

const USAGE = 'codegen SCHEMA... [OPTION]...';
const DEFAULT_OUT = 'generated';

/** `modwire codegen`: TypeScript for the schemas of contracts. */
export const codegen: TableCommand = {
  usage: USAGE,
  details: [
    'Each SCHEMA is a .fbs. For every type, also of included files, it writes a module with its class and object API; ' +
      'and for each SCHEMA that declares a root_type NAME.schema.ts, with the schema itself and the class of its root ' +
      'for defineContract. The modules import the package flatbuffers and run in Node.js and browsers.',
    'Files that are right already are left alone.',
  ],
  options: [
    { name: 'out', value: 'DIR', about: `Where to write it. (default ${DEFAULT_OUT})` },
    INCLUDE_OPTION,
    { name: 'check', about: 'Write nothing, and fail when a file is missing or differs: for CI.' },
    { name: 'json', about: 'Print one JSON object a line for each file.' },
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<void> {
  args.expectPositionals(1, Number.POSITIVE_INFINITY, USAGE);
  const { stdout, cwd } = terminal;
  const out = args.text('out') ?? DEFAULT_OUT;
  // Loaded only when it is needed: help and mistakes are answered faster without.
  const { generateModules } = await import('../codegen/generate-modules.js');
  const { compareModules, writeModules } = await import('../codegen/module-files.js');
  const modules = await generateModules(args.positionals, schemaFileOptions(args, cwd));
  const files = await compareModules(modules, out, cwd);
  const check = args.has('check');
  if (!check) await writeModules(files, cwd);
  const differing = files.filter(({ state }) => state !== 'unchanged');
  const { dim, green, red } = stdout.style;
  for (const { path, state } of args.has('json') ? files : differing) {
    const word = check ? state : state === 'unchanged' ? state : 'written';
    const paint = check ? red : green;
    await stdout.line(
      args.has('json') ? toJsonLine({ path, state: word }) : `${paint(word)} ${printable(path)}`,
    );
  }
  const same = files.length - differing.length;
  if (!args.has('json') && same > 0)
    await stdout.line(dim(`${same} of ${files.length} files were right already`));
  if (check && differing.length > 0) throw outOfDate(differing.length, files.length, out);
}

function outOfDate(differing: number, all: number, out: string): ModwireError {
  return new ModwireError('FAILED_PRECONDITION', {
    what: 'generated code is not what the schemas say',
    expected: `${all} files as modwire codegen writes them`,
    got: `${differing} missing or different`,
    where: out,
    advice: 'run modwire codegen and commit what it writes',
  });
}
