import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkFilter,
  checkSubject,
  filtersOverlap,
  hasWildcard,
  MAX_SUBJECT_BYTES,
  MAX_SUBJECT_TOKENS,
  matchesFilter,
} from '../../src/codec/subject.js';
import { ModwireError } from '../../src/errors.js';

function problem(check: (text: string) => void, text: string): string | undefined {
  try {
    check(text);
    return undefined;
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(ModwireError);
    expect((thrown as ModwireError).code).toBe('INVALID_ARGUMENT');
    return (thrown as ModwireError).message;
  }
}

const tokens = (count: number) => Array.from({ length: count }, () => 't').join('.');

const SUBJECTS = [
  'a',
  'a.b',
  'models.ranker.input',
  'größe.サイズ',
  'a*.b>c',
  '$sys.x',
  'A.a',
  'a-b_c',
  '🐘',
];
SUBJECTS.push(tokens(MAX_SUBJECT_TOKENS), 'x'.repeat(MAX_SUBJECT_BYTES), 'ö'.repeat(127), '🐘'.repeat(63));

const FILTERS = ['*', '>', 'a.*', 'a.>', '*.*.>', 'a.*.c', '*.b', `${tokens(MAX_SUBJECT_TOKENS - 1)}.>`];

/** Neither a subject nor a filter, and what the error says of it. */
const NEITHER: readonly [text: string, got: string][] = [
  ['', 'nothing'],
  ['.', 'an empty token'],
  ['a.', 'an empty token'],
  ['.a', 'an empty token'],
  ['a..b', 'an empty token'],
  ['a b', 'a space or control character'],
  ['a\tb', 'a space or control character'],
  ['a\0', 'a space or control character'],
  ['a\u007f', 'a space or control character'],
  ['\r\n', 'a space or control character'],
  ['a\ud800', 'half a surrogate pair'],
  ['\udc00.b', 'half a surrogate pair'],
  [tokens(MAX_SUBJECT_TOKENS + 1), `${MAX_SUBJECT_TOKENS + 1} tokens`],
  ['x'.repeat(MAX_SUBJECT_BYTES + 1), `more than ${MAX_SUBJECT_BYTES} bytes`],
  ['ö'.repeat(128), `more than ${MAX_SUBJECT_BYTES} bytes`],
  ['🐘'.repeat(64), `more than ${MAX_SUBJECT_BYTES} bytes`],
];

describe('the grammar of subjects', () => {
  it.each(SUBJECTS)('takes %j as a subject and as a filter without wildcards', (subject) => {
    expect(problem(checkSubject, subject)).toBeUndefined();
    expect(problem(checkFilter, subject)).toBeUndefined();
    expect(hasWildcard(subject)).toBe(false);
  });

  it.each(FILTERS)('takes %j as a filter with wildcards, not as a subject', (filter) => {
    expect(problem(checkFilter, filter)).toBeUndefined();
    expect(hasWildcard(filter)).toBe(true);
    expect(problem(checkSubject, filter)).toMatch(/not a subject: expected .*, got the wildcard [*>]/);
  });

  it.each(NEITHER)('takes %j as neither and says %s', (text, got) => {
    expect(problem(checkSubject, text)).toContain(`got ${got} (`);
    expect(problem(checkFilter, text)).toContain(`got ${got} (`);
  });

  it.each(['>.a', 'a.>.b', '>.>'])('takes > in %j for no tail', (filter) => {
    expect(problem(checkFilter, filter)).toContain('got > before the last token');
  });

  it('shows a long text shortened', () => {
    const message = problem(checkSubject, 'x'.repeat(10_000))!;
    expect(message).toContain(`"${'x'.repeat(80)}…"`);
    expect(message.length).toBeLessThan(300);
  });
});

const TABLE: readonly [filter: string, subject: string, matches: boolean][] = [
  ['a', 'a', true],
  ['a', 'b', false],
  ['a', 'a.b', false],
  ['a.b', 'a', false],
  ['*', 'a', true],
  ['*', 'a.b', false],
  ['a.*', 'a.b', true],
  ['a.*', 'a', false],
  ['a.*', 'a.b.c', false],
  ['*.b', 'a.b', true],
  ['a.*.c', 'a.b.c', true],
  ['a.*.c', 'a.b.d', false],
  ['>', 'a', true],
  ['>', 'a.b.c', true],
  ['a.>', 'a', false],
  ['a.>', 'a.b', true],
  ['a.>', 'a.b.c.d', true],
  ['a.>', 'b.b', false],
  ['*.>', 'a', false],
  ['*.>', 'a.b', true],
  ['A', 'a', false],
  // Reserved subjects have to be asked for.
  ['>', '$sys.a', false],
  ['*.a', '$sys.a', false],
  ['$sys.>', '$sys.a', true],
  ['$sys.*', '$sys.a', true],
  ['a.*', 'a.$b', true],
];

/** The definition once more, as slow and plain as can be: a filter is a regular expression over whole tokens. */
function matchesByExpression(filter: string, subject: string): boolean {
  const parts = filter.split('.').map((token) => {
    if (token === '*') return '[^.]+';
    return token === '>' ? '.+' : token.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  if (subject.startsWith('$') && /^[*>]/.test(filter)) return false;
  return new RegExp(`^${parts.join('\\.')}$`, 'u').test(subject);
}

const someTokens = (...words: string[]) =>
  fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 5 });
const someFilter = fc
  .tuple(someTokens('a', 'b', 'a+', '$a', '*'), fc.boolean())
  .map(([words, tail]) => [...words.slice(tail ? 1 : 0), ...(tail ? ['>'] : [])].join('.'));

describe('filters', () => {
  it.each(TABLE)('%s on %s: %s', (filter, subject, matches) => {
    expect(matchesFilter(filter, subject)).toBe(matches);
  });

  it('select what their definition says', () => {
    fc.assert(
      fc.property(someFilter, someTokens('a', 'b', 'a+', 'aa', '$a'), (filter, words) => {
        const subject = words.join('.');
        expect(matchesFilter(filter, subject)).toBe(matchesByExpression(filter, subject));
      }),
      { numRuns: 3000 },
    );
  });

  it('overlap when some subject is selected by both', () => {
    fc.assert(
      fc.property(someFilter, someFilter, someTokens('a', 'b', '$a'), (one, other, words) => {
        expect(filtersOverlap(one, other)).toBe(filtersOverlap(other, one));
        const subject = words.join('.');
        if (matchesFilter(one, subject) && matchesFilter(other, subject)) {
          expect(filtersOverlap(one, other)).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('that overlap have a subject in common', () => {
    const words = ['a', 'b', 'a+', '$a', 'x'];
    const subjects = [1, 2, 3].flatMap((length) =>
      Array.from({ length: words.length ** length }, (_, code) =>
        Array.from(
          { length },
          (_, place) => words[Math.floor(code / words.length ** place) % words.length]!,
        ).join('.'),
      ),
    );
    const short = someFilter.filter((filter) => filter.split('.').length <= 3);
    fc.assert(
      fc.property(short, short, (one, other) => {
        const common = subjects.some((text) => matchesFilter(one, text) && matchesFilter(other, text));
        expect(filtersOverlap(one, other)).toBe(common);
      }),
      { numRuns: 1000 },
    );
  });

  it('without wildcards select themselves alone', () => {
    for (const subject of SUBJECTS) {
      for (const other of SUBJECTS) expect(matchesFilter(subject, other)).toBe(subject === other);
    }
  });
});
