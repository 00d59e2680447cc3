import { ModwireError } from '../errors.js';

/** Longest subject or filter. Bytes of UTF-8. */
export const MAX_SUBJECT_BYTES = 255;
/** Most tokens in a subject or filter. */
export const MAX_SUBJECT_TOKENS = 32;

/** One token, exactly. */
export const ANY_TOKEN = '*';
/** One or more tokens; last in a filter. */
export const ANY_TAIL = '>';

/**
 * Whether a subject (or its first token) is reserved: it begins with `$`. The broker alone publishes to those, and a
 * wildcard in the first place does not select them: whoever wants them says so.
 */
export function isReserved(subject: string): boolean {
  return subject.startsWith('$');
}

// Space and control characters would make subjects unreadable in logs and splittable in text protocols.
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const FORBIDDEN = /[\u0000-\u0020\u007f]/u;
// All of these would become U+FFFD on the wire: subjects that differ here would be one there.
const HALF_PAIR = /\p{Surrogate}/u;

/**
 * Throws INVALID_ARGUMENT unless `subject` is one: 1 to 32 tokens with dots between, no token empty, `*` or `>`,
 * no spaces, control characters or halves of surrogate pairs, at most 255 bytes.
 */
export function checkSubject(subject: string): void {
  const problem = problemOf(subject, false);
  if (problem !== undefined) throw invalid('subject', subject, problem);
}

/** Throws INVALID_ARGUMENT unless `filter` is a subject in which tokens may be `*` and the last may be `>`. */
export function checkFilter(filter: string): void {
  const problem = problemOf(filter, true);
  if (problem !== undefined) throw invalid('filter', filter, problem);
}

/** Whether a filter has wildcards; without, it names one subject. */
export function hasWildcard(filter: string): boolean {
  return filter.split('.').some((token) => token === ANY_TOKEN || token === ANY_TAIL);
}

/** Whether a valid filter selects a valid subject. */
export function matchesFilter(filter: string, subject: string): boolean {
  const wanted = filter.split('.');
  const tokens = subject.split('.');
  if (isReserved(subject) && hasWildcard(wanted[0]!)) return false;
  for (let index = 0; index < wanted.length; index++) {
    if (wanted[index] === ANY_TAIL) return tokens.length > index;
    if (index >= tokens.length) return false;
    if (wanted[index] !== ANY_TOKEN && wanted[index] !== tokens[index]) return false;
  }
  return wanted.length === tokens.length;
}

/** Whether two valid filters have a subject in common. */
export function filtersOverlap(a: string, b: string): boolean {
  const left = a.split('.');
  const right = b.split('.');
  const [first = '', other = ''] = [left[0], right[0]];
  if ((isReserved(a) && hasWildcard(other)) || (isReserved(b) && hasWildcard(first))) return false;
  for (let index = 0; index < left.length && index < right.length; index++) {
    const one = left[index]!;
    const two = right[index]!;
    if (one === ANY_TAIL || two === ANY_TAIL) return true;
    if (one !== two && one !== ANY_TOKEN && two !== ANY_TOKEN) return false;
  }
  return left.length === right.length;
}

function problemOf(text: string, wildcards: boolean): string | undefined {
  if (text.length === 0) return 'nothing';
  // A UTF-16 unit takes at most 3 bytes, so that only texts in doubt are encoded.
  if (text.length * 3 > MAX_SUBJECT_BYTES && new TextEncoder().encode(text).length > MAX_SUBJECT_BYTES) {
    return `more than ${MAX_SUBJECT_BYTES} bytes`;
  }
  if (FORBIDDEN.test(text)) return 'a space or control character';
  if (HALF_PAIR.test(text)) return 'half a surrogate pair';
  const tokens = text.split('.');
  if (tokens.length > MAX_SUBJECT_TOKENS) return `${tokens.length} tokens`;
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]!;
    if (token === '') return 'an empty token';
    if (token === ANY_TOKEN && !wildcards) return 'the wildcard *';
    if (token === ANY_TAIL && !wildcards) return 'the wildcard >';
    if (token === ANY_TAIL && index < tokens.length - 1) return '> before the last token';
  }
  return undefined;
}

function invalid(what: string, text: string, got: string): ModwireError {
  const wildcards = what === 'filter' ? ', where a token may be * and the last may be >' : '';
  return new ModwireError('INVALID_ARGUMENT', {
    what: `not a ${what}`,
    expected: `1 to ${MAX_SUBJECT_TOKENS} dot-separated tokens in at most ${MAX_SUBJECT_BYTES} bytes${wildcards}`,
    got,
    where: JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text),
  });
}
