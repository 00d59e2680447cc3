import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareTwo, differencesOf, jsonReply } from '../support/mirrored.js';

const between = (a: unknown, b: unknown) => differencesOf(jsonReply(a), jsonReply(b));

describe('two JSON documents', () => {
  it.each<[string, unknown, unknown, string[]]>([
    ['the order of members', { a: 1, b: [] }, { b: [], a: 1 }, []],
    ['space and escapes', '{"a":"\\u0062"}', ' { "a" : "b" } ', []],
    ['a number within its tolerance', { a: 0.5 }, { a: 0.500001 }, []],
    ['a number beyond it', { a: 0.5 }, { a: 0.6 }, ['a: value, at a 0.5 / 0.6']],
    [
      'whole numbers, however large',
      { id: 1e9 },
      { id: 1e9 + 1 },
      ['id: value, at id 1000000000 / 1000000001'],
    ],
    ['a whole number and one nearly as large', { a: 1e6 }, { a: 1e6 + 0.5 }, []],
    ['texts', { a: { b: 'x' } }, { a: { b: 'y' } }, ['a.b: value, at a.b "x" / "y"']],
    ['a boolean', [true], [false], ['[]: value, at [0] true / false']],
    ['null and nothing', { a: null }, {}, ['a: missing, at a null / absent']],
    ['null and a text', { a: null }, { a: '' }, ['a: type, at a null / ""']],
    ['an array and an object', { a: [] }, { a: {} }, ['a: type, at a 0 elements / an object']],
    ['the whole', [], 7, ['payload: type, at payload 0 elements / 7']],
    [
      'elements, told of as one',
      { items: [{ price: 1 }, { price: 2.5 }, { price: 3 }] },
      { items: [{ price: 1 }, { price: 2.75 }, { price: 4, sold: true }] },
      [
        'items[].price: 2 value, at items[1].price 2.5 / 2.75',
        'items[].sold: extra, at items[2].sold absent / true',
      ],
    ],
    [
      'the number of elements within elements',
      [[1], [2, 3]],
      [[1], [2]],
      ['[]: length, at [1] 2 elements / 1 element'],
    ],
    [
      'names that are no words',
      { 'unit price': 1, payload: 1, 'a.b': 1, a: { payload: 1 } },
      { 'unit price': 2, payload: 2, 'a.b': 2, a: { payload: 2 } },
      [
        '["unit price"]: value, at ["unit price"] 1 / 2',
        '["payload"]: value, at ["payload"] 1 / 2',
        '["a.b"]: value, at ["a.b"] 1 / 2',
        'a.payload: value, at a.payload 1 / 2',
      ],
    ],
    [
      'a member that every object has otherwise',
      '{"__proto__":1}',
      {},
      ['__proto__: missing, at __proto__ 1 / absent'],
    ],
  ])('may differ in %s', (_, a, b, expected) => {
    expect(between(a, b)).toEqual(expected);
  });

  it('show of a long text where it differs, and of a long name its beginning', () => {
    const [text] = between({ a: `${'x'.repeat(999)}1` }, { a: `${'x'.repeat(999)}2` });
    expect(text).toBe(`a: value, at a …"${'x'.repeat(16)}1" / …"${'x'.repeat(16)}2"`);
    const [name] = between({ ['n'.repeat(1_000)]: 1 }, {});
    expect(name).toMatch(/^\["n{64}"…]: missing/);
  });

  it('have one path for long names that begin alike', () => {
    const names = (value: number) => ({ [`${'n'.repeat(64)}1`]: value, [`${'n'.repeat(64)}2`]: value });
    const { differences } = compareTwo(jsonReply(names(1)), jsonReply(names(2)));
    expect(differences).toMatchObject([{ compared: 2, differing: 2 }]);
    expect(between({ ['n'.repeat(64)]: 1 }, { [`${'n'.repeat(65)}`]: 1 })).toHaveLength(2);
  });

  it('do not differ from themselves, whatever they are', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        const { differences, leftOut } = compareTwo(jsonReply(text), jsonReply(text));
        expect([differences, leftOut]).toEqual([[], []]);
      }),
    );
  });

  it('are as different as JavaScript finds them, when no number is a fraction', () => {
    const values = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom(null, true, false, 0, 1, '', 'x'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b'), tie('value')),
      ),
    })).value;
    fc.assert(
      fc.property(values, values, (a, b) => {
        const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
        expect(between(a, b).length === 0).toBe(isDeepStrictEqual(plain(a), plain(b)));
      }),
    );
  });
});
