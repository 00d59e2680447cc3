import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { Memory } from '../../src/codec/memory.js';
import { readSchema } from '../../src/contracts/bfbs-reader.js';
import { compileProgram } from '../../src/contracts/compile-program.js';
import { payloadFromJson } from '../../src/contracts/json/payload-from-json.js';
import { payloadToJson } from '../../src/contracts/json/payload-to-json.js';
import { ProgramVerifier } from '../../src/contracts/program-verifier.js';
import type { Schema } from '../../src/contracts/schema-model.js';
import { ModwireError } from '../../src/errors.js';
import { bfbsOfDraft, draftOf, named } from '../support/bfbs-draft.js';
import { bfbsOf } from '../support/flatc.js';
import { ALL_FEATURES } from '../support/transcoding-schemas.js';

let schema: Schema;
beforeAll(async () => {
  schema = readSchema(await bfbsOf(ALL_FEATURES));
});

/** There and back again, as texts; what is written must verify. */
function through(text: string, of = schema): string {
  const payload = payloadFromJson(of, of.root!, new TextEncoder().encode(text));
  const program = compileProgram(of, of.root!);
  expect(new ProgramVerifier().verify(program, new Memory(payload), 0, payload.length)).toBeUndefined();
  return new TextDecoder('utf-8', { fatal: true }).decode(payloadToJson(of, of.root!, payload));
}

/** JSON of the only field that is set beside the required one. */
const field = (name: string, json: string): string => {
  const found = through(`{"${name}":${json},"code":""}`);
  const rest = found.replace('"code":""', '').replace(/^\{,?|,?\}$/g, '');
  return rest.replace(`"${name}":`, '');
};

function refusal(text: string, of = schema): ModwireError {
  try {
    through(text, of);
  } catch (thrown) {
    if (thrown instanceof ModwireError) return thrown;
    throw thrown;
  }
  throw new Error('expected a refusal');
}

const INTEGERS: readonly [name: string, least: bigint, most: bigint][] = [
  ['tiny', -128n, 127n],
  ['small', 0n, 255n],
  ['short', -32_768n, 32_767n],
  ['word', 0n, 65_535n],
  ['number', -(2n ** 31n), 2n ** 31n - 1n],
  ['count', 0n, 2n ** 32n - 1n],
  ['long', -(2n ** 63n), 2n ** 63n - 1n],
  ['huge', 0n, 2n ** 64n - 1n],
];

describe('an integer in JSON', () => {
  it.each(INTEGERS)('takes all of its range and no more: %s', (name, least, most) => {
    const quoted = (value: bigint) => (Number.isSafeInteger(Number(value)) ? `${value}` : `"${value}"`);
    // 0 and the default of a field may be left out.
    for (const value of [least, least + 1n, most - 1n, most]) {
      if (value === 0n || field(name, `${value}`) === '') continue;
      expect(field(name, `${value}`)).toBe(quoted(value));
      if (name === 'long' || name === 'huge') expect(field(name, `"${value}"`)).toBe(quoted(value));
    }
    for (const value of [least - 1n, most + 1n, least - 2n ** 64n, most + 2n ** 64n, 10n ** 400n]) {
      const { code, detail } = refusal(`{"code":"","${name}":${value}}`);
      expect([code, detail.where]).toEqual(['INVALID_ARGUMENT', name]);
    }
  });

  it('keeps all 64 bits, as a number or as a text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        for (const json of [`${value}`, `"${value}"`]) {
          const [found] = JSON.parse(field('longs', `[${json}]`));
          expect(BigInt(found)).toBe(value);
        }
        const unsigned = BigInt.asUintN(64, value);
        const [found] = JSON.parse(field('huges', `[${unsigned}]`));
        expect(BigInt(found)).toBe(unsigned);
      }),
    );
  });

  it.each(['1e3', '1000.0', '10.00e2', '100000e-2'])('may be written as %s', (json) => {
    expect(field('number', json)).toBe('1000');
    expect(field('long', json)).toBe('1000');
  });

  it.each(['1.5', '1e-1', '1e999', '-1e999', '"7"', 'true', '[]', '{}', 'null'])('is not %s', (json) => {
    const { code, detail } = refusal(`{"code":"","number":${json}}`);
    expect([code, detail.where]).toEqual(['INVALID_ARGUMENT', 'number']);
  });

  it('of 64 bits is no other text than one of digits', () => {
    for (const text of ['', ' 1', '0x10', '1e3', '1.0', '-', '--1', '+1', 'NaN', '1'.repeat(1_000_000)]) {
      expect(refusal(`{"code":"","long":"${text}"}`).detail.where).toBe('long');
    }
  });
});

