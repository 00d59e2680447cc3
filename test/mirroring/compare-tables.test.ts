import { beforeAll, describe, expect, it } from 'vitest';
import type { CompiledSchema } from '../../src/contracts/compile-schema.js';
import { compareTwo, compiled, differencesOf, tableReply } from '../support/mirrored.js';
import { ALL_FEATURES } from '../support/transcoding-schemas.js';

let schema: CompiledSchema;
beforeAll(async () => {
  schema = await compiled(ALL_FEATURES);
});

/** Of two orders that are the same but for these fields. */
const between = (a: object, b: object) =>
  differencesOf(tableReply(schema, { code: '', ...a }), tableReply(schema, { code: '', ...b }));

describe('two payloads of one schema', () => {
  it.each<[string, object, object, string[]]>([
    ['a number', { number: 7 }, { number: 8 }, ['number: value, at number 7 / 8']],
    ['a number and its default', { number: 7 }, {}, ['number: value, at number 7 / -1']],
    ['a default and its absence', { number: -1, single: 1.5, real: 'inf' }, {}, []],
    ['a bool', { truth: true }, {}, ['truth: value, at truth true / false']],
    ['an enum', { colour: 'Blue' }, { colour: 1 }, ['colour: value, at colour "Blue" / "Red"']],
    ['flags', { marks: 'Bold' }, { marks: 'Bold Struck' }, ['marks: value, at marks "Bold" / "Bold Struck"']],
    [
      'the last of 64 bits',
      { long: '9223372036854775807' },
      { long: '9223372036854775806' },
      ['long: value, at long "9223372036854775807" / "9223372036854775806"'],
    ],
    ['a float within its tolerance', { single: 1000 }, { single: 1000.005 }, []],
    ['a float beyond it', { single: 1000 }, { single: 1000.5 }, ['single: value, at single 1000 / 1000.5']],
    [
      'a double as little off as that float',
      { real: 1000 },
      { real: 1000.005 },
      ['real: value, at real 1000 / 1000.005'],
    ],
    ['NaN and itself', { single: 'nan', reals: ['nan'] }, { single: 'nan', reals: ['nan'] }, []],
    ['NaN and a number', { real: 'nan' }, { real: 1 }, ['real: value, at real "nan" / 1']],
    [
      'two infinities',
      { reals: ['inf', 'inf'] },
      { reals: ['inf', '-inf'] },
      ['reals[]: value, at reals[1] "inf" / "-inf"'],
    ],
    [
      'a scalar that may be absent',
      { maybe_number: 0 },
      {},
      ['maybe_number: missing, at maybe_number 0 / absent'],
    ],
    ['an empty text and none', {}, { title: '' }, ['title: extra, at title absent / ""']],
    ['an empty vector and none', { notes: [] }, {}, []],
    ['a table and none', { note: { text: 'x' } }, {}, ['note: missing, at note shop.Note / absent']],
    [
      'a table within a table',
      { note: { text: '', next: { text: 'a' } } },
      { note: { text: '', next: { text: 'b' } } },
      ['note.next.text: value, at note.next.text "a" / "b"'],
    ],
    ['a struct', { place: { x: 1, y: 2 } }, { place: { x: 1, y: 3 } }, ['place.y: value, at place.y 2 / 3']],
    [
      'elements, told of as one',
      { points: [0, 1, 2, 3].map((x) => ({ x, y: 0 })) },
      { points: [0, 9, 2, 7].map((x) => ({ x, y: 0 })) },
      ['points[].x: 2 value, at points[1].x 1 / 9'],
    ],
    [
      'the number of elements, and those that both have',
      { texts: ['a', 'b', 'c'] },
      { texts: ['a', 'x'] },
      ['texts: length, at texts 3 elements / 2 elements', 'texts[]: value, at texts[1] "b" / "x"'],
    ],
    ['elements and no vector', { longs: [1] }, {}, ['longs: length, at longs 1 element / absent']],
    [
      'members of a union',
      { content_type: 'Note', content: { text: 'a' } },
      { content_type: 'Caption', content: 'a' },
      ['content: type, at content Note / Caption'],
    ],
    [
      'the inside of a member',
      { content_type: 'Point', content: { x: 1, y: 1 } },
      { content_type: 'Point', content: { x: 2, y: 1 } },
      ['content.x: value, at content.x 1 / 2'],
    ],
    [
      'a union and none',
      {},
      { content_type: 'Caption', content: '' },
      ['content: extra, at content absent / Caption'],
    ],
    [
      'unions in a vector',
      { contents_type: ['Caption', 'Note', 'Note'], contents: ['a', { text: 'b' }, { text: 'c' }] },
      { contents_type: ['Caption', 'Other', 'Note'], contents: ['x', { text: 'b' }, { text: 'd' }] },
      [
        'contents[]: value, type, at contents[0] "a" / "x"',
        'contents[].text: value, at contents[2].text "c" / "d"',
      ],
    ],
    [
      'a payload within the payload',
      { nested: { name: 'a', size: 1 } },
      { nested: { name: 'a' } },
      ['nested.size: value, at nested.size 1 / 7'],
    ],
  ])('may differ in %s', (_, a, b, expected) => {
    expect(between(a, b)).toEqual(expected);
  });

  it('show of a long text where it differs', () => {
    const title = 'ä'.repeat(1_000);
    expect(between({ title }, { title: `${title}.` })).toEqual([
      `title: value, at title …"${'ä'.repeat(8)}" / …"${'ä'.repeat(8)}."`,
    ]);
  });

  it('say how far their numbers are apart', () => {
    const [floats] = compareTwo(
      tableReply(schema, { code: '', reals: [1, 100, 'nan', 5] }),
      tableReply(schema, { code: '', reals: [2, 90, 4, 5] }),
    ).differences;
    expect(floats).toMatchObject({ path: 'reals[]', kinds: { value: 3 }, compared: 4, differing: 3 });
    expect([floats!.maxAbsolute, floats!.maxRelative]).toEqual([10, 0.5]);
    const [wide] = compareTwo(
      tableReply(schema, { code: '', long: '9223372036854775807' }),
      tableReply(schema, { code: '', long: '9223372036854775806' }),
    ).differences;
    expect([wide!.maxAbsolute, wide!.maxRelative]).toEqual([1, 2 ** -63]);
  });

  it('name every path where something was compared', () => {
    const order = { code: '', points: [{ x: 1, y: 2 }], note: { text: '' } };
    const { paths } = compareTwo(tableReply(schema, order), tableReply(schema, order));
    expect([...paths].sort()).toEqual([
      'code',
      'note',
      'note.text',
      'outcome',
      'payload',
      'points',
      'points[]',
      'points[].x',
      'points[].y',
      'replies',
    ]);
  });
});

