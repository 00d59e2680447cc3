import { beforeAll, describe, expect, it } from 'vitest';
import { readSchema } from '../../src/contracts/bfbs-reader.js';
import { compileProgram } from '../../src/contracts/compile-program.js';
import type { Program } from '../../src/contracts/program.js';
import { Header, PROGRAM_MAGIC, TableRecord } from '../../src/contracts/program-ops.js';
import type { ElementType, EnumType, Field, ObjectType, Schema } from '../../src/contracts/schema-model.js';
import { CONTRACT_SCHEMAS } from '../fuzz/contract-schemas.js';
import { builtAddon } from '../support/native-addon.js';
import { bfbsOf } from '../support/schemas.js';

const addon = builtAddon();

const SCHEMA = `
namespace shop;
struct Point { x:float; y:double; }
table Leaf { text:string; }
table Item { name:string (required); point:Point; next:Item; }
union Body { Leaf, Item }
table Root {
  count:ubyte; body:Body; bodies:[Body]; bytes:[ubyte]; point:Point; items:[Item]; inner:[ubyte] (nested_flatbuffer: "Leaf");
}
table Alone { leaf:Leaf; }
root_type Root;
file_identifier "ROOT";
`;

let schema: Schema;
let root: number;

beforeAll(async () => {
  schema = readSchema(await bfbsOf(SCHEMA));
  root = schema.root!;
});

const indexOf = (name: string) => schema.objects.findIndex((object) => object.name === `shop.${name}`);

/** The fields of a table's record. */
function recordOf(program: Program, number: number): { fields: number; ops: number; names: string[] } {
  const { code, names } = program;
  const at = code[Header.words + number]!;
  const fields = code[at + TableRecord.fields]!;
  const first = code[at + TableRecord.names]!;
  expect(code[at + TableRecord.index]).toBe(number);
  return { fields, ops: code[at + TableRecord.ops]!, names: names.slice(first, first + fields) };
}