describe('a float in JSON', () => {
  it('keeps every double, and every float', () => {
    const words: Record<string, number> = { nan: Number.NaN, inf: Infinity, '-inf': -Infinity };
    const back = (json: unknown) => (typeof json === 'string' ? words[json] : json);
    const jsonOf = (value: number) =>
      Number.isFinite(value)
        ? Object.is(value, -0)
          ? '-0'
          : `${value}`
        : `"${Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'}"`;
    fc.assert(
      fc.property(fc.double(), fc.float(), (double, float) => {
        expect(back(JSON.parse(field('reals', `[${jsonOf(double)}]`))[0])).toBe(double);
        expect(Math.fround(back(JSON.parse(field('singles', `[${jsonOf(float)}]`))[0]) as number)).toBe(
          float,
        );
      }),
    );
  });

  it.each(['nan', '+nan', '-nan', 'inf', '+inf', '-inf', 'infinity', '+infinity', '-infinity'])(
    'may be the word %s, as it may for flatc',
    (word) => {
      const [found] = JSON.parse(field('reals', `["${word}"]`));
      expect(found).toBe(word.endsWith('nan') ? 'nan' : word.startsWith('-') ? '-inf' : 'inf');
    },
  );

  it.each([
    ['real', '1e309'],
    ['single', '1e39'],
    ['single', '-1e39'],
    ['real', '"NaN"'],
    ['real', '"1.5"'],
    ['real', 'true'],
  ])('named %s is not %s', (name, json) => {
    expect(refusal(`{"code":"","${name}":${json}}`).detail.where).toBe(name);
  });
});

describe('an enum in JSON', () => {
  it('is a name or a number, and comes out as its name', () => {
    for (const json of ['"Green"', '2', '2.0']) expect(field('colours', `[${json}]`)).toBe('["Green"]');
    expect(field('colours', '[77]')).toBe('[77]');
    expect(field('level', '"Low"')).toBe('"Low"');
    expect(field('level', '-9223372036854775808')).toBe('"Low"');
    expect(field('level', '"9223372036854775807"')).toBe('"High"');
    expect(field('maybe_colour', '"None"')).toBe('"None"');
  });

  it('of bits is names with spaces between, and comes out so when all of its bits have one', () => {
    expect(field('marks', '"Bold Struck"')).toBe('"Bold Struck"');
    expect(field('marks', '"Struck Bold Bold"')).toBe('"Bold Struck"');
    expect(field('marks', '33')).toBe('"Bold Struck"');
    expect(field('marks', '5')).toBe('5');
    expect(field('rights', '"Own Read"')).toBe('"Read Own"');
    expect(field('giant', '"First Last"')).toBe('"First Last"');
    expect(field('giants', '["9223372036854775809"]')).toBe('["First Last"]');
    expect(field('giants', '[4]')).toBe('[4]');
  });

  it('is refused by any other name, and the one that was meant is named', () => {
    const { detail } = refusal('{"code":"","colours":["Red","Gren"]}');
    expect(detail).toMatchObject({ where: 'colours[1]', advice: 'did you mean Green?' });
    for (const json of ['"Red Green"', '""', '" Red"', '"__proto__"', '"constructor"', '128']) {
      expect(refusal(`{"code":"","colour":${json}}`).detail.where).toBe('colour');
    }
    for (const json of ['"Bold  Struck"', '"Bold "', '""', '65536']) {
      expect(refusal(`{"code":"","marks":${json}}`).detail.where).toBe('marks');
    }
  });
});

