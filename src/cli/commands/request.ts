import type { Reply } from '../../client/calls/received.js';
import { checkSubject } from '../../codec/subject.js';
import { ModwireError } from '../../errors.js';
import type { CallExplanation } from '../../routing/calls/call-explanation.js';
import type { Arguments } from '../arguments.js';
import { type CallSummary, summaryLines } from '../calls/call-tally.js';
import { explanationText } from '../calls/explanation-text.js';
import { type RequestPlan, requestAll, throwUnlessAllReplied } from '../calls/request-run.js';
import { connectWith } from '../client-connection.js';
import type { TableCommand } from '../command.js';
import { CLIENT_LIMIT_TEXTS } from '../config/client-limits.js';
import { commandSettings, settingOptions } from '../config/command-settings.js';
import { CLIENT_SETTINGS } from '../config/settings.js';
import { payloadText } from '../output/payload-text.js';
import { toJsonLine } from '../output/printable.js';
import { replyJson } from '../output/reply-record.js';
import { MESSAGE_OPTIONS, readMessage } from '../publish-input.js';
import type { Terminal } from '../terminal.js';

const USAGE = 'request SUBJECT [PAYLOAD] [OPTION]...';
const MAX_COUNT = Number.MAX_SAFE_INTEGER;
const MAX_CONCURRENCY = 65_536;

/** `modwire request`: makes requests and prints the replies, or what many of them took. */
export const request: TableCommand = {
  usage: USAGE,
  details: [
    'PAYLOAD is sent as JSON if it is JSON, else as its bytes; without one the request is empty.',
    'With --count it measures: replies are counted instead of printed, and in the end it says how many there were, which ' +
      'errors, and how long they took. Try it with: modwire serve-echo SUBJECT',
  ],
  options: [
    {
      name: 'timeout',
      value: 'DURATION',
      about: 'Time for a request, such as 500ms or 2s. (default the setting --request-ms)',
    },
    { name: 'stream', about: 'Take a stream of replies, and print each as it comes.' },
    { name: 'key', value: 'KEY', about: 'Decides who gets it where workers are chosen by consistent hash.' },
    {
      name: 'version-range',
      value: 'RANGE',
      about: 'Only a worker with a version in this range may get it, such as ^1.2.',
    },
    {
      name: 'idempotent',
      about: 'It may be processed twice: try it again also when it may have been started.',
    },
    {
      name: 'explain',
      about: 'Say why it went where it went, on standard error, or with --json in the reply.',
    },
    {
      name: 'count',
      short: 'n',
      value: 'N',
      about: 'Make N requests, and print what they took. (default 1)',
    },
    { name: 'concurrency', short: 'c', value: 'N', about: 'Requests under way at once. (default 1)' },
    ...MESSAGE_OPTIONS,
    { name: 'json', about: 'Print JSON objects, one a line.' },
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
  const concurrency = args.quantity('concurrency', 'count', 1, MAX_CONCURRENCY) ?? 1;
  const timeoutMs = args.quantity('timeout', 'ms', 1, CLIENT_LIMIT_TEXTS.requestMs.max);
  const key = args.text('key');
  const version = args.text('version-range');
  const stream = args.has('stream');
  const explain = args.has('explain');
  if (explain && count > 1) {
    throw new ModwireError('INVALID_ARGUMENT', { what: '--explain is about one request', got: '--count' });
  }
  const explanations: CallExplanation[] = [];
  const { payload, options } = await readMessage(text, args, terminal);
  const interrupted = terminal.whenInterrupted();
  const plan: RequestPlan = {
    ...{ subject, payload, stream, count, concurrency, interrupted },
    options: {
      ...options,
      idempotent: args.has('idempotent'),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(key === undefined ? {} : { key }),
      ...(explain ? { explain: (one) => explanations.push(one) } : {}),
      ...(version === undefined ? {} : { version }),
    },
    replied: (reply) => (count === 1 ? print(reply, args, terminal) : Promise.resolve()),
  };
  const client = await connectWith(settings, {
    name: 'modwire request',
    reconnect: false,
    signal: interrupted,
  });
  const startedAt = performance.now();
  try {
    const tally = await requestAll(client, plan);
    const summary = tally.summary((performance.now() - startedAt) / 1_000);
    if (count > 1) await printSummary(summary, stream, args, terminal);
    const isShown = args.has('json') && !stream && tally.failed === 0;
    if (!isShown) await printExplanations(explanations, args, terminal);
    throwUnlessAllReplied(tally, plan);
  } finally {
    await client.close();
  }
}

async function print(reply: Reply, args: Arguments, { stdout }: Terminal): Promise<void> {
  await stdout.line(args.has('json') ? replyJson(reply) : payloadText(reply.frame));
}

/** Of a single reply in JSON it is a part. */
async function printExplanations(
  explanations: readonly CallExplanation[],
  args: Arguments,
  { stderr }: Terminal,
): Promise<void> {
  for (const one of explanations) {
    if (args.has('json')) await stderr.line(toJsonLine(one));
    else for (const line of explanationText(one, stderr.style)) await stderr.line(line);
  }
}

async function printSummary(
  summary: CallSummary,
  isStream: boolean,
  args: Arguments,
  { stdout }: Terminal,
): Promise<void> {
  if (args.has('json')) return stdout.line(toJsonLine(summary));
  for (const line of summaryLines(summary, isStream, stdout.style)) await stdout.line(line);
}
