import type { Client } from '../../client/client.js';
import type { Subscription } from '../../client/subscription.js';
import type { FrameView } from '../../codec/frame-view.js';
import { checkGroupName } from '../../codec/group-name.js';
import { checkFilter, isReserved, matchesFilter } from '../../codec/subject.js';
import { ModwireError } from '../../errors.js';
import type { Arguments } from '../arguments.js';
import { connectWith } from '../client-connection.js';
import type { TableCommand } from '../command.js';
import { commandSettings, settingOptions } from '../config/command-settings.js';
import { CLIENT_SETTINGS } from '../config/settings.js';
import { frameJson } from '../output/frame-record.js';
import type { Output } from '../output/output.js';
import { payloadText } from '../output/payload-text.js';
import { printable } from '../output/printable.js';
import { timeOfDay } from '../output/time-text.js';
import { SubscriberNotices } from '../subscriber-notices.js';
import type { Terminal } from '../terminal.js';

const USAGE = 'sub FILTER... [OPTION]...';
const MAX_COUNT = Number.MAX_SAFE_INTEGER;
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** `modwire sub`: prints messages as they come. */
export const sub: TableCommand = {
  usage: USAGE,
  details: [
    'FILTER is a subject in which a token may be * (any one) and the last > (one or more): quote it. A message that ' +
      'several filters select is printed once.',
    'Messages go to standard output; gaps and what happens to the connection to standard error.',
  ],
  options: [
    { name: 'count', short: 'n', value: 'N', about: 'End after N messages.' },
    {
      name: 'timeout',
      value: 'DURATION',
      about: 'End after this time, such as 30s; with --count that is an error when messages are missing.',
    },
    {
      name: 'group',
      value: 'NAME',
      about: 'Share the messages with the other members of this group: each goes to one of them.',
    },
    { name: 'json', about: 'Print one JSON object a line.' },
    ...settingOptions(CLIENT_SETTINGS),
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<void> {
  const settings = await commandSettings(CLIENT_SETTINGS, args, terminal);
  if (settings === undefined) return;
  args.expectPositionals(1, Number.POSITIVE_INFINITY, USAGE);
  const filters = [...new Set(args.positionals)];
  for (const filter of filters) checkFilter(filter);
  const count = args.quantity('count', 'count', 1, MAX_COUNT) ?? Number.POSITIVE_INFINITY;
  const timeoutMs = args.quantity('timeout', 'ms', 1, MAX_TIMEOUT_MS);
  const group = args.text('group');
  if (group !== undefined) checkGroupName(group);
  const json = args.has('json');
  const interrupted = terminal.whenInterrupted();
  const client = await connectWith(settings, { name: 'modwire sub', reconnect: true, signal: interrupted });
  const notices = new SubscriberNotices(terminal.stderr, json);
  const endNotices = notices.listen(client);
  try {
    const reader = new Reader(client, terminal.stdout, { json, count, group });
    interrupted.addEventListener('abort', () => reader.end());
    await reader.subscribe(filters);
    notices.subscribed(settings.text('client.url'), filters, group);
    const timedOut = await reader.read(timeoutMs);
    if (reader.received >= count || !Number.isFinite(count) || terminal.stdout.closed.aborted) return;
    throw tooFew(count, reader.received, timedOut);
  } finally {
    endNotices();
    await client.close();
  }
}

interface Reading {
  readonly json: boolean;
  /** Most messages. */
  readonly count: number;
  readonly group: string | undefined;
}

/** Reads subscriptions until there are enough messages, or it is ended. */
class Reader {
  readonly #client: Client;
  readonly #output: Output;
  readonly #reading: Reading;
  readonly #subscriptions: Subscription[] = [];
  #ending = false;
  received = 0;

  constructor(client: Client, output: Output, reading: Reading) {
    this.#client = client;
    this.#output = output;
    this.#reading = reading;
    output.closed.addEventListener('abort', () => this.end());
  }

  async subscribe(filters: readonly string[]): Promise<void> {
    const { group } = this.#reading;
    const options = group === undefined ? {} : { group };
    for (const filter of filters) this.#subscriptions.push(await this.#client.subscribe(filter, options));
    if (this.#ending) this.end();
  }

  /** Resolves when all that had arrived is printed: true when the time was up. */
  async read(timeoutMs: number | undefined): Promise<boolean> {
    let timedOut = false;
    const timeUp = () => {
      timedOut = true;
      this.end();
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(timeUp, timeoutMs);
    try {
      await Promise.all(this.#subscriptions.map((subscription, index) => this.#print(subscription, index)));
    } finally {
      clearTimeout(timer);
    }
    return timedOut;
  }

  /** Takes no more messages; those that have arrived are still printed. */
  end(): void {
    this.#ending = true;
    for (const subscription of this.#subscriptions) {
      // It ends here even if the broker could not be told.
      subscription.unsubscribe().catch(() => undefined);
    }
  }

  async #print(subscription: Subscription, index: number): Promise<void> {
    const { json, count, group } = this.#reading;
    // Of a group's members only one gets a message, whatever else of this client selects it.
    const earlier = group === undefined ? this.#subscriptions.slice(0, index) : [];
    for await (const frame of subscription) {
      if (this.received >= count) break;
      if (earlier.some(({ filter }) => matchesFilter(filter, frame.subject))) continue;
      this.received++;
      await this.#output.line(json ? frameJson(frame) : this.#text(frame));
      if (this.received >= count) break;
    }
    // One that has enough ends the others too.
    this.end();
  }

  #text(frame: FrameView): string {
    const { bold, cyan, dim } = this.#output.style;
    const time = dim(timeOfDay(frame.brokerTime));
    const head = `${time} ${cyan(printable(frame.subject))} ${bold(`#${frame.sequence}`)}`;
    return `${head} ${payloadText(frame)}${dim(quarantineText(frame))}`;
  }
}

/** Why the broker keeps a frame in quarantine. Nobody else publishes to reserved subjects. */
function quarantineText(frame: FrameView): string {
  if (!isReserved(frame.subject) || !frame.has('headers')) return '';
  const header = (name: string) => frame.headers.find(([one]) => one === name)?.[1] ?? '';
  return printable(` refused: ${header('modwire-code')}: ${header('modwire-reason')}`);
}

function tooFew(count: number, received: number, timedOut: boolean): ModwireError {
  return new ModwireError(timedOut ? 'DEADLINE_EXCEEDED' : 'CANCELLED', {
    what: timedOut ? 'the time is up' : 'interrupted',
    expected: `${count} messages`,
    got: String(received),
  });
}
