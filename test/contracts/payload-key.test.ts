import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { Memory } from '../../src/codec/memory.js';
import { readSchema } from '../../src/contracts/bfbs-reader.js';
import { fieldPath } from '../../src/contracts/field-path.js';
import { payloadFromJson } from '../../src/contracts/json/payload-from-json.js';
import { payloadToJson } from '../../src/contracts/json/payload-to-json.js';
import { PayloadKey } from '../../src/contracts/payload-key.js';
import type { Field, Schema } from '../../src/contracts/schema-model.js';
import { bfbsOf, payloadOf } from '../support/flatc.js';
import { FlatcTranscoder } from '../support/flatc-transcoder.js';
import { jsonArbitrary } from '../support/json-arbitrary.js';
import { NEIGHBOUR_BYTES, surround } from '../support/surrounded.js';
import { ALL_FEATURES } from '../support/transcoding-schemas.js';

type Json = Record<string, unknown>;

/** ALL_FEATURES below a table, so that there is a way to everything. */
const SCHEMA = ALL_FEATURES.replace(
  'root_type Order;',
  'table Root { order : Order; named : Named; numbered : Numbered; other : Root; } root_type Root;',
);

const BOX = {
  corners: [
    { x: 1, y: 2 },
    { x: 3, y: 4 },
  ],
  ...{ colour: 'Red', shades: [1, 1, 1], solid: true, depth: -5 },
};

let flatc: FlatcTranscoder;

beforeAll(async () => {
  flatc = await FlatcTranscoder.of(SCHEMA);
});

const write = (json: unknown) =>
  payloadFromJson(flatc.schema, flatc.root, new TextEncoder().encode(JSON.stringify(json)));
const jsonOf = (payload: Uint8Array): Json =>
  JSON.parse(new TextDecoder().decode(payloadToJson(flatc.schema, flatc.root, payload)));

/** Reads keys of payloads that have neighbours. */
function keyReader(path: string): (payload: Uint8Array) => string | undefined {
  const key = new PayloadKey(fieldPath(flatc.schema, flatc.root, path, 'test'));
  return (payload) => {
    if (!key.read(surround(payload, 0xff), NEIGHBOUR_BYTES)) return undefined;
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(key.bytes.subarray(key.start, key.end));
  };
}

/** A way to a scalar or string, and the field there. */
interface Way {
  readonly path: string;
  readonly field: Field;
}

/** All through at most `steps` tables and structs. */
function waysOf(schema: Schema, object: number, steps: number): Way[] {
  return schema.objects[object]!.fields.flatMap((field) => {
    const { name, type, deprecated } = field;
    if (deprecated) return [];
    if (type.kind === 'scalar' || type.kind === 'string') return [{ path: name, field }];
    if ((type.kind !== 'table' && type.kind !== 'struct') || steps === 0) return [];
    return waysOf(schema, type.object, steps - 1).map((way) => ({ ...way, path: `${name}.${way.path}` }));
  });
}

/** What the key is by the JSON of the payload. */
function keyInJson(schema: Schema, json: Json, { path, field }: Way): string | undefined {
  const names = path.split('.');
  const last = names.pop()!;
  const object = names.reduce<Json | undefined>((at, name) => at?.[name] as Json | undefined, json);
  if (object === undefined) return undefined;
  const { type, optional, defaultInteger, defaultReal } = field;
  const value = object[last];
  if (type.kind !== 'scalar' || (value === undefined && optional)) return value as string | undefined;
  const isFloat = type.scalar === 'float' || type.scalar === 'double';
  if (value === undefined && type.scalar === 'bool') return String(defaultInteger === '1');
  if (value === undefined) return isFloat ? defaultReal.replace('Infinity', 'inf') : defaultInteger;
  if (type.enum === undefined || typeof value === 'number' || /^-?\d/.test(String(value))) {
    return Object.is(value, -0) ? '-0' : String(value);
  }
  const { values } = schema.enums[type.enum]!;
  return String(
    String(value)
      .split(' ')
      .map((word) => BigInt(values.find(({ name }) => name === word)!.value))
      .reduce((all, one) => all | one),
  );
}

