import { checkFilter } from '../../codec/subject.js';
import { POLICY_NAMES } from '../../routing/calls/policy-names.js';
import { type Arguments, invalidFlag } from '../arguments.js';
import { Echo, type EchoFigures } from '../calls/echo.js';
import { connectWith } from '../client-connection.js';
import type { TableCommand } from '../command.js';
import { commandSettings, settingOptions } from '../config/command-settings.js';
import { CLIENT_SETTINGS } from '../config/settings.js';
import { printable, toJsonLine } from '../output/printable.js';
import type { Terminal } from '../terminal.js';

const USAGE = 'serve-echo SUBJECT [OPTION]...';
const MAX_MS = 2 ** 31 - 1;
const MAX_CONCURRENCY = 65_536;
/** How often figures are shown on a terminal. Milliseconds. */
const SHOW_MS = 250;

/** `modwire serve-echo`: a worker to try things with. */
export const serveEcho: TableCommand = {
  usage: USAGE,
  details: [
    'SUBJECT may be a filter, quoted. Each request is answered with its own payload, until Ctrl-C; then it takes no more ' +
      'requests, answers those that it has, and says what became of all.',
    'On a terminal it shows figures while it runs.',
  ],
  options: [
    { name: 'delay', value: 'DURATION', about: 'Wait so long before each reply, such as 20ms. (default 0)' },
    { name: 'jitter', value: 'DURATION', about: 'Wait up to so much longer, at random. (default 0)' },
    { name: 'error-rate', value: 'SHARE', about: 'Fail so many, 0 to 1, at random: INTERNAL. (default 0)' },
    {
      name: 'reject-rate',
      value: 'SHARE',
      about: 'Reject so many, 0 to 1, as surely unprocessed. (default 0)',
    },
    { name: 'stream', value: 'N', about: 'Answer each request with a stream of N replies.' },
    { name: 'concurrency', short: 'c', value: 'N', about: 'Requests at once. (default 64)' },
    {
      name: 'group',
      value: 'NAME',
      about: 'Share the requests with the workers of this group. (default none)',
    },
    {
      name: 'service-version',
      value: 'SEMVER',
      about: 'Version of what serves: callers and experiments may ask for a range. (default none)',
    },
    {
      name: 'policy',
      value: POLICY_NAMES.join('|'),
      about: `How the broker chooses among the workers of the group. (default ${POLICY_NAMES[0]})`,
    },
    { name: 'count', short: 'n', value: 'N', about: 'End after N requests.' },
    { name: 'json', about: 'Print what became of the requests as one JSON object.' },
    ...settingOptions(CLIENT_SETTINGS),
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<void> {
  const settings = await commandSettings(CLIENT_SETTINGS, args, terminal);
  if (settings === undefined) return;
  args.expectPositionals(1, 1, USAGE);
  const [subject] = args.positionals as [string];
  checkFilter(subject);
  const echo = echoOf(args);
  const { stdout, stderr } = terminal;
  const interrupted = terminal.whenInterrupted();
  const options = serveOptions(args);
  const client = await connectWith(settings, {
    name: 'modwire serve-echo',
    reconnect: true,
    signal: interrupted,
  });
  client.on('disconnect', ({ code, detail }) => {
    void stderr.line(stderr.style.yellow(printable(`disconnected: ${detail || `close code ${code}`}`)));
  });
  client.on('reconnect', () => void stderr.line(stderr.style.yellow('connected again')));
  client.on(
    'error',
    ({ code, message }) => void stderr.line(stderr.style.red(printable(`${code}: ${message}`))),
  );
  try {
    const service = await client.serve(subject, { ...options, signal: interrupted }, echo.answer);
    await stderr.line(`serving ${printable(subject)} at ${settings.text('client.url')}`);
    const show = () => stderr.overwrite(figuresText(echo.figures));
    const timer = stderr.isTerminal ? setInterval(show, SHOW_MS) : undefined;
    await anyOf(interrupted, echo.done, stdout.closed);
    clearInterval(timer);
    stderr.overwrite('');
    await service.drain();
    await client.drain();
  } finally {
    await client.close();
  }
  const { figures } = echo;
  await stdout.line(args.has('json') ? toJsonLine(figures) : figuresText(figures));
}

function echoOf(args: Arguments): Echo {
  return new Echo({
    delayMs: args.quantity('delay', 'ms', 0, MAX_MS) ?? 0,
    jitterMs: args.quantity('jitter', 'ms', 0, MAX_MS) ?? 0,
    errorRate: shareOf(args, 'error-rate'),
    rejectRate: shareOf(args, 'reject-rate'),
    stream: args.quantity('stream', 'count', 0, Number.MAX_SAFE_INTEGER),
    count: args.quantity('count', 'count', 1, Number.MAX_SAFE_INTEGER) ?? Number.POSITIVE_INFINITY,
  });
}

function serveOptions(args: Arguments) {
  const concurrency = args.quantity('concurrency', 'count', 1, MAX_CONCURRENCY);
  const policy = args.choice('policy', POLICY_NAMES);
  const group = args.text('group');
  const version = args.text('service-version');
  return {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(policy === undefined ? {} : { policy }),
    ...(group === undefined ? {} : { group }),
    ...(version === undefined ? {} : { version }),
  };
}

function shareOf(args: Arguments, name: string): number {
  const text = args.text(name);
  if (text === undefined) return 0;
  const share = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (share <= 1) return share;
  throw invalidFlag(name, 'a number from 0 to 1', text);
}

function figuresText({ replied, failed, rejected, abandoned, underWay }: EchoFigures): string {
  const ended = `${replied} replied, ${failed} failed, ${rejected} rejected, ${abandoned} abandoned`;
  return underWay === 0 ? ended : `${ended}, ${underWay} under way`;
}

function anyOf(...signals: readonly AbortSignal[]): Promise<void> {
  const signal = AbortSignal.any([...signals]);
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
