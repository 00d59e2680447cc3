import { existsSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { ModwireError } from '../../errors.js';
import { didYouMean } from '../suggest.js';
import { jsonErrorOffset } from './json-place.js';
import { CONFIG_FILE_ENV, CONFIG_FILE_NAME, SETTINGS } from './settings.js';

/** What a configuration file says: raw values by key, such as `limits.maxFrameBytes`. */
export interface ConfigFile {
  /** As errors name it: relative to the working directory where that is shorter. */
  readonly path: string;
  readonly values: ReadonlyMap<string, unknown>;
}

/** For editors only. */
const SCHEMA_KEY = '$schema';
const KEYS = new Set(SETTINGS.map((setting) => setting.key));
const SECTIONS = new Set([...KEYS].filter((key) => key.includes('.')).map((key) => key.split('.')[0]!));

/**
 * Reads the file that was asked for by flag or environment, else `modwire.config.json` where it exists. Throws
 * NOT_FOUND for a file that was asked for and is not there, INVALID_ARGUMENT for one that is not valid; values
 * themselves are judged where they are used.
 */
export function readConfigFile(
  flag: string | undefined,
  env: NodeJS.ProcessEnv,
  cwd: string,
): ConfigFile | undefined {
  const asked = flag ?? (env[CONFIG_FILE_ENV] || undefined);
  const full = resolve(cwd, asked ?? CONFIG_FILE_NAME);
  const path = shortPath(full, cwd);
  if (!existsSync(full)) {
    if (asked === undefined) return undefined;
    const source = flag === undefined ? `environment variable ${CONFIG_FILE_ENV}` : 'flag --config';
    throw new ModwireError('NOT_FOUND', {
      what: 'no configuration file',
      got: path,
      where: `from ${source}`,
    });
  }
  return { path, values: flatten(parse(full, path), path) };
}

function parse(full: string, path: string): unknown {
  let text: string;
  try {
    text = readFileSync(full, 'utf8');
  } catch (cause) {
    throw new ModwireError('INVALID_ARGUMENT', {
      what: 'cannot read the configuration file',
      expected: 'a readable JSON file',
      got: (cause as NodeJS.ErrnoException).code ?? String(cause),
      where: path,
      cause,
    });
  }
  // Editors on Windows put a byte order mark in front.
  if (text.startsWith('\ufeff')) text = text.slice(1);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const offset = jsonErrorOffset(text) ?? text.length;
    throw new ModwireError('INVALID_ARGUMENT', {
      what: 'the configuration file is not JSON',
      got: offset === text.length ? 'its end too early' : `what cannot stand there: ${text[offset]}`,
      where: `${path}${placeOf(text, offset)}`,
      cause,
    });
  }
}

/** The keys of the two levels as one map. Throws for keys that nobody reads. */
function flatten(root: unknown, path: string): Map<string, unknown> {
  const values = new Map<string, unknown>();
  for (const [key, value] of Object.entries(asObject(root, path, ''))) {
    if (key === SCHEMA_KEY) continue;
    if (SECTIONS.has(key)) {
      for (const [name, inner] of Object.entries(asObject(value, path, key))) {
        values.set(known(`${key}.${name}`, path), inner);
      }
    } else values.set(known(key, path), value);
  }
  return values;
}

function known(key: string, path: string): string {
  if (KEYS.has(key)) return key;
  const name = key.slice(key.lastIndexOf('.') + 1);
  // A limit outside its section is meant as often as a misspelt name.
  const sameName = SETTINGS.find((setting) => setting.name === name)?.key;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: `unknown key ${JSON.stringify(key)}`,
    where: `in ${path}`,
    ...didYouMean(sameName ?? key, [...KEYS, ...SECTIONS]),
  });
}

function asObject(value: unknown, path: string, key: string): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: key === '' ? 'the configuration file is not valid' : `${key} is not valid`,
    expected: 'an object',
    got: JSON.stringify(value),
    where: key === '' ? path : `from ${path}, key ${key}`,
  });
}

/** Line and column of an offset, as `:3:14`. */
function placeOf(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  return `:${lines.length}:${lines[lines.length - 1]!.length + 1}`;
}

function shortPath(full: string, cwd: string): string {
  const short = relative(cwd, full);
  return short.length < full.length && !short.startsWith('..') ? short : full;
}
