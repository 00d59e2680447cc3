import { beforeAll, describe, expect, it } from 'vitest';
import { readSchema } from '../../src/contracts/bfbs-reader.js';
import { fieldPath } from '../../src/contracts/field-path.js';
import type { Schema } from '../../src/contracts/schema-model.js';
import { bfbsOf } from '../support/flatc.js';

const SCHEMA = `
namespace shop;
enum Kind : ubyte { Guest, Member }
struct Point { x : int; y : int; }
struct Place { zone : ushort; point : Point; codes : [ubyte : 4]; }
table User { name : string; age : int = 18; rank : long = null; kind : Kind = Member; old : string (deprecated); }
union Subject { User }
table Order {
  id : ulong;
  user : User;
  place : Place;
  items : [User];
  tags : [string];
  subject : Subject;
  inner : [ubyte] (nested_flatbuffer: "User");
  price : double = 1.5;
}
root_type Order;
`;

let schema: Schema;

beforeAll(async () => {
  schema = readSchema(await bfbsOf(SCHEMA));
});

const find = (path: string) => fieldPath(schema, schema.root!, path, 'assign.key');

describe('a field path', () => {
  it('leads through tables and structs to a scalar or string', () => {
    expect(find('user.name')).toEqual({
      ...{ tables: [6], entry: 4, inner: 0, leaf: { kind: 'string', wide: false } },
    });
    expect(find('place.point.y')).toEqual({
      ...{ tables: [], entry: 8, inner: 8, leaf: { kind: 'scalar', scalar: 'int', default: undefined } },
    });
  });

  it.each<[path: string, scalar: string, byDefault: string | undefined]>([
    ['id', 'ulong', '0'],
    ['user.age', 'int', '18'],
    ['user.kind', 'ubyte', '1'],
    ['price', 'double', '1.5'],
    // Absent is a value of its own, and no struct lacks a field.
    ['user.rank', 'long', undefined],
    ['place.zone', 'ushort', undefined],
  ])('knows what %s is when it is absent', (path, scalar, byDefault) => {
    expect(find(path).leaf).toEqual({ kind: 'scalar', scalar, default: byDefault });
  });

  it.each<[path: string, expected: string, got: string]>([
    ['usr.name', 'user', 'usr'],
    ['user.nickname', 'a field of shop.User', 'nickname'],
    ['', 'a field of shop.Order', ''],
    ['user..name', 'a field of shop.User', ''],
    ['user.old', 'a field in use', 'shop.User.old, which is deprecated'],
    ['user', 'a scalar or string at the end', 'shop.Order.user of kind table'],
    ['place.point', 'a scalar or string at the end', 'shop.Place.point of kind struct'],
    ['tags', 'a scalar or string at the end', 'shop.Order.tags of kind vector'],
    ['place.codes', 'a scalar or string at the end', 'shop.Place.codes of kind array'],
    ['inner', 'a scalar or string at the end', 'shop.Order.inner of kind vector'],
    ['subject_type', 'a scalar or string at the end', 'shop.Order.subject_type of kind unionType'],
    ['subject.name', 'a table or struct before the end', 'shop.Order.subject of kind union'],
    ['items.name', 'a table or struct before the end', 'shop.Order.items of kind vector'],
    ['inner.name', 'a table or struct before the end', 'shop.Order.inner of kind vector'],
    ['user.name.length', 'a table or struct before the end', 'shop.User.name of kind string'],
  ])('is refused when it is %j', (path, expected, got) => {
    expect(() => find(path)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        detail: {
          what: 'the field is not in the contract [field-not-in-contract]',
          ...{ expected, got, where: 'assign.key' },
        },
      }),
    );
  });
});