describe('a union in JSON', () => {
  const content = (type: string, value: string) =>
    through(`{"content_type":${type},"content":${value},"code":""}`);

  it('is of a table, a struct or a string, by the name or the number of its type', () => {
    expect(content('"Note"', '{"text":"a"}')).toContain('"content_type":"Note","content":{"text":"a"}');
    expect(content('"Point"', '{"x":1,"y":2}')).toContain('"content":{"x":1,"y":2}');
    expect(content('"Caption"', '"words"')).toContain('"content":"words"');
    expect(content('4', '{"text":"b"}')).toContain('"content_type":"Other"');
  });

  it('may stand before its type', () => {
    const early = through('{"content":{"text":"a"},"code":"","content_type":"Note"}');
    expect(early).toBe(through('{"content_type":"Note","content":{"text":"a"},"code":""}'));
    const within = through(
      '{"contents":["]}\\"",{"text":"{["}],"contents_type":["Caption","Other"],"code":""}',
    );
    expect(JSON.parse(within).contents).toEqual([']}"', { text: '{[' }]);
  });

  it.each<[string, string, string]>([
    ['no type', '{"content":{"text":"a"}', 'content'],
    ['a type and no value', '{"content_type":"Note"', 'content'],
    ['a type and null', '{"content_type":"Note","content":null', 'content'],
    ['a value of no type', '{"content_type":"NONE","content":{"text":"a"}', 'content'],
    ['a type that there is not', '{"content_type":9,"content":{"text":"a"}', 'content'],
    ['a value of another type', '{"content_type":"Caption","content":{"text":"a"}', 'content'],
    ['a value that is no JSON', '{"content":{"text":nothing},"content_type":"Note"', 'at byte'],
    ['a value that ends otherwise than it begins', '{"content":{],"content_type":"Note"', 'at byte'],
    ['fewer types than values', '{"contents_type":["Caption"],"contents":["a","b"]', 'contents[1]'],
    ['more types than values', '{"contents_type":["Caption","Caption"],"contents":["a"]', 'contents'],
    ['types and no values', '{"contents_type":["Caption"]', 'contents'],
    ['types, if none, and no values', '{"contents_type":[]', 'contents'],
    ['values, if none, and no types', '{"contents":[]', 'contents'],
  ])('is refused with %s', (_, text, where) => {
    const { code, detail } = refusal(`${text},"code":""}`);
    expect(code).toBe('INVALID_ARGUMENT');
    expect(detail.where).toContain(where);
  });

  it('may be a vector of none', () => {
    expect(through('{"contents_type":[],"contents":[],"code":""}')).toContain('"contents":[]');
  });
});

describe('a struct in JSON', () => {
  const box = (change: Record<string, unknown>) =>
    JSON.stringify({
      ...{
        corners: [
          { x: 1, y: 2 },
          { x: 3, y: 4 },
        ],
        colour: 'Blue',
        shades: [0, 1, 'Green'],
      },
      ...{ solid: true, depth: '9007199254740993' },
      ...change,
    });

  it('has all of its fields, arrays of numbers and of structs among them', () => {
    const found = JSON.parse(field('box', box({})));
    expect(found).toEqual({ ...JSON.parse(box({})), shades: ['None', 'Red', 'Green'] });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a field is missing', { solid: undefined }, 'box.solid'],
    ['a field is null', { solid: null }, 'box.solid'],
    ['a field is not known', { size: 1 }, 'box'],
    ['an array is too short', { shades: [0, 1] }, 'box.shades'],
    ['an array is too long', { shades: [0, 1, 2, 3] }, 'box.shades'],
    [
      'an array has another element',
      {
        corners: [
          { x: 1, y: 2 },
          { x: 'a', y: 4 },
        ],
      },
      'box.corners[1].x',
    ],
  ])('is refused when %s', (_, change, where) => {
    expect(refusal(`{"code":"","box":${box(change)}}`).detail.where).toBe(where);
  });
});

