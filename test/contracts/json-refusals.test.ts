import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSchema } from '../../src/contracts/bfbs-reader.js';
import { payloadFromJson } from '../../src/contracts/json/payload-from-json.js';
import type { Schema } from '../../src/contracts/schema-model.js';
import { ModwireError } from '../../src/errors.js';
import { bfbsOf } from '../support/flatc.js';
import { jsonArbitrary } from '../support/json-arbitrary.js';
import { thoroughly } from '../support/thoroughness.js';
import { ALL_FEATURES } from '../support/transcoding-schemas.js';

const EXPECTED = ['INVALID_ARGUMENT', 'RESOURCE_EXHAUSTED', 'UNIMPLEMENTED'];
const MIB = 1024 * 1024;

let schema: Schema;
beforeAll(async () => {
  schema = readSchema(await bfbsOf(ALL_FEATURES));
});

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Undefined for what is taken; anything but an error of input is a defect. */
function outcome(json: Uint8Array, of = schema): ModwireError | undefined {
  try {
    payloadFromJson(of, of.root!, json);
  } catch (thrown) {
    if (thrown instanceof ModwireError && EXPECTED.includes(thrown.code)) return thrown;
    throw thrown;
  }
  return undefined;
}

function refusal(json: string | Uint8Array, of = schema): ModwireError {
  const error = outcome(typeof json === 'string' ? bytesOf(json) : json, of);
  if (error !== undefined) return error;
  throw new Error('expected a refusal');
}

