import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSchema } from '../../src/contracts/bfbs-reader.js';
import { canonicalForm } from '../../src/contracts/canonical-form.js';
import { compareSchemas, type RootedSchema } from '../../src/contracts/compatibility.js';
import { compileRoot } from '../../src/contracts/compile-schema.js';
import { SCHEMA_ID_BYTES, schemaId } from '../../src/contracts/schema-id.js';
import { compileFbsText } from '../../src/flatc/compile-fbs.js';
import { CHANGES } from '../support/compatibility/changes.js';
import { PLAIN, planText, schemaPlan, style } from '../support/schema-plan.js';
import { rooted } from '../support/schemas.js';

const hex = ({ schema, root }: RootedSchema): string => Buffer.from(schemaId(schema, root)).toString('hex');

const ORDER = `
  namespace shop;
  enum Colour:ubyte { Red = 1, Blue = 4 }
  enum Flags:ushort (bit_flags) { Gift, Urgent }
  struct Size { w:float; h:float; box:[ubyte:3]; }
  table Item { sku:string (key); size:Size; colours:[Colour]; price:double = 1.5; }
  table Note { text:string; }
  union Extra { Note, Gift:Item, Size, Words:string }
  table Order {
    id:ulong (key);
    items:[Item] (required);
    flags:Flags = Gift;
    count:int = null;
    extra:Extra;
    extras:[Extra];
    old:int (deprecated);
    raw:[ubyte] (nested_flatbuffer: "Note");
    tensor:[float] (force_align: 16);
    large:[ubyte] (vector64);
    state:string = "new";
  }
  root_type Order; file_identifier "ORDR";`;

describe('a schema id', () => {
  it('is 16 bytes that stay the same for ever', async () => {
    const schema = await rooted(ORDER);
    expect(schemaId(schema.schema, schema.root)).toHaveLength(SCHEMA_ID_BYTES);
    expect(hex(schema)).toBe('b753666fb72166b2f30b272463e73b60');
  });

  it('is the hash of a text that says all that matters', async () => {
    const { schema, root } = await rooted(ORDER);
    expect(canonicalForm(schema, root)).toMatchInlineSnapshot(`
      "modwire schema 1
      root shop.Order
      identifier ORDR
      enum shop.Colour ubyte
       1 Red
       4 Blue
      union shop.Extra ubyte
       0 NONE
       1 Note shop.Note
       2 Gift shop.Item
       3 Size shop.Size
       4 Words string
      enum shop.Flags ushort bit_flags
       1 Gift
       2 Urgent
      table shop.Item
       0 sku string required key
       1 size shop.Size
       2 colours [ubyte(shop.Colour)]
       3 price double default=1.5
      table shop.Note
       0 text string
      table shop.Order
       0 id ulong default=0 key
       1 items [shop.Item] required
       2 flags ushort(shop.Flags) default=1
       3 count int default=null
       4 extra_type tag(shop.Extra)
       5 extra shop.Extra
       6 extras_type [tag(shop.Extra)]
       7 extras [shop.Extra]
       8 old int default=0 deprecated
       9 raw [ubyte] nested=shop.Note
       10 tensor [float] force_align=16
       11 large [ubyte] vector64 offset64
       12 state string default=other
      struct shop.Size bytes=12 align=4
       0 w float
       4 h float
       8 box [ubyte:3]
      "
    `);
  });

  it('keeps through the order of declarations, comments and types that are not reached', async () => {
    await fc.assert(
      fc.asyncProperty(schemaPlan, style, async (plan, written) => {
        expect(hex(await rooted(planText(plan, written)))).toBe(hex(await rooted(planText(plan, PLAIN))));
      }),
      { numRuns: 150 },
    );
  });

  it('keeps when a schema is split into files', async () => {
    const [head, tail] = ORDER.split('  table Note');
    const files = {
      'order.fbs': `include "parts/item.fbs"; namespace shop; table Note${tail}`,
      'parts/item.fbs': head!,
    };
    const schema = readSchema(await compileFbsText('order.fbs', files));
    expect(hex({ schema, root: schema.root! })).toBe(hex(await rooted(ORDER)));
  });

  it('is of one root: each table has its own', async () => {
    const { schema } = await rooted(ORDER);
    const ids = schema.objects.flatMap(({ isStruct }, root) => (isStruct ? [] : [hex({ schema, root })]));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('of another root than the declared one knows nothing of its file identifier, as its payloads do not', async () => {
    const declared = await rooted(ORDER);
    const other = await rooted(ORDER.replace('"ORDR"', '"OTHR"'));
    const note = ({ schema }: RootedSchema) => ({
      schema,
      root: schema.objects.findIndex(({ name }) => name === 'shop.Note'),
    });
    expect(hex(other)).not.toBe(hex(declared));
    expect(hex(note(other))).toBe(hex(note(declared)));
    expect(compareSchemas(note(declared), note(other)).findings).toEqual([]);
    const { program } = compileRoot(declared.schema, note(declared).root);
    expect(program).toEqual(compileRoot(other.schema, note(other).root).program);
  });

  it.each(CHANGES)('is another when $title', async ({ before, after }) => {
    expect(hex(await rooted(before))).not.toBe(hex(await rooted(after)));
  });
});
