import { checkFilter } from '../../codec/subject.js';
import type { Arguments } from '../arguments.js';
import type { TableCommand } from '../command.js';
import { count } from '../contracts/count.js';
import { JSON_OPTION } from '../contracts/options.js';
import { BROKER_OPTIONS, openStreams } from '../http/broker-connection.js';
import { printable, toJsonLine } from '../output/printable.js';
import type { Terminal } from '../terminal.js';

const PURGE_USAGE = 'streams purge NAME [OPTION]...';
const REMOVE_USAGE = 'streams rm NAME [OPTION]...';

/** `modwire streams purge`: removes records. */
export const streamsPurge: TableCommand = {
  usage: PURGE_USAGE,
  details: ['Subjects keep their counts.'],
  options: [
    { name: 'filter', value: 'FILTER', about: 'Of these subjects.' },
    { name: 'before', value: 'OFFSET', about: 'Before this offset.' },
    { name: 'keep', value: 'N', about: 'All but the last so many; with --filter, of each subject.' },
    JSON_OPTION,
    ...BROKER_OPTIONS,
  ],
  run: purge,
};

/** `modwire streams rm`: removes a stream. */
export const streamsRemove: TableCommand = {
  usage: REMOVE_USAGE,
  details: [],
  options: [JSON_OPTION, ...BROKER_OPTIONS],
  run: remove,
};

async function purge(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openStreams(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(1, 1, PURGE_USAGE);
  const [name] = args.positionals as [string];
  const filter = args.text('filter');
  if (filter !== undefined) checkFilter(filter);
  const before = args.quantity('before', 'count', 1, Number.MAX_SAFE_INTEGER);
  const keep = args.quantity('keep', 'count', 0, Number.MAX_SAFE_INTEGER);
  const removed = await api.purge(name, {
    ...(filter !== undefined && { filter }),
    ...(before !== undefined && { before }),
    ...(keep !== undefined && { keep }),
  });
  const { stdout } = terminal;
  if (args.has('json')) return stdout.line(toJsonLine({ stream: name, removed }));
  await stdout.line(`removed ${count(removed, 'record')} of ${stdout.style.bold(printable(name))}`);
}

async function remove(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openStreams(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(1, 1, REMOVE_USAGE);
  const last = await api.remove(args.positionals[0]!);
  const { stdout } = terminal;
  if (args.has('json')) return stdout.line(toJsonLine(last));
  const { config, info } = last;
  await stdout.line(`removed ${stdout.style.bold(printable(config.name))}, ${count(info.records, 'record')}`);
}
