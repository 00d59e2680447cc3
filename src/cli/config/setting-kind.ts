import { isOrigin } from '../../broker/http-origin.js';
import { describeQuantity, parseQuantity, type Unit } from './quantity.js';

/** What values a setting takes. */
export type SettingKind =
  | { readonly type: 'quantity'; readonly unit: Unit; readonly min: number; readonly max: number }
  /** 1 to `maxLength` characters. */
  | { readonly type: 'text'; readonly maxLength: number }
  | { readonly type: 'choice'; readonly choices: readonly string[] }
  | { readonly type: 'boolean' }
  /** A directory; empty for none. */
  | { readonly type: 'directory' }
  /** Address of a broker. */
  | { readonly type: 'url' }
  /** Origins of web pages: a list in the file, or a text with commas between. */
  | { readonly type: 'origins' };

export type SettingValue = string | number | boolean | readonly string[];

/** Regular expression of a broker's address; the JSON Schema says the same to editors. */
export const URL_PATTERN = '^wss?://[^\\s/]+(/\\S*)?$';

/** Reads a value as it stands in a file, an environment variable or a flag; undefined when it is not valid. */
export function readValue(kind: SettingKind, raw: unknown): SettingValue | undefined {
  switch (kind.type) {
    case 'quantity': {
      const value = parseQuantity(raw, kind.unit);
      return value !== undefined && value >= kind.min && value <= kind.max ? value : undefined;
    }
    case 'text':
      return typeof raw === 'string' && raw.length > 0 && raw.length <= kind.maxLength ? raw : undefined;
    case 'choice':
      return typeof raw === 'string' && kind.choices.includes(raw) ? raw : undefined;
    case 'boolean':
      if (raw === true || raw === 'true') return true;
      return raw === false || raw === 'false' ? false : undefined;
    case 'directory':
      return typeof raw === 'string' && !raw.includes('\0') ? raw : undefined;
    case 'url':
      return typeof raw === 'string' && new RegExp(URL_PATTERN).test(raw) && URL.canParse(raw)
        ? raw
        : undefined;
    case 'origins': {
      const list = raw === '' ? [] : typeof raw === 'string' ? raw.split(',').map((one) => one.trim()) : raw;
      return Array.isArray(list) && list.every(isOrigin) ? list : undefined;
    }
  }
}

/** What is expected of a value, for error messages. */
export function describeKind(kind: SettingKind): string {
  switch (kind.type) {
    case 'quantity':
      return describeQuantity(kind.unit, kind.min, kind.max);
    case 'text':
      return `text of 1 to ${kind.maxLength} characters`;
    case 'choice':
      return `one of ${kind.choices.join(', ')}`;
    case 'boolean':
      return 'true or false';
    case 'directory':
      return 'the path of a directory';
    case 'url':
      return 'ws://HOST:PORT or wss://HOST:PORT';
    case 'origins':
      return 'SCHEME://HOST[:PORT] or *, with commas between several';
  }
}
