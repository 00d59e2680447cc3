import { describe, expect, it } from 'vitest';
import { findDeclaration } from '../../../src/cli/contracts/declaration.js';

const SOURCES = new Map([
  [
    'order.fbs',
    `include "common.fbs";
// table Order { id:int; }
namespace shop;
/* struct Point { x:int; } */
attribute "table Point { y:int; }";
enum Colour : ubyte { RED, GREEN = 4,
  BLUE }
struct Point { x:int; y:int;
  z:[int:3]; }

table Order
  (original_order)
{
  id:string (required);
  item_id:int; id_of:long = 5;
  place : Point;
  content:Content (id: 5); x:Colour = RED;
}
union Content { Order, Other:shop.deep.Item }
`,
  ],
  [
    'common.fbs',
    'table Order { a:int; }\nnamespace shop.deep;\n\ntable Item {\n}\nnamespace;\ntable Last {}',
  ],
]);

describe('findDeclaration', () => {
  it.each([
    ['shop.Order', 'order.fbs', 11],
    ['shop.Order.id', 'order.fbs', 14],
    ['shop.Order.item_id', 'order.fbs', 15],
    ['shop.Order.id_of', 'order.fbs', 15],
    ['shop.Order.place', 'order.fbs', 16],
    ['shop.Order.x', 'order.fbs', 17],
    ['shop.Point.x', 'order.fbs', 8],
    ['shop.Point.z', 'order.fbs', 9],
    ['shop.Colour.RED', 'order.fbs', 6],
    ['shop.Colour.GREEN', 'order.fbs', 6],
    ['shop.Colour.BLUE', 'order.fbs', 7],
    ['shop.Content.Other', 'order.fbs', 19],
    ['Order', 'common.fbs', 1],
    ['Order.a', 'common.fbs', 1],
    ['shop.deep.Item', 'common.fbs', 4],
    ['Last', 'common.fbs', 7],
  ])('finds %s in %s, line %i', (path, file, line) => {
    expect(findDeclaration(SOURCES, path)).toEqual({ file, line });
  });

  it.each([
    ['shop.Order.gone', 11],
    ['shop.Order.original_order', 11],
    ['shop.Point.Point', 8],
  ])('takes for %s, which is not there, the place of its type', (path, line) => {
    expect(findDeclaration(SOURCES, path)).toEqual({ file: 'order.fbs', line });
  });

  it.each([['Point'], ['shop.Item'], ['shop'], ['shop.Gone.id'], [''], ['a.(b.*']])('finds no %s', (path) => {
    expect(findDeclaration(SOURCES, path)).toBeUndefined();
  });
});
