import type { Arguments } from '../arguments.js';
import type { TableCommand } from '../command.js';
import { JSON_OPTION } from '../contracts/options.js';
import { BROKER_OPTIONS, openStreams } from '../http/broker-connection.js';
import { toJsonLine } from '../output/printable.js';
import { streamTable, streamText } from '../streams/stream-text.js';
import type { Terminal } from '../terminal.js';

const LIST_USAGE = 'streams ls [OPTION]...';
const INFO_USAGE = 'streams info NAME [OPTION]...';

/** `modwire streams ls`: what a broker has. */
export const streamsList: TableCommand = {
  usage: LIST_USAGE,
  details: [],
  options: [{ name: 'json', about: 'Print one JSON object for each stream, one a line.' }, ...BROKER_OPTIONS],
  run: list,
};

/** `modwire streams info`: one of them. */
export const streamsInfo: TableCommand = {
  usage: INFO_USAGE,
  details: [],
  options: [JSON_OPTION, ...BROKER_OPTIONS],
  run: show,
};

async function list(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openStreams(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(0, 0, LIST_USAGE);
  const { stdout, stderr } = terminal;
  const found = await api.streams();
  if (args.has('json')) {
    for (const stream of found) await stdout.line(toJsonLine(stream));
    return;
  }
  if (found.length === 0) return stderr.line('there are no streams');
  for (const line of streamTable(found, stdout.style)) await stdout.line(line);
}

async function show(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openStreams(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(1, 1, INFO_USAGE);
  const stream = await api.stream(args.positionals[0]!);
  const { stdout } = terminal;
  const lines = args.has('json') ? [toJsonLine(stream)] : streamText(stream, stdout.style);
  for (const line of lines) await stdout.line(line);
}
