import type { Arguments, OptionSpec } from '../arguments.js';
import { commandSettings, settingOptions } from '../config/command-settings.js';
import { CLIENT_SETTINGS } from '../config/settings.js';
import type { ContractsApi } from '../contracts/contracts-api.js';
import type { Terminal } from '../terminal.js';
import type { ExperimentsApi } from './experiments-api.js';
import type { MirrorReportsApi } from './mirror-reports-api.js';
import type { RolloutsApi } from './rollouts-api.js';
import type { ServicesApi } from './services-api.js';
import type { StreamsApi } from './streams-api.js';

const SETTINGS = CLIENT_SETTINGS.filter(({ key }) => key === 'client.url' || key === 'client.answerMs');

/** The flags of commands that ask a broker. */
export const BROKER_OPTIONS: readonly OptionSpec[] = settingOptions(SETTINGS);

/** The contracts of the broker that the settings name; undefined when only these were asked for. */
export function openContracts(args: Arguments, terminal: Terminal): Promise<ContractsApi | undefined> {
  return open(args, terminal, async () => (await import('../contracts/contracts-api.js')).ContractsApi);
}

/** The same of its services. */
export function openServices(args: Arguments, terminal: Terminal): Promise<ServicesApi | undefined> {
  return open(args, terminal, async () => (await import('./services-api.js')).ServicesApi);
}

/** The same of its experiments. */
export function openExperiments(args: Arguments, terminal: Terminal): Promise<ExperimentsApi | undefined> {
  return open(args, terminal, async () => (await import('./experiments-api.js')).ExperimentsApi);
}

/** The same of its rollouts. */
export function openRollouts(args: Arguments, terminal: Terminal): Promise<RolloutsApi | undefined> {
  return open(args, terminal, async () => (await import('./rollouts-api.js')).RolloutsApi);
}

/** The same of its streams. */
export function openStreams(args: Arguments, terminal: Terminal): Promise<StreamsApi | undefined> {
  return open(args, terminal, async () => (await import('./streams-api.js')).StreamsApi);
}

/** The same of what it found in comparing replies to copies of requests. */
export function openMirrorReports(
  args: Arguments,
  terminal: Terminal,
): Promise<MirrorReportsApi | undefined> {
  return open(args, terminal, async () => (await import('./mirror-reports-api.js')).MirrorReportsApi);
}

/** `load` is asked only when it is needed: help and mistakes are answered faster without. */
async function open<Api>(
  args: Arguments,
  terminal: Terminal,
  load: () => Promise<new (url: string, timeoutMs: number, signal: AbortSignal) => Api>,
): Promise<Api | undefined> {
  const settings = await commandSettings(SETTINGS, args, terminal);
  if (settings === undefined) return undefined;
  const Api = await load();
  return new Api(settings.text('client.url'), settings.number('client.answerMs'), terminal.whenInterrupted());
}
