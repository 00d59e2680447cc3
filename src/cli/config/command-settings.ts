import type { Arguments, OptionSpec } from '../arguments.js';
import type { Terminal } from '../terminal.js';
import { readConfigFile } from './config-file.js';
import { formatQuantity } from './quantity.js';
import { type ResolvedSettings, resolveSettings, suspiciousVariables } from './resolve-settings.js';
import type { SettingKind } from './setting-kind.js';
import { CONFIG_FILE_NAME, type Setting } from './settings.js';

const PLACEHOLDERS = { bytes: 'SIZE', ms: 'DURATION', count: 'N' } as const;

/** The flags of settings, and those about the configuration itself. */
export function settingOptions(settings: readonly Setting[]): OptionSpec[] {
  return [
    ...settings.map(
      (setting): OptionSpec => ({
        name: setting.flag,
        value: placeholderOf(setting.kind),
        about: `${setting.about} (${defaultOf(setting)})`,
        group: setting.kind.type === 'quantity' && setting.key.includes('.') ? 'Limits' : 'Options',
      }),
    ),
    {
      name: 'config',
      value: 'FILE',
      about: `Configuration file. (default ${CONFIG_FILE_NAME}, if it exists)`,
    },
    {
      name: 'print-config',
      about: 'Print the effective configuration as JSON, with the origin of each value, and exit.',
    },
  ];
}

/**
 * The effective settings of a command; warns of misspelt variables. With `--print-config` it prints them and returns
 * undefined. `check` throws INVALID_ARGUMENT for settings that contradict each other.
 */
export async function commandSettings(
  settings: readonly Setting[],
  args: Arguments,
  terminal: Terminal,
  check: (resolved: ResolvedSettings) => void = () => undefined,
): Promise<ResolvedSettings | undefined> {
  const { env, cwd, stdout, stderr } = terminal;
  for (const warning of suspiciousVariables(env)) {
    await stderr.line(`${stderr.style.yellow('warning:')} ${warning}`);
  }
  const file = readConfigFile(args.text('config'), env, cwd);
  const resolved = resolveSettings(settings, { file, env, flag: (name) => args.text(name) });
  check(resolved);
  if (!args.has('print-config')) return resolved;
  await stdout.line(JSON.stringify(resolved, undefined, 2));
  return undefined;
}

function placeholderOf(kind: SettingKind): string {
  if (kind.type === 'quantity') return PLACEHOLDERS[kind.unit];
  if (kind.type === 'choice') return kind.choices.join('|');
  if (kind.type === 'boolean') return 'true|false';
  return kind.type.toUpperCase();
}

function defaultOf({ kind, default: value }: Setting): string {
  const text = kind.type === 'quantity' ? formatQuantity(Number(value), kind.unit) : String(value);
  return `default ${text || 'none'}`;
}
