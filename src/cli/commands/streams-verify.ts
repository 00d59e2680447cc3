import { resolve } from 'node:path';
import type { Arguments } from '../arguments.js';
import type { TableCommand } from '../command.js';
import { BROKER_OPTIONS, openStreams } from '../http/broker-connection.js';
import { toJsonLine } from '../output/printable.js';
import { Progress } from '../streams/progress.js';
import type { VerifiedStream } from '../streams/verified-stream.js';
import type { Terminal } from '../terminal.js';

const USAGE = 'streams verify [NAME] [OPTION]...';

/** `modwire streams verify`: whether all is as it was stored. */
export const streamsVerify: TableCommand = {
  usage: USAGE,
  details: [
    'The broker at --url does it, while it serves others. With --data-dir the files of a broker that does not run are looked at, each page ' +
      'and record, and nothing is changed. The exit code is 34 (DATA_LOSS) when something is damaged.',
  ],
  options: [
    { name: 'data-dir', value: 'DIR', about: 'The data directory of a broker that does not run.' },
    { name: 'json', about: 'Print one JSON object for each stream, one a line.' },
    ...BROKER_OPTIONS,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<void> {
  args.expectPositionals(0, 1, USAGE);
  const { stdout, stderr, cwd } = terminal;
  // Loaded only when it is needed: help and mistakes are answered faster without.
  const { checkWhole, verifiedText } = await import('../streams/verified-stream.js');
  const progress = new Progress(stderr);
  const dataDir = args.text('data-dir');
  let found: readonly VerifiedStream[] | undefined;
  try {
    if (dataDir === undefined) found = await verifyAtBroker(args, terminal, progress);
    else {
      const { verifyStored } = await import('../streams/verify-stored.js');
      found = await verifyStored(resolve(cwd, dataDir), args.positionals[0], progress);
    }
  } finally {
    progress.end();
  }
  if (found === undefined) return;
  if (found.length === 0) await stderr.line('there are no streams');
  for (const one of found) {
    const lines = args.has('json') ? [toJsonLine(one)] : verifiedText(one, stdout.style);
    for (const line of lines) await stdout.line(line);
  }
  checkWhole(found);
}

async function verifyAtBroker(
  args: Arguments,
  terminal: Terminal,
  progress: Progress,
): Promise<readonly VerifiedStream[] | undefined> {
  const api = await openStreams(args, terminal);
  if (api === undefined) return undefined;
  const [only] = args.positionals;
  const names = only === undefined ? (await api.streams()).map(({ config }) => config.name) : [only];
  const { verifyThere } = await import('../streams/verified-stream.js');
  const found: VerifiedStream[] = [];
  for (const name of names) found.push(await verifyThere(api, name, progress));
  return found;
}
