import { checkFilter, checkSubject } from '../../codec/subject.js';
import { ModwireError } from '../../errors.js';
import { parseReplaySpeed } from '../../routing/replay-pace.js';
import type { Arguments } from '../arguments.js';
import { connectWith } from '../client-connection.js';
import type { TableCommand } from '../command.js';
import { CLIENT_LIMIT_TEXTS } from '../config/client-limits.js';
import { commandSettings, settingOptions } from '../config/command-settings.js';
import { CLIENT_SETTINGS } from '../config/settings.js';
import { JSON_OPTION } from '../contracts/options.js';
import { placeOf, type StreamPart } from '../streams/stream-place.js';
import { TOLERANCE_OPTION, tolerancesIn } from '../streams/tolerance-option.js';
import type { Terminal } from '../terminal.js';

const USAGE = 'streams replay NAME [OPTION]...';
const MAX_CONCURRENCY = 1_024;
const DEFAULT_CONCURRENCY = 16;
/** Flags that say something of requests alone. */
const OF_REQUESTS = ['concurrency', 'timeout', TOLERANCE_OPTION.name];

/** `modwire streams replay`: what was published or asked once more. */
export const streamsReplay: TableCommand = {
  usage: USAGE,
  details: [
    'With --into messages are published again, with the ids, traces and times that they had, and marked as replayed. SUBJECT takes all of ' +
      'them; SUBJECT.> has their own subjects behind it; > is their own subjects, whose subscribers get them once more.',
    'With --against recorded requests are made again, for workers with a version in RANGE, and their answers are compared with those that ' +
      'were recorded. The exit code is 26 (FAILED_PRECONDITION) when any differ, 22 (NOT_FOUND) when there was nothing to compare.',
    'PLACE is an offset, a time such as 2026-03-01T12:00:00Z, or one back from now: --from=-10m. Stopped early, it says from which offset ' +
      'to go on.',
  ],
  options: [
    {
      name: 'into',
      value: 'SUBJECT',
      about: 'Where messages go, or with --against requests. (default for these: their own)',
    },
    { name: 'from', value: 'PLACE', about: 'First record. (default the oldest)' },
    { name: 'to', value: 'PLACE', about: 'Last record. (default the newest there is now)' },
    { name: 'filter', value: 'FILTER', about: 'Only records of these subjects.' },
    {
      name: 'speed',
      value: 'SPEED',
      about:
        'original: with the pauses that there were; ×N, or xN: in an Nth of them; max: without. (default max)',
    },
    { name: 'against', value: 'RANGE', about: 'Make requests again for versions in this range, such as ^2.' },
    TOLERANCE_OPTION,
    {
      name: 'concurrency',
      short: 'c',
      value: 'N',
      about: `With --against: requests under way at once. (default ${DEFAULT_CONCURRENCY})`,
    },
    {
      name: 'timeout',
      value: 'DURATION',
      about: 'With --against: time for a request. (default the setting --request-ms)',
    },
    JSON_OPTION,
    ...settingOptions(CLIENT_SETTINGS),
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<void> {
  const settings = await commandSettings(CLIENT_SETTINGS, args, terminal);
  if (settings === undefined) return;
  args.expectPositionals(1, 1, USAGE);
  const [stream] = args.positionals as [string];
  const against = args.text('against');
  const into = intoOf(args, against);
  const reading = { ...readingOf(args), stream, speed: parseReplaySpeed(args.text('speed') ?? 'max') };
  const tolerances = tolerancesIn(args);
  const concurrency = args.quantity('concurrency', 'count', 1, MAX_CONCURRENCY) ?? DEFAULT_CONCURRENCY;
  const timeoutMs = args.quantity('timeout', 'ms', 1, CLIENT_LIMIT_TEXTS.requestMs.max);
  const interrupted = terminal.whenInterrupted();
  const client = await connectWith(settings, {
    name: 'modwire streams replay',
    // What waits for the pauses of days goes on; of a request nobody would know how it ended.
    reconnect: against === undefined,
    signal: interrupted,
  });
  const printing = { json: args.has('json'), terminal };
  try {
    // Loaded only when it is needed: help and mistakes are answered faster without.
    if (against === undefined) {
      const { publishAgain } = await import('../streams/publish-again.js');
      await publishAgain(client, { ...reading, into: into!, interrupted }, printing);
    } else {
      const { askAgain } = await import('../streams/ask-again.js');
      const plan = { ...reading, against, into, concurrency, timeoutMs, tolerances, interrupted };
      await askAgain(client, plan, printing);
    }
  } finally {
    await client.close();
  }
}

/** Throws INVALID_ARGUMENT for flags that do not go together. */
function intoOf(args: Arguments, against: string | undefined): string | undefined {
  const into = args.text('into');
  if (against !== undefined) {
    if (into !== undefined) checkSubject(into);
    return into;
  }
  const wrong = OF_REQUESTS.find((flag) => args.has(flag));
  if (wrong !== undefined) {
    throw new ModwireError('INVALID_ARGUMENT', { what: `--${wrong} only goes with --against` });
  }
  if (into !== undefined) return into;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'nobody says where the messages go',
    expected: '--into SUBJECT, or --against RANGE for requests',
    advice: "--into '>' publishes them where they were",
  });
}

function readingOf(args: Arguments): StreamPart {
  const nowMs = Date.now();
  const from = placeOf(args, 'from', nowMs);
  const to = placeOf(args, 'to', nowMs);
  const filter = args.text('filter');
  if (filter !== undefined) checkFilter(filter);
  return {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(filter !== undefined && { filter }),
  };
}
