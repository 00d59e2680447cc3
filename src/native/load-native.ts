import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ModwireError } from '../errors.js';
import type { NativeAddon, NativeFeatures } from './native-addon.js';
import { type OpenedAddon, openAddon } from './open-addon.js';

/** Environment variable: 0 never loads the addon, 1 insists on it, unset uses it when it is there. */
export const NATIVE_ENV = 'MODWIRE_NATIVE';

export interface NativeStatus {
  readonly inUse: boolean;
  /** Half a sentence: why it is in use, or why not. */
  readonly why: string;
  /** What to do to have it; undefined when it is in use, or not wanted. */
  readonly advice: string | undefined;
  /** MODWIRE_NATIVE=1: without the addon nothing that wants it works. */
  readonly required: boolean;
  /** The file that is loaded. */
  readonly path: string | undefined;
  readonly features: NativeFeatures | undefined;
}

interface Loaded {
  readonly addon: NativeAddon | undefined;
  readonly status: NativeStatus;
}

/** From src/native and from dist/native alike. */
const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

let loaded: Loaded | undefined;

/**
 * The addon, loaded once for each thread; undefined where there is none or MODWIRE_NATIVE is 0. Throws
 * FAILED_PRECONDITION when there is none and MODWIRE_NATIVE is 1, INVALID_ARGUMENT when that is something else.
 */
export function loadNative(): NativeAddon | undefined {
  const { addon, status } = load();
  if (addon === undefined && status.required) throw nativeMissing(status);
  return addon;
}

/** Whether the addon is in use and why; loads it where nobody has yet. Throws INVALID_ARGUMENT for MODWIRE_NATIVE. */
export function nativeStatus(): NativeStatus {
  return load().status;
}

/** What those get who insist on the addon and cannot have it. */
export function nativeMissing({ why, advice }: NativeStatus): ModwireError {
  return new ModwireError('FAILED_PRECONDITION', {
    what: `${NATIVE_ENV} is 1 and the native addon cannot be used: ${why}`,
    ...(advice === undefined ? {} : { advice: `${advice}; or unset ${NATIVE_ENV}` }),
  });
}

function load(): Loaded {
  loaded ??= decide(readSetting(process.env[NATIVE_ENV]));
  return loaded;
}

function decide(setting: '0' | '1' | undefined): Loaded {
  if (setting === '0') return without(`${NATIVE_ENV} is 0`, undefined, false);
  const opened: OpenedAddon = openAddon(PACKAGE);
  const required = setting === '1';
  if (opened.addon === undefined) return without(opened.why, adviceFor(opened.why), required);
  const { addon, path } = opened;
  const why = `it fits Node.js ${process.versions.node} on ${process.platform}-${process.arch}`;
  return {
    addon,
    status: { inUse: true, why, advice: undefined, required, path, features: addon.features },
  };
}

function without(why: string, advice: string | undefined, required: boolean): Loaded {
  const status = { inUse: false, why, advice, required, path: undefined, features: undefined };
  return { addon: undefined, status };
}

function adviceFor(why: string): string {
  const build = `run node ${join(PACKAGE, 'scripts/build-native.mjs')} --force`;
  return /: no (C\+\+ compiler|make|python3)$/.test(why)
    ? `install a C++ compiler, make and python3, then ${build}`
    : build;
}

function readSetting(text: string | undefined): '0' | '1' | undefined {
  if (text === '0' || text === '1') return text;
  // An empty variable is how compose files and shells write one that is not set.
  if (text === undefined || text === '') return undefined;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: `${NATIVE_ENV} is not valid`,
    expected: '0 (never), 1 (always) or unset (where it is there)',
    got: JSON.stringify(text),
  });
}
