import { type Arguments, invalidFlag } from '../arguments.js';
import { parseQuantity } from '../config/quantity.js';

/** A place in a stream: an offset, or the first record of a time (Unix time in milliseconds). */
export type StreamPlace = { readonly offset: number } | { readonly time: number };

/** Which records of a stream are read: all that there are now, unless something else is said. */
export interface StreamPart {
  readonly from?: StreamPlace;
  readonly to?: StreamPlace;
  readonly filter?: string;
}

/** Both included. */
export interface OffsetRange {
  readonly first: number;
  readonly last: number;
}

const FORMS = 'an offset from 1 on, a time such as 2026-03-01T12:00:00Z, or one back from now such as -10m';

/** What a flag says of a place; undefined without it. Throws INVALID_ARGUMENT for what is none. */
export function placeOf(args: Arguments, name: string, nowMs: number): StreamPlace | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const place = parsePlace(text, nowMs);
  if (place === undefined) throw invalidFlag(name, FORMS, text);
  return place;
}

/** Undefined for a text that is no place. */
export function parsePlace(text: string, nowMs: number): StreamPlace | undefined {
  if (/^[1-9]\d*$/.test(text)) {
    const offset = Number(text);
    return Number.isSafeInteger(offset) ? { offset } : undefined;
  }
  if (text.startsWith('-')) {
    const backMs = parseQuantity(text.slice(1), 'ms');
    return backMs === undefined ? undefined : { time: nowMs - backMs };
  }
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : { time };
}

/** Offsets as people write them. */
export function rangesText(ranges: readonly OffsetRange[]): string {
  return ranges.map(({ first, last }) => (first === last ? String(first) : `${first} to ${last}`)).join(', ');
}
