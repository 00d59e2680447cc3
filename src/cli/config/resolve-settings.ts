import { ModwireError } from '../../errors.js';
import { nearest } from '../suggest.js';
import type { ConfigFile } from './config-file.js';
import { describeKind, readValue, type SettingValue } from './setting-kind.js';
import { CONFIG_FILE_ENV, NATIVE_ENV, SETTINGS, type Setting } from './settings.js';

/** Where a value came from; later ones win. */
export type Origin = 'default' | 'file' | 'env' | 'flag';

export interface ResolvedSetting {
  readonly setting: Setting;
  readonly value: SettingValue;
  readonly origin: Origin;
  /** The place itself, as errors name it; empty for a default. */
  readonly from: string;
}

/** Where values may come from beside the defaults. */
export interface Sources {
  readonly file: ConfigFile | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Text of a flag by its name without dashes; undefined where it was not given. */
  readonly flag: (name: string) => string | undefined;
}

/** Settings with their effective values. */
export class ResolvedSettings {
  readonly all: readonly ResolvedSetting[];
  readonly configFile: string | undefined;

  constructor(all: readonly ResolvedSetting[], configFile: string | undefined) {
    this.all = all;
    this.configFile = configFile;
  }

  text(key: string): string {
    return String(this.#find(key).value);
  }

  number(key: string): number {
    return Number(this.#find(key).value);
  }

  list(key: string): readonly string[] {
    return [this.#find(key).value].flat().map(String);
  }

  flag(key: string): boolean {
    return this.#find(key).value === true;
  }

  /** The numbers of one section by name. */
  section(section: string): Record<string, number> {
    const inside = this.all.filter(
      ({ setting }) => setting.key.startsWith(`${section}.`) && setting.kind.type === 'quantity',
    );
    return Object.fromEntries(inside.map(({ setting, value }) => [setting.name, Number(value)]));
  }

  /** The effective configuration with the origin of each value, in the shape of the file. */
  toJSON(): Record<string, unknown> {
    const root: Record<string, unknown> = { configFile: this.configFile ?? null };
    for (const { setting, value, origin, from } of this.all) {
      const entry = { value, origin, ...(from === '' ? {} : { from }) };
      const [section] = setting.key.split('.');
      if (section === setting.key) root[setting.key] = entry;
      else {
        root[section!] ??= {};
        (root[section!] as Record<string, unknown>)[setting.name] = entry;
      }
    }
    return root;
  }

  #find(key: string): ResolvedSetting {
    const found = this.all.find(({ setting }) => setting.key === key);
    if (found === undefined) throw new ModwireError('INTERNAL', `no setting ${key}`);
    return found;
  }
}

/**
 * The effective value of each setting: its default, unless the file says otherwise, unless the environment does,
 * unless a flag does. Throws INVALID_ARGUMENT with the place of a value that is not valid, also where a later one
 * would win: a broken file is better found today than on the day the variable goes away.
 */
export function resolveSettings(settings: readonly Setting[], sources: Sources): ResolvedSettings {
  const { file, env } = sources;
  // The whole file is read with every command, so that no part of it rots.
  for (const setting of SETTINGS) {
    if (file?.values.has(setting.key))
      checkedValue(setting, file.values.get(setting.key), fromFile(file, setting));
  }
  const all = settings.map((setting): ResolvedSetting => {
    let resolved: ResolvedSetting = { setting, value: setting.default, origin: 'default', from: '' };
    const take = (origin: Origin, raw: unknown, from: string) => {
      resolved = { setting, value: checkedValue(setting, raw, from), origin, from };
    };
    if (file?.values.has(setting.key)) take('file', file.values.get(setting.key), fromFile(file, setting));
    // An empty variable is how compose files and shells write one that is not set.
    if (env[setting.env]) take('env', env[setting.env], `environment variable ${setting.env}`);
    const flag = sources.flag(setting.flag);
    if (flag !== undefined) take('flag', flag, `flag --${setting.flag}`);
    return resolved;
  });
  return new ResolvedSettings(all, file?.path);
}

/** Variables that look like a misspelt setting, as one warning each. */
export function suspiciousVariables(env: NodeJS.ProcessEnv): string[] {
  const names = [...SETTINGS.map((setting) => setting.env), CONFIG_FILE_ENV, NATIVE_ENV];
  return Object.keys(env)
    .filter((name) => name.startsWith('MODWIRE_') && !names.includes(name))
    .flatMap((name) => {
      const meant = nearest(name, names);
      return meant === undefined ? [] : [`environment variable ${name} is not read; did you mean ${meant}?`];
    });
}

function fromFile(file: ConfigFile, setting: Setting): string {
  return `${file.path}, key ${setting.key}`;
}

function checkedValue(setting: Setting, raw: unknown, from: string): SettingValue {
  const value = readValue(setting.kind, raw);
  if (value !== undefined) return value;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: `${setting.name} is not valid`,
    expected: describeKind(setting.kind),
    got: JSON.stringify(raw),
    where: `from ${from}`,
    ...(setting.env === 'MODWIRE_PORT' && String(raw).startsWith('tcp://') ? { advice: SERVICE_LINK } : {}),
  });
}

const SERVICE_LINK =
  'Kubernetes sets this for a service named modwire: set enableServiceLinks: false, or use --port';
