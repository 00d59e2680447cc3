import { expect, test } from 'vitest';
import type { RuleName } from '../../src/codec/verify-rule.js';
import { payloadOf } from '../support/flatc.js';
import { verdictOf } from '../support/payload-verdicts.js';
import { PayloadMap, type PayloadPlace, programOf } from '../support/request-payload.js';

const value: PayloadPlace = (m) => m.value(0);
/** flatc writes the values of a vector from the back to the front: the first one lies behind the others. */
const first: PayloadPlace = (m) => m.element(0, 0);
const unions: PayloadPlace = (m) => m.value(1);

/** A payload with one field that is cut off within some part, and what is said about it. */
type Cut = readonly [
  part: string,
  field: string,
  value: unknown,
  at: PayloadPlace,
  rule: RuleName,
  path: string,
];

const TEXTS = ['one', 'two'];
const TABLES = [
  { number: 1, text: 'one' },
  { number: 2, text: 'two' },
];

const CUTS: readonly Cut[] = [
  ['the root offset', 'f:string', 'text', () => 3, 'tooShort', ''],
  ['the vtable of the root', 'f:string', 'text', (m) => m.table + 4, 'tableBounds', ''],
  ['the root table', 'f:Point', { x: 1, y: 2 }, (m) => m.slot(0) + 3, 'tableBounds', ''],
  ['a field that is a struct', 'f:Point', { x: 1, y: 2 }, (m) => m.slot(0) + 8, 'tableBounds', ''],
  ['the length of a string', 'f:string', 'text', (m) => value(m) + 2, 'offsetBounds', 'f'],
  ['a string', 'f:string', 'text', (m) => value(m) + 6, 'stringBounds', 'f'],
  ['the zero of a string', 'f:string', 'text', (m) => value(m) + 8, 'stringBounds', 'f'],
  ['the length of a vector', 'f:[int]', [1, 2], (m) => value(m) + 3, 'offsetBounds', 'f'],
  ['a vector of numbers', 'f:[int]', [1, 2], (m) => value(m) + 11, 'vectorBounds', 'f'],
  ['a vector of structs', 'f:[Point]', [{ x: 1, y: 2 }], (m) => value(m) + 19, 'vectorBounds', 'f'],
  ['a vector of strings', 'f:[string]', TEXTS, (m) => value(m) + 11, 'vectorBounds', 'f'],
  ['a string of a vector', 'f:[string]', TEXTS, (m) => first(m) + 6, 'stringBounds', 'f[0]'],
  ['a vector of tables', 'f:[Leaf]', TABLES, (m) => value(m) + 8, 'vectorBounds', 'f'],
  ['a table of a vector', 'f:[Leaf]', TABLES, (m) => first(m) + 4, 'tableBounds', 'f[0]'],
  // Tags are looked at before what they stand for.
  ['the tags of a vector of unions', 'f:[Body]', TABLES, (m) => value(m) + 5, 'vectorBounds', 'f_type'],
  ['a vector of unions', 'f:[Body]', TABLES, (m) => unions(m) + 8, 'offsetBounds', 'f_type'],
];

test.each(CUTS)('a payload cut off within %s is rejected', async (_, field, one, at, rule, path) => {
  const schema = `
    struct Point { x:double; y:double; }
    table Leaf { number:int; more:int; text:string; }
    union Body { Leaf }
    table Root { ${field}; }
    root_type Root;
  `;
  const program = await programOf(schema);
  const tags = field.includes('Body') ? { f_type: ['Leaf', 'Leaf'] } : {};
  const payload = await payloadOf(schema, { ...tags, f: one });
  expect(verdictOf(program, payload)).toBeUndefined();
  const cut = at(new PayloadMap(payload));
  expect(cut).toBeLessThan(payload.length);
  expect(verdictOf(program, payload.slice(0, cut))).toMatchObject({ rule, path });
});