describe('the key in a payload', () => {
  it('is what JSON says of its field, in payloads of any writer', () => {
    const ways = waysOf(flatc.schema, flatc.root, 3);
    const readers = ways.map(({ path }) => keyReader(path));
    expect(ways.length).toBeGreaterThan(80);
    const found = new Set<string>();
    const order = flatc.schema.objects.findIndex(({ name }) => name === 'shop.Order');
    // Always with an order: there are most of the fields.
    const json = fc
      .tuple(jsonArbitrary(flatc.schema, flatc.root), jsonArbitrary(flatc.schema, order))
      .map(([root, its]) => ({ ...(root as Json), order: its }));
    fc.assert(
      fc.property(json, (value) => {
        for (const payload of [write(value), flatc.payload(JSON.stringify(value))]) {
          const read = jsonOf(payload);
          ways.forEach((way, index) => {
            const key = readers[index]!(payload);
            expect([way.path, key]).toEqual([way.path, keyInJson(flatc.schema, read, way)]);
            if (key !== undefined) found.add(way.path);
          });
        }
      }),
      { numRuns: 50 },
    );
    expect(ways.filter(({ path }) => /^order\.\w+$/.test(path) && !found.has(path))).toEqual([]);
  });

  it.each<[path: string, json: Json, key: string | undefined]>([
    ['named.name', { named: { name: 'Ünal' } }, 'Ünal'],
    ['named.name', { named: { name: '' } }, ''],
    ['numbered.label', { numbered: {} }, undefined],
    ['named.name', {}, undefined],
    ['named.size', { named: { name: 'a' } }, '7'],
    ['named.size', { named: { name: 'a', size: -2_147_483_648 } }, '-2147483648'],
    ['named.size', {}, undefined],
    ['numbered.number', { numbered: { number: '9007199254740993' } }, '9007199254740993'],
    ['numbered.number', { numbered: { number: '-9223372036854775808' } }, '-9223372036854775808'],
    ['numbered.number', { numbered: { number: -9_007_199_254_740_991 } }, '-9007199254740991'],
    ['numbered.number', { numbered: { number: 0 } }, '0'],
    ['order.truth', { order: { code: '' } }, 'false'],
    ['order.colour', { order: { code: '', colour: 'Blue' } }, '5'],
    ['order.maybe_colour', { order: { code: '' } }, undefined],
    ['order.maybe_number', { order: { code: '', maybe_number: 0 } }, '0'],
    ['order.real', { order: { code: '' } }, 'inf'],
    ['order.single', { order: { code: '', single: 0.1 } }, '0.1'],
    ['order.place.x', { order: { code: '' } }, undefined],
    ['order.place.y', { order: { code: '', place: { x: 1, y: 2.5 } } }, '2.5'],
    ['order.box.depth', { order: { code: '', box: BOX } }, '-5'],
  ])('at %s of %j is %j', (path, json, key) => {
    expect(keyReader(path)(write(json))).toBe(key);
  });

  it('may be a text behind an offset of 64 bits', async () => {
    const fbs = 'table Wide { near : string; far : string (offset64); } root_type Wide;';
    const schema = readSchema(await bfbsOf(fbs));
    const payload = await payloadOf(fbs, { near: 'near', far: 'far' });
    const key = new PayloadKey(fieldPath(schema, schema.root!, 'far', 'test'));
    expect(key.read(new Memory(payload), 0)).toBe(true);
    expect(new TextDecoder().decode(key.bytes.subarray(key.start, key.end))).toBe('far');
  });

  it('is of the payload read last', () => {
    const reader = keyReader('named.size');
    const long = write({ named: { name: 'a', size: 1_234_567 } });
    expect([long, write({ named: { name: 'a' } }), long, write({})].map(reader)).toEqual([
      ...['1234567', '7', '1234567', undefined],
    ]);
  });
});
