import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { compileSchema } from '../../src/contracts/compile-schema.js';
import type { Contract } from '../../src/contracts/contract.js';
import { defineContract } from '../../src/contracts/define-contract.js';
import type { TableClass, TableObject } from '../../src/contracts/table-class.js';
import { type GeneratedCode, generateCode } from '../support/generated-contract.js';

const SCHEMA = `
namespace shop;
enum State : byte { open = 1, paid = 2 }
struct Point { x:float; y:double; }
table Item { sku:string (required); count:int; }
table Note { text:string; }
union Extra { Item, Note }
table Order {
  id:string (required); total:double = 1.5; state:State = paid; big:ulong; at:Point; extra:Extra; items:[Item];
  weights:[float]; blob:[ubyte]; tags:[string]; maybe:int = null; ready:bool; nums:[long]; points:[Point];
}
root_type Order;
file_identifier "ORDR";
`;

/** An object of generated code, with any fields. */
type AnyObject = TableObject & Record<string, unknown>;
type AnyClass = TableClass<AnyObject> & (new (...fields: unknown[]) => unknown);
type ObjectClass = new (...fields: unknown[]) => AnyObject;
type ObjectName = 'OrderT' | 'ItemT' | 'NoteT' | 'PointT';

let code: GeneratedCode;
let orders: Contract<AnyObject>;
let OrderT: ObjectClass;
let ItemT: ObjectClass;
let NoteT: ObjectClass;
let PointT: ObjectClass;
beforeAll(async () => {
  code = await generateCode(SCHEMA);
  ({ OrderT, ItemT, NoteT, PointT } = code.classes as Record<ObjectName, ObjectClass>);
  orders = defineContract({ name: 'orders', schema: code.schema, root: code.classes.Order as AnyClass });
});

function orderOf(fields: Record<string, unknown>): AnyObject {
  return Object.assign(new OrderT(), fields);
}

/** Objects of generated code are packed as they come out: with every field, in its wire's precision. */
const anyOrder = fc.nat().chain(() => {
  const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('\ufeffwith a byte order mark'));
  const item = fc.tuple(text, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }));
  const point = fc.tuple(fc.float({ noNaN: true }), fc.double({ noNaN: true }));
  return fc
    .record({
      id: text,
      total: fc.double({ noNaN: true }),
      state: fc.constantFrom(1, 2),
      big: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      at: fc.option(point),
      extra: fc.oneof(fc.constant(undefined), item, text),
      items: fc.array(item),
      weights: fc.array(fc.float({ noNaN: true })),
      blob: fc.array(fc.nat(255)),
      tags: fc.array(text),
      maybe: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
      ready: fc.boolean(),
      nums: fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      points: fc.array(point),
    })
    .map(({ at, extra, items, points, ...plain }) =>
      orderOf({
        ...plain,
        at: at && new PointT(...at),
        ...extraOf(extra),
        items: items.map((one) => new ItemT(...one)),
        points: points.map((one) => new PointT(...one)),
      }),
    );
});

function extraOf(extra: [string, number] | string | undefined) {
  if (extra === undefined) return { extraType: 0, extra: null };
  if (typeof extra === 'string') return { extraType: 2, extra: new NoteT(extra) };
  return { extraType: 1, extra: new ItemT(...extra) };
}