describe('JSON from anyone', () => {
  it('is a payload or refused, whatever its bytes', () => {
    const tokens = fc.constantFrom(
      ...['{', '}', '[', ']', ':', ',', '"', '\\', '\\u', '\\ud83d', 'null', 'true', '1e999', '-', '0'],
      ...['"code"', '"note"', '"content"', '"content_type"', '"contents"', '"nested"', '"Note"', ' ', 'é'],
    );
    const text = fc.array(tokens, { maxLength: 30 }).map((parts) => bytesOf(parts.join('')));
    fc.assert(
      fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 60 })), (json) => void outcome(json)),
      { numRuns: thoroughly(4_000, 20_000) },
    );
  });

  it('is a payload or refused, wherever it was right and is changed', () => {
    fc.assert(
      fc.property(
        jsonArbitrary(schema, schema.root!),
        fc.array(fc.tuple(fc.nat(), fc.constantFrom(...bytesOf('{}[]:,"\\u0-eE.9 \n')), fc.nat(3)), {
          minLength: 1,
          maxLength: 4,
        }),
        (value, changes) => {
          const json = [...bytesOf(JSON.stringify(value))];
          for (const [place, byte, cut] of changes) json.splice(place % json.length, cut, byte);
          outcome(Uint8Array.from(json));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('is JSON where JSON.parse takes it, and refused where that does not', () => {
    const table = 'table T { text:string; list:[int]; real:double; flag:bool; } root_type T;';
    return bfbsOf(table).then((bfbs) => {
      const own = readSchema(bfbs);
      const part = fc.constantFrom(
        ...[
          '"text":"a"',
          '"text":"\\u00e9\\n"',
          '"text":"\\x"',
          '"text":"\t"',
          '"list":[1,2]',
          '"list":[1,]',
        ],
        ...['"list":[]', '"list":[01]', '"list":[-0]', '"real":1.', '"real":.5', '"real":1e5', '"real":1E+5'],
        ...['"real":-', '"flag":true', '"flag":tru', '"flag" : false', '"flag"', ',', '{', '"real":1 2'],
      );
      const text = fc.tuple(fc.constantFrom('{', ' {', '\ufeff{'), fc.uniqueArray(part, { maxLength: 3 }));
      fc.assert(
        fc.property(text, fc.constantFrom('}', '} ', '}x', '}}', ''), ([begin, parts], end) => {
          const json = begin + parts.join(',') + end;
          let isJson = true;
          try {
            JSON.parse(json);
          } catch {
            isJson = false;
          }
          const error = outcome(bytesOf(json), own);
          if (isJson) expect([undefined, 'a field is given twice']).toContain(error?.detail.what);
          else expect(error).toBeDefined();
        }),
        { numRuns: 3_000 },
      );
    });
  });

  it.each<[string, string, string]>([
    ['nothing at all', '', 'at byte 0'],
    ['nothing but space', ' '.repeat(4 * MIB), `at byte ${4 * MIB}`],
    ['an object that does not end', '{"code":"a"', 'at byte 11'],
    ['a string that does not end', '{"code":"a', 'at byte 10'],
    ['a key that does not end', '{"code', 'at byte 6'],
    ['a vector that does not end', '{"code":"","numbers":[1,', 'at byte 24'],
    ['more behind its end', '{"code":""} {}', 'at byte 12'],
    ['a comma too many', '{"code":"",}', 'at byte 11'],
    ['a control character in a string', '{"code":"\u0001"}', 'at byte 9'],
    ['half a surrogate pair', '{"code":"\\ud83d"}', 'at byte 15'],
    ['the wrong half of a surrogate pair', '{"code":"\\ude00"}', 'at byte 15'],
    ['two first halves', '{"code":"\\ud83d\\ud83d"}', 'at byte 21'],
    ['too few digits of a character', '{"code":"\\u00e"}', 'at byte 14'],
    ['digits of a character that are none', '{"code":"\\u000é"}', 'at byte 14'],
    ['digits of a character with a sign', '{"code":"\\u-001"}', 'at byte 11'],
    ['an escape that there is not', '{"code":"\\a"}', 'at byte 10'],
    ['an array for an object', '[]', 'the root'],
    ['a number for an object', '1', 'the root'],
    ['an unknown field', '{"code":"","colr":1}', 'the root'],
    ['an unknown field within', '{"code":"","notes":[{"text":"a"},{"txt":"b"}]}', 'notes[1]'],
    ['a key of all objects', '{"code":"","__proto__":{"a":1}}', 'the root'],
    ['a key of all objects within', '{"code":"","place":{"x":1,"constructor":2}}', 'place'],
    ['a field twice', '{"code":"","number":1,"number":2}', 'number'],
    ['a field twice, once as null', '{"code":"","title":null,"title":"a"}', 'title'],
    ['a field of a struct twice', '{"code":"","place":{"x":1,"y":2,"x":3}}', 'place.x'],
    ['an object for a string', '{"code":{}}', 'code'],
    ['a string for a vector', '{"code":"","numbers":"1"}', 'numbers'],
    ['a string in a vector of numbers', '{"code":"","numbers":[1,"2"]}', 'numbers[1]'],
    ['null in a vector', '{"code":"","texts":["a",null]}', 'texts[1]'],
    ['a required field missing within', '{"code":"","note":{"next":{"text":"a"}}}', 'note.text'],
  ])('is refused with %s, and the place is named', (_, json, where) => {
    const { code, detail } = refusal(json);
    expect([code, detail.where]).toEqual(['INVALID_ARGUMENT', where]);
  });

  it('is refused where it is not UTF-8', () => {
    const json = bytesOf('{"code":"abc"}');
    json[10] = 0xff;
    expect(refusal(json).detail).toMatchObject({ what: 'the JSON is not valid UTF-8', where: 'at byte 10' });
  });

  it('nests as deep as payloads may, and no deeper', () => {
    const notes = (depth: number) =>
      `{"code":"","note":${'{"text":"","next":'.repeat(depth - 1)}{"text":""}${'}'.repeat(depth)}`;
    expect(outcome(bytesOf(notes(63)))).toBeUndefined();
    expect(refusal(notes(64)).detail.what).toBe('tables nest too deep');
    const nested = (depth: number) =>
      `{"code":"","note":${'{"text":"","inner":'.repeat(depth - 1)}{"text":""}${'}'.repeat(depth)}`;
    expect(outcome(bytesOf(nested(63)))).toBeUndefined();
    expect(refusal(nested(64)).detail.what).toBe('tables nest too deep');
  });

  it('nests no deeper through bytes that are payloads themselves', () => {
    const note = schema.objects.findIndex(({ name }) => name === 'shop.Note');
    const ten = `${'{"text":"","next":'.repeat(9)}{"text":""}${'}'.repeat(9)}`;
    const bytes = JSON.stringify([...payloadFromJson(schema, note, bytesOf(ten))]);
    const around = (depth: number) =>
      `{"code":"","note":${'{"text":"","next":'.repeat(depth - 1)}{"text":"","inner":${bytes}}${'}'.repeat(depth)}`;
    expect(outcome(bytesOf(around(53)))).toBeUndefined();
    const { code, detail } = refusal(around(54));
    expect([code, detail.got]).toEqual(['INVALID_ARGUMENT', expect.stringContaining('deeper than allowed')]);
  });

  it('nests a million deep without harm, wherever it is', () => {
    const deep = 1_000_000;
    expect(refusal('['.repeat(deep)).code).toBe('INVALID_ARGUMENT');
    expect(refusal(`{"code":"","note":${'{"next":'.repeat(deep)}`).detail.what).toBe('tables nest too deep');
    expect(refusal(`{"code":"","numbers":${'['.repeat(deep)}`).detail.where).toBe('numbers[0]');
    // What is passed over at first, until the type of the union is known.
    const skipped = `{"content":${'['.repeat(deep)}${']'.repeat(deep)},"content_type":"Note","code":""}`;
    expect(refusal(skipped).detail.where).toBe('content');
    expect(refusal(`{"content":${'{"a":'.repeat(deep)}`).detail.where).toContain('at byte');
  });

  it('may have megabytes of space between anything', () => {
    const space = ' \t\n\r'.repeat(MIB);
    expect(outcome(bytesOf(`${space}{${space}"code"${space}:${space}""${space}}${space}`))).toBeUndefined();
  });

  it('has keys, numbers and names of values up to a mebibyte, and no longer ones', () => {
    for (const json of [
      `{"${'k'.repeat(MIB + 1)}":1}`,
      `{"code":"","number":${'9'.repeat(MIB + 1)}}`,
      `{"code":"","colour":"${'c'.repeat(MIB + 1)}"}`,
    ]) {
      const { code, detail } = refusal(json);
      expect([code, detail.what]).toEqual(['INVALID_ARGUMENT', 'a key, number or short text is too long']);
    }
    expect(outcome(bytesOf(`{"code":"${'c'.repeat(2 * MIB)}"}`))).toBeUndefined();
  });

  it('shows of a long text only its beginning', () => {
    for (const json of [
      `{"${'k'.repeat(MIB)}":1}`,
      `{"code":"","number":${'9'.repeat(MIB)}}`,
      `{"code":"","colour":"${'c'.repeat(MIB)}"}`,
      `{"code":"","huge":"${'a'.repeat(MIB)}"}`,
      `{"code":"","real":"${'a'.repeat(MIB)}"}`,
      `{"code":"","real":1e${'9'.repeat(MIB)}}`,
    ]) {
      expect(refusal(json).message.length).toBeLessThan(300);
    }
  });

  it('is refused when its payload would grow out of all proportion', async () => {
    // Each table needs a vtable of its own, as long as the field's id is high.
    const fields = Array.from({ length: 16_000 }, (_, id) => `f${id}:bool;`).join('');
    const own = readSchema(await bfbsOf(`table T { all:[U]; } table U { ${fields} } root_type T;`));
    const tables = Array.from({ length: 5_000 }, (_, index) => `{"f${15_999 - index}":true}`);
    expect(refusal(`{"all":[${tables.join(',')}]}`, own).code).toBe('RESOURCE_EXHAUSTED');
  });

  it('is refused when a table has more bytes of fields than FlatBuffers allows, and it is named', async () => {
    const fields = Array.from({ length: 5_000 }, (_, id) => `f${id}:long;`).join('');
    const own = readSchema(await bfbsOf(`table T { all:[U]; } table U { ${fields} } root_type T;`));
    const all = Array.from({ length: 5_000 }, (_, id) => `"f${id}":1`).join(',');
    expect(refusal(`{"all":[{},{${all}}]}`, own).detail).toMatchObject({
      what: 'a table is too large for FlatBuffers',
      where: 'all[1]',
    });
  });
});
