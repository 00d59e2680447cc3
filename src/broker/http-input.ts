import { ModwireError } from '../errors.js';
import { type HttpRequest, JSON_TYPE, unsupportedType } from './http-message.js';

/** Of JSON that holds no schema. Bytes. */
export const SMALL_BODY_BYTES = 64 * 1024;

const SHOWN_CHARACTERS = 80;

/** A part of a path, or something else that is percent-encoded, decoded. Throws INVALID_ARGUMENT. */
export function decodePart(text: string, where = 'path'): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badInput(where, 'percent-encoded UTF-8', text);
  }
}

/** Throws INVALID_ARGUMENT unless `text` is a number of a version. */
export function parseVersion(text: string, where: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw badInput(where, 'the number of a version, from 1 on', text);
}

/** Throws INVALID_ARGUMENT for a parameter that is not one of `names`, or is there twice and not one of `repeatable`. */
export function checkQuery(
  query: URLSearchParams,
  names: readonly string[],
  repeatable: readonly string[] = [],
): void {
  const seen = new Set<string>();
  for (const name of query.keys()) {
    const isKnown = names.includes(name) || repeatable.includes(name);
    if (!isKnown || (seen.has(name) && !repeatable.includes(name))) {
      const known = [...names, ...repeatable].join(', ') || 'none';
      throw badInput(
        'query',
        `parameters ${known}, each once${repeatable.length > 0 ? ' or more' : ''}`,
        name,
      );
    }
    seen.add(name);
  }
}

/** A JSON object with no members but these. Throws INVALID_ARGUMENT, RESOURCE_EXHAUSTED for more than `maxBytes`. */
export function readJsonObject(
  request: Pick<HttpRequest, 'body' | 'contentType'>,
  members: readonly string[],
  maxBytes: number,
): Readonly<Record<string, unknown>> {
  return objectOf(readJson(request, maxBytes), members, 'body');
}

/** Any JSON. Throws as `readJsonObject` does. */
export function readJson(
  { body, contentType }: Pick<HttpRequest, 'body' | 'contentType'>,
  maxBytes: number,
): unknown {
  if (contentType !== JSON_TYPE) throw unsupportedType([JSON_TYPE], contentType);
  if (body.length > maxBytes) {
    throw new ModwireError('RESOURCE_EXHAUSTED', {
      what: 'the body is too large',
      expected: `at most ${maxBytes} bytes`,
      got: String(body.length),
    });
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (thrown) {
    throw badInput('body', 'JSON in UTF-8', (thrown as Error).message);
  }
}

/** An object with no members but these. */
export function objectOf(
  value: unknown,
  members: readonly string[],
  where: string,
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badInput(where, `an object with ${members.join(', ')}`, value);
  }
  const unknown = Object.keys(value).find((name) => !members.includes(name));
  if (unknown !== undefined) throw badInput(where, `members ${members.join(', ')}`, unknown);
  return value as Record<string, unknown>;
}

/** A member that is a text; undefined without it. */
export function textOf(object: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = object[name];
  if (value === undefined || typeof value === 'string') return value;
  throw badInput(name, 'a text', value);
}

/** A member or parameter that has to be there. */
export function required(value: string | null | undefined, name: string): string {
  if (value !== undefined && value !== null) return value;
  throw badInput(name, 'a text', 'nothing');
}

/** The error of an input: `got` is shown in short. */
export function badInput(where: string, expected: string, got: unknown): ModwireError {
  const text = typeof got === 'string' ? got : (JSON.stringify(got) ?? String(got));
  const short = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return new ModwireError('INVALID_ARGUMENT', { what: 'not understood', expected, got: short, where });
}
