import type { Arguments, OptionSpec } from '../arguments.js';
import { commandSettings, settingOptions } from '../config/command-settings.js';
import { CLIENT_SETTINGS } from '../config/settings.js';
import { whenInterrupted } from '../interruption.js';
import type { Terminal } from '../terminal.js';
import type { ContractsApi } from './contracts-api.js';

const SETTINGS = CLIENT_SETTINGS.filter(({ key }) => key === 'client.url' || key === 'client.answerMs');

/** The flags of commands that ask a broker. */
export const BROKER_OPTIONS: readonly OptionSpec[] = settingOptions(SETTINGS);

/** The contracts of the broker that the settings name; undefined when only these were asked for. */
export async function openContracts(args: Arguments, terminal: Terminal): Promise<ContractsApi | undefined> {
  const settings = await commandSettings(SETTINGS, args, terminal);
  if (settings === undefined) return undefined;
  // Loaded only when it is needed: help and mistakes are answered faster without.
  const { ContractsApi } = await import('./contracts-api.js');
  return new ContractsApi(settings.text('client.url'), settings.number('client.answerMs'), whenInterrupted());
}