describe('a contract', () => {
  test('gives back every value that it has encoded, and what it has encoded verifies', () => {
    fc.assert(
      fc.property(anyOrder, (order) => {
        const payload = orders.encode(order);
        expect(orders.verify(payload)).toBeUndefined();
        expect(orders.decode(payload)).toEqual(order);
      }),
      { numRuns: 300 },
    );
  });

  test('hands out bytes that no later value changes', () => {
    const first = orders.encode(orderOf({ id: 'first' }));
    orders.encode(orderOf({ id: 'other', items: [new ItemT('x', 1)] }));
    expect(orders.decode(first).id).toBe('first');
    expect(first.byteOffset).toBe(0);
    expect(first.buffer.byteLength).toBe(first.length);
  });

  test('decodes payloads wherever they lie in their memory', () => {
    const payload = orders.encode(orderOf({ id: 'o-1', nums: [5n] }));
    const memory = new Uint8Array(payload.length + 16).fill(0xff);
    for (let start = 0; start < 9; start++) {
      memory.set(payload, start);
      const { id, nums } = orders.decode(memory.subarray(start, start + payload.length));
      expect([id, nums]).toEqual(['o-1', [5n]]);
    }
  });

  test('writes the file identifier of its schema, and takes no payload with another', () => {
    const payload = orders.encode(orderOf({ id: 'o-1' }));
    expect(new TextDecoder().decode(payload.subarray(4, 8))).toBe('ORDR');
    payload[4]! ^= 1;
    expect(() => orders.decode(payload)).toThrow(/the file identifier is not the expected one/);
  });

  test('packs payloads of any size one after the other', () => {
    const large = 'x'.repeat(3 * 1024 * 1024);
    for (const id of ['small', large, 'small again']) {
      expect(orders.decode(orders.encode(orderOf({ id }))).id).toBe(id);
    }
  });

  test('has the id that a broker finds in the same schema', () => {
    expect(orders.id).toEqual(compileSchema(code.schema).id);
    expect(orders.hexId).toMatch(/^[0-9a-f]{32}$/);
    expect(orders.rootName).toBe('shop.Order');
  });

  test('either decodes or refuses as CONTRACT_VIOLATION whatever bytes there are, and never fails otherwise', () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });
    let refused = 0;
    fc.assert(
      fc.property(anyOrder, edits, fc.nat(), (order, changes, cut) => {
        const payload = orders.encode(order);
        for (const [at, value] of changes) payload[at % payload.length] = value;
        const bytes = cut % 4 === 0 ? payload.subarray(0, cut % payload.length) : payload;
        try {
          orders.decode(bytes);
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: 'ModwireError', code: 'CONTRACT_VIOLATION' });
          refused++;
        }
      }),
      { numRuns: 2000 },
    );
    expect(refused).toBeGreaterThan(200);
  });

  test('says in which field a payload is wrong', () => {
    const payload = orders.encode(orderOf({ id: 'o-1', tags: ['a', 'b'], items: [new ItemT('sku-1', 1)] }));
    const at = new TextDecoder('latin1').decode(payload).indexOf('sku-1');
    payload[at] = 0xff;
    expect(() => orders.decode(payload)).toThrow(/^items\[0\]\.sku: a string is not valid UTF-8, at 0x/);
    expect(orders.verify(payload)).toMatchObject({ rule: 'utf8', path: 'items[0].sku' });
  });

  test('reads nothing of a payload that does not verify', () => {
    class Order {
      static getRootAsOrder(): void {}
      __init(): never {
        throw new Error('touched');
      }
    }
    const untouched = defineContract({ name: 'orders', schema: code.schema, root: Order });
    const payload = orders.encode(orderOf({ id: 'o-1' }));
    expect(() => untouched.decode(payload)).toThrow('touched');
    expect(() => untouched.decode(payload.subarray(0, payload.length - 1))).toThrow(/past the/);
  });

  test('names the required field that a value lacks, and encodes the next one', () => {
    const missing = orderOf({ id: 'o-1', items: [new ItemT(null, 1)] });
    expect(() => orders.encode(missing)).toThrow(
      /cannot be packed: expected shop\.Item\.sku or shop\.Order\.id, got null \(contract orders\)/,
    );
    expect(orders.decode(orders.encode(orderOf({ id: 'o-2' }))).id).toBe('o-2');
  });

  test('refuses values that are no objects of generated code', () => {
    const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    expect(() => orders.encode({ id: 'o-1' } as never)).toThrow(invalid);
    expect(() => orders.encode(undefined as never)).toThrow(invalid);
    const halfPlain = orderOf({ id: 'o-1', items: [{ sku: 'a', count: 1 }] });
    expect(() => orders.encode(halfPlain)).toThrow(expect.objectContaining({ code: 'CONTRACT_VIOLATION' }));
  });
});

describe('defining a contract', () => {
  const root = () => code.classes.Order as AnyClass;

  test('reads the schema when it is first needed, and says then what is wrong with it', () => {
    const broken = defineContract({ name: 'broken', schema: new Uint8Array(100), root: root() });
    expect(broken.name).toBe('broken');
    expect(() => broken.id).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => broken.decode(new Uint8Array(100))).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  test('knows the root by its methods, whatever a minifier calls the class', () => {
    const Original: TableClass<AnyObject> = root();
    const minified = class a extends Original {
      static getRootAsOrder(): void {}
    };
    expect(defineContract({ name: 'orders', schema: code.schema, root: minified }).rootName).toBe(
      'shop.Order',
    );
  });

  test('asks which table is meant when there are several of the name', async () => {
    const { schema, classes } = await generateCode(`
      namespace old; table Order { id:string; }
      namespace shop; table Order { was:old.Order; }
      root_type Order;`);
    const definition = { name: 'orders', schema, root: classes.Order as AnyClass };
    expect(() => defineContract(definition).id).toThrow(
      /expected one of old\.Order, shop\.Order, got Order \(contract orders\); say which with rootName/,
    );
    expect(defineContract({ ...definition, rootName: 'old.Order' }).rootName).toBe('old.Order');
  });

  test('says what the schema has instead of a table that it has not', async () => {
    const { schema } = await generateCode('namespace net; table Ordet { at:ulong; } root_type Ordet;');
    const contract = defineContract({ name: 'orders', schema, root: root() });
    expect(() => contract.encode(orderOf({ id: 'o-1' }))).toThrow(/the schema has no such table/);
    const misnamed = defineContract({
      name: 'orders',
      schema: code.schema,
      root: root(),
      rootName: 'shop.Ordre',
    });
    expect(() => misnamed.id).toThrow(/expected shop\.Order, got shop\.Ordre/);
  });

  test.each([
    ['an empty name', { name: '' }],
    ['a schema that is text', { schema: 'table Order {}' }],
    ['the object class instead of the table class', { root: class OrderT {} }],
    ['no class', { root: undefined }],
  ])('refuses %s at once', (_, wrong) => {
    const definition = { name: 'orders', schema: code.schema, root: root(), ...wrong };
    expect(() => defineContract(definition as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
