import { fromHex } from '../../codec/message-id.js';
import { encodeUtf8 } from '../../codec/utf8.js';
import { ModwireError } from '../../errors.js';
import { CompiledExperiment } from '../../routing/experiments/compiled-experiment.js';
import type { Arguments } from '../arguments.js';
import type { TableCommand } from '../command.js';
import { BROKER_OPTIONS, openExperiments } from '../http/broker-connection.js';
import { printable, toJsonLine } from '../output/printable.js';
import { textTable } from '../output/text-table.js';
import type { Terminal } from '../terminal.js';

const USAGE = 'experiments assign NAME KEY... [OPTION]...';

const TRACE_ID = /^[0-9a-f]{32}$/;

/** `modwire experiments assign`: works out where keys belong. */
export const experimentsAssign: TableCommand = {
  usage: USAGE,
  details: [
    'KEY is a key as requests have it: a text, also of a number in a payload; where the key is the trace, its id in ' +
      'hexadecimal digits. An empty one is none. No request is made, and nobody is told.',
  ],
  options: [{ name: 'json', about: 'Print one JSON object for each key, one a line.' }, ...BROKER_OPTIONS],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openExperiments(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(2, Number.POSITIVE_INFINITY, USAGE);
  const [name, ...keys] = args.positionals as [string, ...string[]];
  const { experiment, table, revision } = await api.experiment(name);
  const compiled = new CompiledExperiment(experiment, table);
  const isTrace = compiled.keySource.from === 'trace';
  const assigned = keys.map((key) => {
    const { variant, bucket } = compiled.assign(isTrace ? traceId(key) : encodeUtf8(key));
    return {
      experiment: name,
      revision,
      key,
      variant: compiled.variants[variant]!.name,
      bucket: bucket ?? null,
    };
  });
  const { stdout } = terminal;
  if (args.has('json')) {
    for (const one of assigned) await stdout.line(toJsonLine(one));
    return;
  }
  const rows = assigned.map(({ key, variant, bucket }) => [printable(key), variant, String(bucket ?? '-')]);
  for (const line of textTable([['key', 'variant', 'bucket'], ...rows], stdout.style))
    await stdout.line(line);
}

function traceId(text: string): Uint8Array {
  if (TRACE_ID.test(text)) return fromHex(text);
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'not a trace id',
    ...{ expected: '32 hexadecimal digits in lower case', got: text.slice(0, 80) },
  });
}
