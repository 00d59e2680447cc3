import { DEFAULT_PORT } from '../../broker/options.js';
import { CLIENT_LIMITS } from '../../client/client-limits.js';
import { BROKER_LIMITS, LIMIT_NAMES } from '../../limits.js';
import { CLIENT_LIMIT_NAMES, CLIENT_LIMIT_TEXTS } from './client-limits.js';
import type { SettingKind, SettingValue } from './setting-kind.js';

/** One thing that can be set in the file, the environment and by flag. */
export interface Setting {
  /** Where it stands in the file: `port`, `limits.maxFrameBytes`. */
  readonly key: string;
  /** The last part of the key, as errors and the code call it. */
  readonly name: string;
  /** Name of the environment variable. */
  readonly env: string;
  /** Name of the flag, without dashes. */
  readonly flag: string;
  readonly kind: SettingKind;
  readonly default: SettingValue;
  /** One sentence for the documentation, the JSON Schema and `--help`. */
  readonly about: string;
}

/** Name of the configuration file that is taken when it is there. */
export const CONFIG_FILE_NAME = 'modwire.config.json';
/** Environment variable that names another one. */
export const CONFIG_FILE_ENV = 'MODWIRE_CONFIG';
/** Environment variable that forces or forbids the native addon; it is read where that is loaded. */
export const NATIVE_ENV = 'MODWIRE_NATIVE';

const MAX_PORT = 65_535;
const MAX_TEXT_LENGTH = 256;
const TEXT: SettingKind = { type: 'text', maxLength: MAX_TEXT_LENGTH };

/** What `modwire serve` takes. */
export const BROKER_SETTINGS: readonly Setting[] = [
  setting('host', TEXT, '127.0.0.1', 'Address to listen on; 0.0.0.0 for every one of this machine.'),
  setting(
    'port',
    { type: 'quantity', unit: 'count', min: 0, max: MAX_PORT },
    DEFAULT_PORT,
    'Port to listen on; 0 has a free one picked.',
  ),
  setting('name', TEXT, 'modwire', 'How the broker calls itself.'),
  setting(
    'transport',
    { type: 'choice', choices: ['auto', 'uws', 'ws'] },
    'auto',
    'WebSocket server: uws (uWebSockets.js), ws, or auto for uws where its binary fits this Node.js.',
  ),
  setting(
    'slowConsumerPolicy',
    { type: 'choice', choices: ['resume', 'close'] },
    'resume',
    'What becomes of consumers that read too slowly: they resume with a gap, or their connection is closed.',
  ),
  setting(
    'dataDir',
    { type: 'directory' },
    '',
    'Directory where contracts, experiments, rollouts and streams are kept; without one they are kept in memory and end with the broker.',
  ),
  setting(
    'requireContracts',
    { type: 'boolean' },
    false,
    'Whether frames on subjects that are bound to no contract are refused.',
  ),
  setting(
    'quarantine',
    { type: 'boolean' },
    false,
    'Whether frames that break their contract are published to $quarantine.SUBJECT, with the reason.',
  ),
  setting(
    'allowedOrigins',
    { type: 'origins' },
    [],
    "Origins of web pages that may connect, and change something over HTTP, with commas between; * for all. Pages of the broker's own host, and programs, always may.",
  ),
  ...LIMIT_NAMES.map((name) => {
    const { unit, min, max, default: value, about } = BROKER_LIMITS[name];
    return setting(`limits.${name}`, { type: 'quantity', unit, min, max }, value, about);
  }),
];

/** What `modwire pub` and `modwire sub` take. */
export const CLIENT_SETTINGS: readonly Setting[] = [
  setting('client.url', { type: 'url' }, `ws://127.0.0.1:${DEFAULT_PORT}`, 'Address of the broker.'),
  ...CLIENT_LIMIT_NAMES.map((name) => {
    const { unit, max, about } = CLIENT_LIMIT_TEXTS[name];
    return setting(`client.${name}`, { type: 'quantity', unit, min: 1, max }, CLIENT_LIMITS[name], about);
  }),
];

export const SETTINGS: readonly Setting[] = [...BROKER_SETTINGS, ...CLIENT_SETTINGS];

function setting(key: string, kind: SettingKind, value: SettingValue, about: string): Setting {
  const name = key.slice(key.lastIndexOf('.') + 1);
  const words = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const env = `MODWIRE_${words.replaceAll('-', '_').toUpperCase()}`;
  return { key, name, env, flag: words, kind, default: value, about };
}
