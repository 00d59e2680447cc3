import type { PublishAck } from '../../client/publish-options.js';
import { formatUuid } from '../../codec/message-id.js';
import { checkSubject } from '../../codec/subject.js';
import { ModwireError } from '../../errors.js';
import type { Arguments } from '../arguments.js';
import { connectWith } from '../client-connection.js';
import type { TableCommand } from '../command.js';
import { commandSettings, settingOptions } from '../config/command-settings.js';
import { CLIENT_SETTINGS } from '../config/settings.js';
import { printable, toJsonLine } from '../output/printable.js';
import { MESSAGE_OPTIONS, readMessage } from '../publish-input.js';
import { publishAll } from '../publish-run.js';
import type { Terminal } from '../terminal.js';

const USAGE = 'pub SUBJECT [PAYLOAD] [OPTION]...';
const MAX_COUNT = Number.MAX_SAFE_INTEGER;
const MAX_INTERVAL_MS = 2 ** 31 - 1;

/** `modwire pub`: publishes messages and exits 0 only when the broker has taken all of them. */
export const pub: TableCommand = {
  usage: USAGE,
  details: [
    'PAYLOAD is sent as JSON if it is JSON, else as its bytes; without one the message is empty. Each message is ' +
      'acknowledged by the broker, and printed with its sequence and id.',
    'Write -- in front of arguments that begin with a dash: modwire pub temperature -- -5',
  ],
  options: [
    { name: 'count', short: 'n', value: 'N', about: 'Publish N times. (default 1)' },
    {
      name: 'interval',
      value: 'DURATION',
      about: 'Pause between two messages, such as 500ms or 2s. (default 0)',
    },
    ...MESSAGE_OPTIONS,
    { name: 'ack', about: 'Wait for the acknowledgement of each message. (the default)' },
    {
      name: 'no-ack',
      about: 'Only make sure at the end that the broker has taken everything: faster, prints nothing.',
    },
    { name: 'json', about: 'Print one JSON object a line.' },
    { name: 'quiet', short: 'q', about: 'Print nothing but errors.' },
    ...settingOptions(CLIENT_SETTINGS),
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<void> {
  const settings = await commandSettings(CLIENT_SETTINGS, args, terminal);
  if (settings === undefined) return;
  args.expectPositionals(1, 2, USAGE);
  const [subject, text] = args.positionals as [string, string?];
  checkSubject(subject);
  const count = args.quantity('count', 'count', 1, MAX_COUNT) ?? 1;
  const intervalMs = args.quantity('interval', 'ms', 0, MAX_INTERVAL_MS) ?? 0;
  const ack = wantsAck(args);
  const message = await readMessage(text, args, terminal);
  const interrupted = terminal.whenInterrupted();
  const client = await connectWith(settings, { name: 'modwire pub', reconnect: false, signal: interrupted });
  try {
    const acknowledged = (answer: PublishAck) => report(answer, args, terminal);
    await publishAll(client, { subject, message, count, intervalMs, ack, interrupted, acknowledged });
  } finally {
    await client.close();
  }
}

function wantsAck(args: Arguments): boolean {
  if (!args.has('no-ack')) return true;
  if (!args.has('ack')) return false;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'flags contradict each other',
    expected: '--ack or --no-ack',
    got: 'both',
  });
}

async function report(answer: PublishAck, args: Arguments, { stdout }: Terminal): Promise<void> {
  if (args.has('quiet')) return;
  const { subject, sequence, epoch } = answer;
  const id = formatUuid(answer.id);
  if (args.has('json')) return stdout.line(toJsonLine({ subject, sequence, epoch, id }));
  const { bold, cyan, dim } = stdout.style;
  await stdout.line(`published ${cyan(printable(subject))} ${bold(`#${sequence}`)} ${dim(id)}`);
}
