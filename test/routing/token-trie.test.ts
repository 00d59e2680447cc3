import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesFilter } from '../../src/codec/subject.js';
import { TokenTrie } from '../../src/routing/token-trie.js';
import { liveHeapBytes } from '../support/broker-heap.js';

const token = fc.constantFrom('a', 'b', 'c', 'ä', '0', 'a*', '>b', '$a');
const subject = fc.array(token, { minLength: 1, maxLength: 5 }).map((tokens) => tokens.join('.'));
const filter = fc
  .tuple(
    fc.array(fc.oneof(token, fc.constant('*')), { minLength: 1, maxLength: 5 }),
    fc.option(fc.constant('>'), { nil: undefined }),
  )
  .map(([tokens, tail]) => (tail === undefined ? tokens : [...tokens.slice(1), tail]).join('.'));

type Change = { readonly add: boolean; readonly key: string; readonly value: number };
const changes = (key: fc.Arbitrary<string>): fc.Arbitrary<Change[]> =>
  fc.array(fc.record({ add: fc.boolean(), key, value: fc.nat(3) }), { maxLength: 60 });

/** Applies changes to a trie and to a list of pairs, holding their answers against each other. */
function applied(all: readonly Change[]): { trie: TokenTrie<number>; pairs: Set<string> } {
  const trie = new TokenTrie<number>();
  const pairs = new Set<string>();
  for (const { add, key, value } of all) {
    const pair = `${key} ${value}`;
    if (add) {
      trie.add(key, value);
      pairs.add(pair);
    } else expect(trie.delete(key, value)).toBe(pairs.delete(pair));
    expect(trie.size).toBe(pairs.size);
  }
  return { trie, pairs };
}

/** Values of all pairs whose key passes, sorted; a value appears once per key. */
function naive(pairs: ReadonlySet<string>, passes: (key: string) => boolean): number[] {
  return [...pairs]
    .map((pair) => pair.split(' '))
    .filter(([key]) => passes(key!))
    .map(([, value]) => Number(value))
    .sort();
}

function visited(walk: (visit: (value: number) => void) => void): number[] {
  const values: number[] = [];
  walk((value) => values.push(value));
  return values.sort();
}

describe('a token trie', () => {
  it('finds exactly the filters that select a subject, whatever was added and removed before', () => {
    fc.assert(
      fc.property(changes(filter), fc.array(subject, { minLength: 1, maxLength: 8 }), (all, subjects) => {
        const { trie, pairs } = applied(all);
        for (const one of subjects) {
          const expected = naive(pairs, (key) => matchesFilter(key, one));
          expect(visited((visit) => trie.selecting(one, visit))).toEqual(expected);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('finds exactly the subjects that a filter selects, whatever was added and removed before', () => {
    fc.assert(
      fc.property(changes(subject), fc.array(filter, { minLength: 1, maxLength: 8 }), (all, filters) => {
        const { trie, pairs } = applied(all);
        for (const one of filters) {
          const expected = naive(pairs, (key) => matchesFilter(one, key));
          expect(visited((visit) => trie.selectedBy(one, visit))).toEqual(expected);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('keeps a value once under a key, and apart under different keys', () => {
    const trie = new TokenTrie<string>();
    trie.add('a.b', 'one');
    trie.add('a.b', 'one');
    trie.add('a.*', 'one');
    expect(trie.size).toBe(2);
    const found: string[] = [];
    trie.selecting('a.b', (value) => found.push(value));
    expect(found).toEqual(['one', 'one']);
  });

  it('says whether there was something to delete', () => {
    const trie = new TokenTrie<number>();
    trie.add('a.b', 1);
    expect(trie.delete('a', 1)).toBe(false);
    expect(trie.delete('a.b.c', 1)).toBe(false);
    expect(trie.delete('a.b', 2)).toBe(false);
    expect(trie.delete('a.b', 1)).toBe(true);
    expect(trie.delete('a.b', 1)).toBe(false);
    expect(trie.size).toBe(0);
  });

  it('keeps what lies above and below a deleted key', () => {
    const trie = new TokenTrie<number>();
    for (const [index, key] of ['a', 'a.b', 'a.b.c'].entries()) trie.add(key, index);
    trie.delete('a.b', 1);
    expect(visited((visit) => trie.selectedBy('>', visit))).toEqual([0, 2]);
    trie.delete('a.b.c', 2);
    expect(visited((visit) => trie.selectedBy('>', visit))).toEqual([0]);
  });

  it('leaves no nodes behind when everything is deleted', () => {
    const trie = new TokenTrie<number>();
    const keys = Array.from({ length: 30_000 }, (_, index) => `user.${index}.${index % 7}.input`);
    const before = liveHeapBytes();
    for (const key of keys) trie.add(key, 1);
    const full = liveHeapBytes();
    for (const key of keys) trie.delete(key, 1);
    expect(liveHeapBytes() - before).toBeLessThan((full - before) / 20);
  });
});