describe('a compiled program', () => {
  it('begins with what it is, and has a record for each table that the root leads to', () => {
    const program = compileProgram(schema, root);
    const { code } = program;
    expect(code.slice(0, Header.words)).toEqual(
      Int32Array.of(PROGRAM_MAGIC, code.length, Buffer.from('ROOT').readInt32LE(), 3, 1),
    );
    const records = [0, 1, 2].map((number) => recordOf(program, number));
    expect(records[0]).toMatchObject({ fields: 9, ops: 6 });
    expect(records[0]!.names.slice(0, 4)).toEqual(['count', 'body_type', 'body', 'bodies_type']);
    const others = records.slice(1).map(({ names }) => names);
    expect(others).toEqual(expect.arrayContaining([['text'], ['name', 'point', 'next']]));
  });

  it('leaves out what the root does not lead to, and the identifier of another root', () => {
    const { code } = compileProgram(schema, indexOf('Alone'));
    expect([code[Header.identifier], code[Header.tables], code[Header.unions]]).toEqual([0, 2, 0]);
  });

  it('is the same for the same schema, and may be shared with other threads', () => {
    const program = compileProgram(schema, root);
    expect(program).toEqual(compileProgram(schema, root));
    expect(program.code.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it.skipIf(addon === undefined)('is one for the addon too, whatever the schema has', async () => {
    const schemas = await Promise.all(
      CONTRACT_SCHEMAS.map(async ({ text }) => readSchema(await bfbsOf(text))),
    );
    for (const one of [schema, ...schemas]) {
      one.objects.forEach((object, index) => {
        if (!object.isStruct) addon!.createProgram(compileProgram(one, index).code);
      });
    }
  });

  it('needs no stack for tables that refer to the next one a hundred thousand times', () => {
    const count = 100_000;
    const objects = Array.from({ length: count }, (_, index) =>
      tableOf(`T${index}`, [{ kind: 'table', object: (index + 1) % count }]),
    );
    const { code } = compileProgram({ objects, enums: [], root: 0, fileIdentifier: '' }, 0);
    expect(code[Header.tables]).toBe(count);
  });
});

function tableOf(name: string, types: readonly Field['type'][]): ObjectType {
  const fields = types.map((type, id) => ({
    ...fieldNamed('body'),
    name: `f${id}`,
    id,
    offset: 4 + 2 * id,
    type,
  }));
  return { name, isStruct: false, fields, minAlign: 1, byteSize: 0, declarationFile: '' };
}

/** A plain field to make others of. */
function fieldNamed(name: string): Field {
  const table = schema.objects[schema.root!]!;
  return table.fields.find((field) => field.name === name)!;
}

/** The schema with some of a field of its root changed, a struct, or its union. */
function changed(
  name: string,
  field: Partial<Field>,
  point: Partial<ObjectType> = {},
  union: (union: EnumType) => Partial<EnumType> = () => ({}),
): Schema {
  const objects = schema.objects.map((object, index) => {
    if (object.name === 'shop.Point') return { ...object, ...point };
    if (index !== root) return object;
    return {
      ...object,
      fields: object.fields.map((one) => (one.name === name ? { ...one, ...field } : one)),
    };
  });
  return { ...schema, objects, enums: schema.enums.map((one) => ({ ...one, ...union(one) })) };
}

const memberOf = (value: string, member: ElementType) => (union: EnumType) => ({
  values: [...union.values, { name: 'Odd', value, member }],
});

describe('what the verifier cannot check', () => {
  const ubyte = { kind: 'scalar', scalar: 'ubyte', enum: undefined } as const;
  const cases: [got: string, where: string, make: () => Schema][] = [
    [
      'an array outside a struct',
      'bytes',
      () => changed('bytes', { type: { kind: 'array', element: ubyte, length: 3 } }),
    ],
    [
      'a 64-bit offset to a table',
      'bytes',
      () => changed('bytes', { wideOffset: true, type: { kind: 'table', object: indexOf('Leaf') } }),
    ],
    ['a 64-bit offset to a union', 'body', () => changed('body', { wideOffset: true })],
    [
      'a 64-bit vector of strings',
      'bytes',
      () => changed('bytes', { type: { kind: 'vector', element: { kind: 'string' }, wide: true } }),
    ],
    ['a 64-bit vector of tables', 'items', () => changed('items', { wideOffset: true })],
    [
      'a nested buffer that is no table in bytes',
      'items',
      () => changed('items', { nested: indexOf('Leaf') }),
    ],
    [
      'a nested buffer that is no table in bytes',
      'inner',
      () => changed('inner', { nested: indexOf('Point') }),
    ],
    ['a union without its tag right before it', 'body', () => changed('body_type', { type: ubyte })],
    ['a union without its tag right before it', 'body', () => changed('body_type', { deprecated: true })],
    [
      'a union without its tag right before it',
      'bodies',
      () => changed('bodies_type', { type: { kind: 'vector', element: ubyte, wide: false } }),
    ],
    ['ids that leave some out', 'bytes', () => changed('bytes', { id: 7 })],
    ['a struct of 16 bytes aligned to 3', 'point', () => changed('point', {}, { minAlign: 3 })],
    ['a struct of 16 bytes aligned to 512', 'point', () => changed('point', {}, { minAlign: 512 })],
    ['a struct of 65536 bytes aligned to 8', 'point', () => changed('point', {}, { byteSize: 0x1_0000 })],
    ['a struct of 0 bytes aligned to 8', 'point', () => changed('point', {}, { byteSize: 0 })],
    [
      'a union with tags of ushort',
      'body_type',
      () => changed('body', {}, {}, () => ({ underlying: 'ushort' })),
    ],
    ['member Odd of its union', 'body', () => changed('body', {}, {}, memberOf('256', { kind: 'string' }))],
    ['member Odd of its union', 'body', () => changed('body', {}, {}, memberOf('0', { kind: 'string' }))],
    ['member Odd of its union', 'body', () => changed('body', {}, {}, memberOf('3', ubyte))],
  ];

  it.each(cases)('is refused: %s in %s', (got, where, make) => {
    expect(() => compileProgram(make(), root)).toThrow(
      expect.objectContaining({
        code: 'UNIMPLEMENTED',
        message: expect.stringMatching(new RegExp(`got ${got}.*shop\\.Root\\.${where}`)),
      }),
    );
  });

  it('is no matter where it is deprecated', () => {
    const array = { kind: 'array', element: ubyte, length: 3 } as const;
    expect(() => compileProgram(changed('bytes', { type: array, deprecated: true }), root)).not.toThrow();
  });

  it('is too much: more fields than a vtable holds, more words than a program may have', () => {
    const scalars = (count: number) => new Array<Field['type']>(count).fill(ubyte);
    const compile = (objects: readonly ObjectType[]) =>
      compileProgram({ objects, enums: [], root: 0, fileIdentifier: '' }, 0);
    expect(() => compile([tableOf('Most', scalars(16_381))])).not.toThrow();
    const tooMany = {
      code: 'RESOURCE_EXHAUSTED',
      message: expect.stringContaining('at most 16381, got 16382'),
    };
    expect(() => compile([tableOf('More', scalars(16_382))])).toThrow(expect.objectContaining(tooMany));
    const count = 280;
    const leads = Array.from(
      { length: count },
      (_, index) => ({ kind: 'table', object: index + 1 }) as const,
    );
    const wide = tableOf('Wide', scalars(16_000));
    const large = [tableOf('Root', leads), ...new Array<ObjectType>(count).fill(wide)];
    const tooLarge = { code: 'RESOURCE_EXHAUSTED', message: expect.stringContaining('too many words') };
    expect(() => compile(large)).toThrow(expect.objectContaining(tooLarge));
  });
});