describe('payloads of two versions of a schema', () => {
  const before = `
    table Item { price : double; label : string; }
    union Any { Item }
    table Answer { outcome : int = 1; total : int; items : [Item]; any : Any; gone : string; old : int (deprecated); }
    root_type Answer;`;
  const after = `
    table Item { price : double; label : string; rank : int; }
    table Extra { text : string; }
    union Any { Item, Extra }
    table Answer { outcome : int = 2; total : float; items : [Item]; any : Any; old : int; new : int; maybe : int = null; }
    root_type Answer;`;
  const of = async (a: object, b: object) =>
    differencesOf(tableReply(await compiled(before), a), tableReply(await compiled(after), b));

  it('are compared by the names of their fields', async () => {
    const items = [{ price: 2 }, { price: 3, label: 'x' }];
    expect(await of({ outcome: 1, items }, { outcome: 1, items })).toEqual([]);
    expect(
      await of(
        { outcome: 1, items },
        { outcome: 1, items: [{ price: 2 }, { price: 4, label: 'x', rank: 7 }] },
      ),
    ).toEqual([
      'items[].price: value, at items[1].price 3 / 4',
      'items[].rank: extra, at items[1].rank absent / 7',
    ]);
  });

  it('differ by defaults where neither has a value', async () => {
    expect(await of({}, {})).toEqual(['["outcome"]: value, at ["outcome"] 1 / 2']);
  });

  it('differ in what only one of the schemas has, once it is there', async () => {
    expect(await of({ outcome: 1, gone: 'x' }, { outcome: 1, new: 3, maybe: 0, old: 1 })).toEqual([
      'gone: missing, at gone "x" / absent',
      'old: extra, at old absent / 1',
      'new: extra, at new absent / 3',
      'maybe: extra, at maybe absent / 0',
    ]);
  });

  it('differ in the type of a field, and of a member that one does not know', async () => {
    const any = { any_type: 'Item', any: { price: 1 } };
    expect(await of({ outcome: 1, total: 1, ...any }, { outcome: 1, any_type: 'Extra', any: {} })).toEqual([
      'total: type, at total int / float',
      'any: type, at any Item / Extra',
    ]);
  });
});