describe('bytes in JSON', () => {
  it('are numbers or base64, and come out as numbers', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const text = JSON.stringify(Buffer.from(bytes).toString('base64'));
        expect(field('bytes', text)).toBe(JSON.stringify([...bytes]));
        expect(field('bytes', JSON.stringify([...bytes]))).toBe(JSON.stringify([...bytes]));
      }),
    );
  });

  it.each(['AA', 'AAA', 'AAA=A', 'A===', 'AB==', 'AAB=', 'AA-_', ' AAAA', '===='])('are not %j', (text) => {
    expect(refusal(`{"code":"","bytes":${JSON.stringify(text)}}`).detail.where).toBe('bytes');
  });

  it('of a nested buffer are an object, or the bytes of one that verifies', () => {
    expect(field('nested', '{"name":"a","size":3}')).toBe('{"name":"a","size":3}');
    const note = schema.objects.findIndex(({ name }) => name === 'shop.Named');
    const inner = payloadFromJson(schema, note, new TextEncoder().encode('{"name":"b"}'));
    expect(field('nested', JSON.stringify([...inner]))).toBe('{"name":"b"}');
    expect(field('nested', JSON.stringify(Buffer.from(inner).toString('base64')))).toBe('{"name":"b"}');
    inner[0] = 0xff;
    expect(refusal(`{"code":"","nested":${JSON.stringify([...inner])}}`).detail.where).toBe('nested');
    expect(refusal('{"code":"","nested":[]}').detail.where).toBe('nested');
  });

  it('of a nested buffer need no file identifier, which is for what is on its own', async () => {
    const bfbs = await bfbsOf(
      'table T { a:int; inner:[ubyte] (nested_flatbuffer: "T"); } root_type T; file_identifier "ABCD";',
    );
    const own = readSchema(bfbs);
    const text = '{"inner":{"a":5}}';
    expect(through(text, own)).toBe(text);
    const payload = payloadFromJson({ ...own, fileIdentifier: '' }, own.root!, bytesOf('{"a":5}'));
    expect(through(`{"inner":${JSON.stringify([...payload])}}`, own)).toBe(text);
  });
});

describe('a table in JSON', () => {
  it('may leave out what is deprecated, required as it was', async () => {
    const bfbs = await bfbsOf('table T { old:string (required, deprecated); a:int; } root_type T;');
    const own = readSchema(bfbs);
    expect(through('{"a":5}', own)).toBe('{"a":5}');
    expect(refusal('{"a":5,"old":"b"}', own).detail).toMatchObject({
      what: 'a deprecated field',
      where: 'old',
    });
  });

  it('is sorted in vectors by a key that it may lack', async () => {
    const draft = draftOf(
      await bfbsOf('table K { name:string (key); n:int; } table T { all:[K]; } root_type T;'),
    );
    // flatc makes it required.
    named(named(draft.objects, 'K').fields, 'name').required = false;
    const own = readSchema(bfbsOfDraft(draft));
    const text = through('{"all":[{"name":"b","n":1},{"n":2},{"name":"a","n":3},{"n":4}]}', own);
    expect(JSON.parse(text).all.map(({ n }: { n: number }) => n)).toEqual([2, 4, 3, 1]);
  });

  it('has a field with null left out, and a scalar only where null is its default', () => {
    expect(through('{"title":null,"place":null,"numbers":null,"maybe_number":null,"code":""}')).toBe(
      '{"code":""}',
    );
    expect(refusal('{"number":null,"code":""}').detail.where).toBe('number');
    expect(refusal('{"code":null}').detail).toMatchObject({
      what: 'a required field is missing',
      where: 'code',
    });
    expect(refusal('{"title":"a"}').detail.where).toBe('code');
  });
});

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
