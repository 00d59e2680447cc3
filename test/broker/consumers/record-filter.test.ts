import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers, RecordFilter } from '../../../src/broker/consumers/record-filter.js';
import { Memory } from '../../../src/codec/memory.js';
import { matchesFilter } from '../../../src/codec/subject.js';
import { frameOf } from '../../support/raw-client.js';

const TOKENS = ['a', 'b', '$x'];
const subject = fc
  .array(fc.constantFrom(...TOKENS), { minLength: 1, maxLength: 3 })
  .map((all) => all.join('.'));
const filter = fc
  .tuple(fc.array(fc.constantFrom(...TOKENS, '*'), { maxLength: 3 }), fc.constantFrom('a', 'b', '*', '>'))
  .map(([tokens, last]) => [...tokens, last].join('.'));

describe('a filter of records', () => {
  it('covers another one only if it selects all that the other does', () => {
    fc.assert(
      fc.property(filter, filter, subject, (one, other, text) => {
        if (covers(one, other) && matchesFilter(other, text)) expect(matchesFilter(one, text)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['a.>', 'a.b', true],
    ['a.>', 'a.*', true],
    ['a.>', 'a.b.>', true],
    ['a.*', 'a.>', false],
    ['a.*', 'a.*', true],
    ['*.b', '$x.b', false],
    ['>', '$x', false],
    ['$x.*', '$x.b', true],
    ['a', 'a.b', false],
  ])('%s covers %s: %s', (one, other, expected) => {
    expect(covers(one, other)).toBe(expected);
  });

  it('needs no look at records of a stream of which it selects everything', () => {
    expect(RecordFilter.of('>', ['a', '$x.>'])).toBeUndefined();
    expect(RecordFilter.of('a.>', ['a.b', 'a.c.*'])).toBeUndefined();
    expect(RecordFilter.of('a.b', ['a.b', 'a.c'])).toBeDefined();
  });

  it('selects the frames whose subjects it selects, seen before or not', () => {
    fc.assert(
      fc.property(filter, fc.array(subject, { maxLength: 8 }), (text, subjects) => {
        const records = new RecordFilter(text);
        for (const one of subjects) {
          const bytes = frameOf(one);
          expect(records.selects(new Memory(bytes), 0, bytes.length)).toBe(matchesFilter(text, one));
        }
      }),
    );
  });
});
