import { checkFilter } from '../../codec/subject.js';
import { ModwireError } from '../../errors.js';
import type { Arguments } from '../arguments.js';
import type { TableCommand } from '../command.js';
import { count } from '../contracts/count.js';
import { JSON_OPTION } from '../contracts/options.js';
import { BROKER_OPTIONS, openStreams } from '../http/broker-connection.js';
import { inputPieces, STDIN } from '../input.js';
import { printable, toJsonLine } from '../output/printable.js';
import { sizeText } from '../output/size-text.js';
import { placeOf } from '../streams/stream-place.js';
import type { Terminal } from '../terminal.js';

const EXPORT_USAGE = 'streams export NAME [FILE] [OPTION]...';
const IMPORT_USAGE = 'streams import [FILE] [OPTION]...';

/** `modwire streams export`: records as a file. */
export const streamsExport: TableCommand = {
  usage: EXPORT_USAGE,
  details: [
    'Without FILE, or for -, it goes to standard output. PLACE is an offset, a time such as 2026-03-01T12:00:00Z, or one back ' +
      'from now: --from=-10m. Every record is held against its check on the way; the exit code is 34 (DATA_LOSS) where one is damaged.',
  ],
  options: [
    { name: 'from', value: 'PLACE', about: 'First record. (default the oldest)' },
    { name: 'to', value: 'PLACE', about: 'Last record; of a time, the last before it. (default the newest)' },
    { name: 'filter', value: 'FILTER', about: 'Only records of these subjects.' },
    ...BROKER_OPTIONS,
  ],
  run: exportTo,
};

/** `modwire streams import`: records of a file into a stream. */
export const streamsImport: TableCommand = {
  usage: IMPORT_USAGE,
  details: [
    'Without FILE, or for -, it is read from standard input. A stream that is not there is made as the file says, without a bound of age. Ids, traces and ' +
      'payloads stay; places in the counts of subjects too, where they are free, else messages are published anew and marked as replayed. ' +
      'What the stream has already it does not get twice: after an error, import the file again.',
  ],
  options: [
    { name: 'stream', value: 'NAME', about: 'The stream. (default that of the file)' },
    JSON_OPTION,
    ...BROKER_OPTIONS,
  ],
  run: importFrom,
};

async function exportTo(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openStreams(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(1, 2, EXPORT_USAGE);
  const [name, file = STDIN] = args.positionals as [string, string?];
  const filter = args.text('filter');
  if (filter !== undefined) checkFilter(filter);
  const range = { from: placeText(args, 'from'), to: placeText(args, 'to'), filter };
  const { stdout, stderr } = terminal;
  const path = file === STDIN ? undefined : file;
  if (path === undefined && stdout.isTerminal) {
    throw new ModwireError('INVALID_ARGUMENT', {
      what: 'frames are not for a terminal',
      expected: 'a file, or a pipe',
      advice: `write modwire streams export ${name} FILE`,
    });
  }
  // Loaded only when it is needed: help and mistakes are answered faster without.
  const { exportStream } = await import('../streams/export-stream.js');
  const { records, bytes } = await exportStream(api, name, range, path, terminal);
  const told = `exported ${count(records, 'record')}, ${sizeText(bytes)}`;
  if (path !== undefined) await stdout.line(told);
  else if (stderr.isTerminal) await stderr.line(told);
}

/** A place as HTTP has it. */
function placeText(args: Arguments, name: string): string | undefined {
  const place = placeOf(args, name, Date.now());
  if (place === undefined) return undefined;
  return 'offset' in place ? String(place.offset) : new Date(place.time).toISOString();
}

async function importFrom(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openStreams(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(0, 1, IMPORT_USAGE);
  const { importStream } = await import('../streams/import-stream.js');
  const pieces = inputPieces(args.positionals[0] ?? STDIN, terminal);
  const done = await importStream(api, pieces, args.text('stream'), terminal.stderr).finally(() =>
    // Closes the file, wherever reading has stopped.
    pieces.return(undefined),
  );
  const { stdout } = terminal;
  if (args.has('json')) return stdout.line(toJsonLine(done));
  const { stream, created, restored, replayed, duplicates } = done;
  const name = stdout.style.bold(printable(stream));
  await stdout.line(
    `imported ${count(restored + replayed, 'record')} into ${name}${created ? ', a new stream' : ''}`,
  );
  if (replayed > 0)
    await stdout.line(`  ${count(replayed, 'record')} published anew: their places were taken`);
  if (duplicates > 0) await stdout.line(`  ${count(duplicates, 'record')} there already`);
}
