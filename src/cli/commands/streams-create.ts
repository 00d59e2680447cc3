import { ModwireError } from '../../errors.js';
import { readStreamConfig } from '../../streams/read-stream-config.js';
import { STORAGE_KINDS, SYNC_MODES } from '../../streams/stream-config.js';
import type { Arguments } from '../arguments.js';
import type { TableCommand } from '../command.js';
import { JSON_OPTION } from '../contracts/options.js';
import { BROKER_OPTIONS, openStreams } from '../http/broker-connection.js';
import { toJsonLine } from '../output/printable.js';
import { BOUND_OPTIONS, boundsOf } from '../streams/stream-options.js';
import { streamText } from '../streams/stream-text.js';
import type { Terminal } from '../terminal.js';

const CREATE_USAGE = 'streams create NAME FILTER... [OPTION]...';
const UPDATE_USAGE = 'streams update NAME [OPTION]...';

const MAX_SYNC_MS = 60_000;
const MAX_FILTERS = 64;

/** `modwire streams create`: has frames of subjects kept. */
export const streamsCreate: TableCommand = {
  usage: CREATE_USAGE,
  details: [
    'FILTER is a subject in which a token may be * (any one) and the last may be > (one or more); quote it. A subject ' +
      'has at most one stream. A broker without a data directory keeps streams in memory alone.',
  ],
  options: [
    {
      name: 'kind',
      value: 'KIND',
      multiple: true,
      about: 'Which frames: message, request, reply; repeatable. (default message)',
    },
    { name: 'storage', value: STORAGE_KINDS.join('|'), about: 'Where they are kept. (default lmdb)' },
    {
      name: 'sync',
      value: SYNC_MODES.join('|'),
      about:
        'When they count as stored: on disk, handed to the system and on disk soon, or handed to the system. (default always)',
    },
    {
      name: 'sync-every',
      value: 'DURATION',
      about: 'Time between two syncs with --sync interval. (default 1s)',
    },
    ...BOUND_OPTIONS,
    JSON_OPTION,
    ...BROKER_OPTIONS,
  ],
  run: create,
};

/** `modwire streams update`: other bounds. */
export const streamsUpdate: TableCommand = {
  usage: UPDATE_USAGE,
  details: ['Whether the records of a subject have a bound at all cannot change.'],
  options: [...BOUND_OPTIONS, JSON_OPTION, ...BROKER_OPTIONS],
  run: update,
};

async function create(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openStreams(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(2, 1 + MAX_FILTERS, CREATE_USAGE);
  const [name, ...filters] = args.positionals;
  const kinds = args.texts('kind');
  const storage = args.choice('storage', STORAGE_KINDS);
  const sync = args.choice('sync', SYNC_MODES);
  const syncMs = args.quantity('sync-every', 'ms', 1, MAX_SYNC_MS);
  const config = {
    ...{ name, filters, ...boundsOf(args) },
    ...(kinds.length > 0 && { kinds }),
    ...(storage !== undefined && { storage }),
    ...(sync !== undefined && { sync }),
    ...(syncMs !== undefined && { syncMs }),
  };
  // What can be refused without a broker is.
  readStreamConfig(config);
  const made = await api.create(config);
  const { stdout } = terminal;
  const lines = args.has('json') ? [toJsonLine(made)] : streamText(made, stdout.style);
  for (const line of lines) await stdout.line(line);
}

async function update(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openStreams(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(1, 1, UPDATE_USAGE);
  const changes = boundsOf(args);
  if (Object.keys(changes).length === 0) {
    throw new ModwireError('INVALID_ARGUMENT', {
      what: 'nothing to change',
      expected: BOUND_OPTIONS.map((option) => `--${option.name}`).join(', '),
    });
  }
  const changed = await api.update(args.positionals[0]!, changes);
  const { stdout } = terminal;
  const lines = args.has('json') ? [toJsonLine(changed)] : streamText(changed, stdout.style);
  for (const line of lines) await stdout.line(line);
}
