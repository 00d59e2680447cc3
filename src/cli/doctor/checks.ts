import { chooseTransport } from '../../broker/choose-transport.js';
import { toModwireError } from '../../errors.js';
import { nativeMissing, nativeStatus } from '../../native/load-native.js';
import { readConfigFile } from '../config/config-file.js';
import { type ResolvedSetting, resolveSettings } from '../config/resolve-settings.js';
import { BROKER_SETTINGS } from '../config/settings.js';
import type { Terminal } from '../terminal.js';
import type { Check, CheckResult } from './check.js';

/** Every check, in the order in which they are shown. */
export const CHECKS: readonly Check[] = [checkNode, checkTransport, checkNative];

async function checkNode(): Promise<CheckResult> {
  return {
    name: 'Node.js',
    state: 'good',
    value: process.versions.node,
    why: `on ${process.platform}-${process.arch}`,
    advice: undefined,
  };
}

/** The transport that `modwire serve` would take here, started as this was. */
async function checkTransport(terminal: Terminal): Promise<CheckResult> {
  const name = 'transport';
  let setting: ResolvedSetting;
  try {
    setting = transportSetting(terminal);
  } catch (thrown) {
    const error = toModwireError(thrown);
    return { name, state: 'failed', value: 'unknown', why: error.message, advice: undefined, error };
  }
  const wanted = setting.value as 'auto' | 'uws' | 'ws';
  const chosen = wanted === 'auto' ? '' : `, chosen by ${setting.from}`;
  let warning: string | undefined;
  try {
    await chooseTransport(wanted, (text) => {
      warning = text;
    });
  } catch (thrown) {
    const error = toModwireError(thrown);
    const { what, got, advice } = error.detail;
    return { name, state: 'failed', value: wanted, why: `${what} for ${got}${chosen}`, advice, error };
  }
  if (warning !== undefined) {
    const [why, advice] = warning.split(': using the slower ws transport. ');
    return { name, state: 'lesser', value: 'ws', why: why!, advice };
  }
  const value = wanted === 'ws' ? 'ws' : 'uws';
  const fits = `uWebSockets.js has a binary for Node.js ${process.versions.node}`;
  const why = value === 'uws' ? `${fits}${chosen}` : chosen.slice(2);
  return { name, state: 'good', value, why, advice: undefined };
}

function transportSetting({ env, cwd }: Terminal): ResolvedSetting {
  const file = readConfigFile(undefined, env, cwd);
  const { all } = resolveSettings(BROKER_SETTINGS, { file, env, flag: () => undefined });
  return all.find(({ setting }) => setting.key === 'transport')!;
}

async function checkNative(): Promise<CheckResult> {
  const name = 'native addon';
  try {
    const status = nativeStatus();
    const { inUse, required, why, advice, features } = status;
    const state = inUse ? 'good' : required ? 'failed' : 'lesser';
    return {
      name,
      state,
      value: inUse ? 'in use' : 'not in use',
      why,
      advice,
      ...(state === 'failed' ? { error: nativeMissing(status) } : {}),
      ...(features === undefined ? {} : { details: { ...features } }),
    };
  } catch (thrown) {
    const error = toModwireError(thrown);
    return { name, state: 'failed', value: 'not in use', why: error.message, advice: undefined, error };
  }
}
