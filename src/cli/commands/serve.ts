import type { BrokerOptions } from '../../broker/options.js';
import { resolveBrokerOptions } from '../../broker/options.js';
import { ModwireError, toModwireError } from '../../errors.js';
import type { Arguments } from '../arguments.js';
import { logBroker } from '../broker-log.js';
import type { TableCommand } from '../command.js';
import { commandSettings, settingOptions } from '../config/command-settings.js';
import { formatQuantity } from '../config/quantity.js';
import type { ResolvedSettings } from '../config/resolve-settings.js';
import { BROKER_SETTINGS } from '../config/settings.js';
import type { Terminal } from '../terminal.js';

const USAGE = 'serve [OPTION]...';

/** `modwire serve`: a broker in this process, until it is told to stop. */
export const serve: TableCommand = {
  usage: USAGE,
  details: [
    'Prints "listening ws://HOST:PORT" once clients can connect. GET /healthz and /readyz answer on the same port.',
    'Every setting can stand in the configuration file, in the environment (MODWIRE_MAX_FRAME_BYTES) and here; ' +
      'flags win over the environment, and that over the file.',
    'On SIGTERM or Ctrl-C it takes no new clients, tells the present ones, delivers what is under way and exits; ' +
      'a second signal ends it at once.',
  ],
  options: settingOptions(BROKER_SETTINGS),
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<void> {
  args.expectPositionals(0, 0, USAGE);
  const settings = await commandSettings(BROKER_SETTINGS, args, terminal, checkTogether);
  if (settings === undefined) return;
  const { stdout, stderr } = terminal;
  const interrupted = terminal.whenInterrupted();
  // Loaded only when it is needed: help and mistakes are answered faster without.
  const { startBroker } = await import('../../broker/index.js');
  const broker = await startBroker(brokerOptions(settings));
  const endLog = logBroker(stderr);
  await stdout.line(`listening ${broker.url}`);
  await fired(interrupted);
  const drainTime = formatQuantity(settings.number('limits.drainMs'), 'ms');
  const { sessions } = broker.stats();
  await stderr.line(`draining: ${sessions} ${sessions === 1 ? 'session' : 'sessions'}, at most ${drainTime}`);
  await broker.drain();
  endLog();
  await stderr.line('stopped');
}

function brokerOptions(settings: ResolvedSettings): BrokerOptions {
  return {
    host: settings.text('host'),
    port: settings.number('port'),
    name: settings.text('name'),
    transport: settings.text('transport') as NonNullable<BrokerOptions['transport']>,
    slowConsumerPolicy: settings.text('slowConsumerPolicy') as NonNullable<
      BrokerOptions['slowConsumerPolicy']
    >,
    dataDir: settings.text('dataDir'),
    requireContracts: settings.flag('requireContracts'),
    quarantine: settings.flag('quarantine'),
    allowedOrigins: settings.list('allowedOrigins'),
    limits: settings.section('limits'),
  };
}

/** Limits may contradict each other although each is in its range: the error says where they came from. */
function checkTogether(settings: ResolvedSettings): void {
  try {
    resolveBrokerOptions(brokerOptions(settings));
  } catch (thrown) {
    const error = toModwireError(thrown);
    const places = settings.all
      .filter(({ setting, from }) => from !== '' && new RegExp(`\\b${setting.name}\\b`).test(error.message))
      .map(({ setting, from }) => `${setting.name} from ${from}`);
    throw new ModwireError(error.code, { ...error.detail, where: places.join('; ') });
  }
}

function fired(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
