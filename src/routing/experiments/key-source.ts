import { EXPERIMENT_LIMITS } from './experiment-limits.js';

/** Where a request has its assignment key. */
export type KeySource =
  /** Its assignment key, a text. */
  | { readonly from: 'key' }
  /** The same, or the id of a request that has none, 16 bytes: such requests are divided too, each by itself. */
  | { readonly from: 'key-or-id' }
  /** Its trace id, 16 bytes: every request has one. */
  | { readonly from: 'trace' }
  /** The value of the first header of exactly this name. */
  | { readonly from: 'header'; readonly name: string }
  /** A field of its payload: `user.id`. */
  | { readonly from: 'payload'; readonly path: string };

const HEADER = /^[\x21-\x7e]+$/;
const PATH = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;

/** Reads what an experiment says of its key; undefined when it is none. */
export function parseKeySource(text: string): KeySource | undefined {
  if (text === 'key' || text === 'key-or-id' || text === 'trace') return { from: text };
  const colon = text.indexOf(':');
  const from = text.slice(0, colon);
  const rest = text.slice(colon + 1);
  if (colon < 0 || rest.length > EXPERIMENT_LIMITS.maxKeyCharacters) return undefined;
  if (from === 'header' && HEADER.test(rest)) return { from, name: rest };
  if (from === 'payload' && PATH.test(rest)) return { from, path: rest };
  return undefined;
}
