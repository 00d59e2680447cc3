import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSchema } from '../../src/contracts/bfbs-reader.js';
import { compileRoot } from '../../src/contracts/compile-schema.js';
import { SCHEMA_BOUNDS } from '../../src/contracts/schema-bounds.js';
import type { Schema } from '../../src/contracts/schema-model.js';
import { ModwireError } from '../../src/errors.js';
import { type BfbsDraft, bfbsOfDraft, draftOf, named } from '../support/bfbs-draft.js';
import { bfbsOf } from '../support/flatc.js';
import { thoroughly } from '../support/thoroughness.js';
import { ALL_FEATURES } from '../support/transcoding-schemas.js';

const SMALL = `
namespace shop;
enum Colour : ubyte { Red = 1, Blue = 4 }
struct Point { x : float; y : double; at : [short : 3]; }
table Item { sku : string (required, key); point : Point; raw : [ubyte] (nested_flatbuffer: "Note"); }
table Note { text : string; reals : [float] (force_align: 16); }
union Extra { Note, Item }
table Order { id : ulong = 7; items : [Item]; colour : Colour = Red; extra : Extra; large : [ubyte] (vector64); }
root_type Order;
file_identifier "SHOP";`;

/** Errors that bytes of other people may cost. */
const EXPECTED = ['INVALID_ARGUMENT', 'RESOURCE_EXHAUSTED', 'UNIMPLEMENTED'];

let small: Uint8Array;
let large: Uint8Array;
beforeAll(async () => {
  small = await bfbsOf(SMALL);
  large = await bfbsOf(ALL_FEATURES);
});

/** The schema, compiled as well; or the error, which must be one of those. */
function outcome(bytes: Uint8Array): Schema | ModwireError {
  try {
    const schema = readSchema(bytes);
    if (schema.root !== undefined) compileRoot(schema, schema.root);
    return schema;
  } catch (thrown) {
    if (thrown instanceof ModwireError && EXPECTED.includes(thrown.code)) return thrown;
    throw thrown;
  }
}

function refusal(bytes: Uint8Array): ModwireError {
  const found = outcome(bytes);
  if (found instanceof ModwireError) return found;
  throw new Error('expected a refusal');
}

/** What becomes of the small schema when its draft is changed. */
function changed(change: (draft: BfbsDraft) => void): ModwireError {
  const draft = draftOf(small);
  change(draft);
  return refusal(bfbsOfDraft(draft));
}

const field = (draft: BfbsDraft, path: string): BfbsDraft => {
  const [type, name] = path.split('/');
  return named(named(draft.objects, type!).fields, name!);
};

describe('a .bfbs', () => {
  it('is read by what it says, not by how it was written', () => {
    for (const bfbs of [small, large]) {
      expect(readSchema(bfbsOfDraft(draftOf(bfbs)))).toEqual(readSchema(bfbs));
    }
  });

  it('is read wherever it lies in memory', () => {
    const around = new Uint8Array(small.length + 11).fill(0xff);
    around.set(small, 5);
    expect(readSchema(around.subarray(5, 5 + small.length))).toEqual(readSchema(small));
  });

  it('may be any bytes: they are a schema or refused', () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(bytes, fc.boolean(), (random, isMarked) => {
        // With the identifier in its place, more than the first check is met.
        if (isMarked && random.length >= 8) random.set(new TextEncoder().encode('BFBS'), 4);
        outcome(random);
      }),
      { numRuns: 5_000 },
    );
  });

  it('may be cut off anywhere: then it is refused', () => {
    for (let length = 0; length < small.length; length++) {
      // Only zeros that pad the end may be missed by nobody.
      const isPadding = small.subarray(length).every((byte) => byte === 0);
      if (!isPadding) expect(refusal(small.subarray(0, length)).code).toBe('INVALID_ARGUMENT');
    }
  });

  it('may be changed in any places: it is a schema or refused', () => {
    const change = fc.record({
      place: fc.nat(),
      bytes: fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 4 }),
        fc
          .constantFrom(0, 1, 4, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffc, 0xffff_ffff)
          .map((word) => new Uint8Array(Uint32Array.of(word).buffer)),
      ),
    });
    fc.assert(
      fc.property(fc.boolean(), fc.array(change, { minLength: 1, maxLength: 4 }), (isSmall, changes) => {
        const bytes = (isSmall ? small : large).slice();
        for (const { place, bytes: put } of changes) bytes.set(put, place % (bytes.length - 3));
        outcome(bytes);
      }),
      { numRuns: thoroughly(4_000, 20_000) },
    );
  });

  it('may have any of its 32-bit words be of any size', () => {
    const bytes = small.slice();
    const data = new DataView(bytes.buffer);
    for (let at = 0; at + 4 <= bytes.length; at += 4) {
      const before = data.getUint32(at, true);
      for (const word of [0, 1, 2, 4, before + 4, before - 4, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
        data.setUint32(at, word, true);
        outcome(bytes);
      }
      data.setUint32(at, before, true);
    }
  });

  it('is refused with advice when it is the text of a schema', () => {
    const { code, message } = refusal(new TextEncoder().encode(SMALL));
    expect(code).toBe('INVALID_ARGUMENT');
    expect(message).toContain('flatc --binary --schema --bfbs-builtins');
  });
});

/** Places where a type, a field or a value is told by an index or a number. */
const OUT_OF_RANGE: readonly [title: string, change: (draft: BfbsDraft) => void, where: string][] = [
  ...[-2, 5, 99, 2 ** 31 - 1, -(2 ** 31)].map((index): (typeof OUT_OF_RANGE)[number] => [
    `a struct with index ${index}`,
    (draft) => Object.assign(field(draft, 'shop.Item/point').type, { index }),
    'shop.Item.point',
  ]),
  [
    'no index where a table is meant',
    (draft) => Object.assign(field(draft, 'shop.Order/items').type, { index: -1 }),
    'shop.Order.items.element',
  ],
  [
    'an enum with index 9',
    (draft) => Object.assign(field(draft, 'shop.Order/colour').type, { index: 9 }),
    'shop.Order.colour',
  ],
  [
    'a scalar with the index of a union',
    (draft) => {
      const index = draft.enums.findIndex((one: BfbsDraft) => one.name === 'shop.Extra');
      field(draft, 'shop.Order/colour').type.index = index;
    },
    'shop.Order.colour',
  ],
  [
    'a union with the index of an enum',
    (draft) => {
      const index = draft.enums.findIndex((one: BfbsDraft) => one.name === 'shop.Colour');
      field(draft, 'shop.Order/extra').type.index = index;
    },
    'shop.Order.extra',
  ],
  [
    'a member of a union with index 7',
    (draft) => {
      named(named(draft.enums, 'shop.Extra').values, 'Note').unionType.index = 7;
    },
    'shop.Extra.values',
  ],
  [
    'an id that is used twice',
    (draft) => Object.assign(field(draft, 'shop.Order/items'), { id: 0, offset: 4 }),
    'shop.Order.',
  ],
  [
    'an id beyond all others',
    (draft) => Object.assign(field(draft, 'shop.Order/large'), { id: 60_000, offset: 6 }),
    'shop.Order.large',
  ],
  [
    'an entry of the vtable that is not its own',
    (draft) => Object.assign(field(draft, 'shop.Order/items'), { offset: 2 }),
    'shop.Order.items',
  ],
  [
    'a field of a struct behind its end',
    (draft) => Object.assign(field(draft, 'shop.Point/y'), { offset: 65_528 }),
    'shop.Point.y',
  ],
  [
    'an array of 65,535',
    (draft) => Object.assign(field(draft, 'shop.Point/at').type, { fixedLength: 65_535 }),
    'shop.Point.at',
  ],
  [
    'a struct without a size',
    (draft) => Object.assign(named(draft.objects, 'shop.Point'), { bytesize: 0 }),
    'shop.Point',
  ],
  [
    'a struct of negative size',
    (draft) => Object.assign(named(draft.objects, 'shop.Point'), { bytesize: -8 }),
    'shop.Point',
  ],
  [
    'an alignment of 0',
    (draft) => Object.assign(named(draft.objects, 'shop.Point'), { minalign: 0 }),
    'shop.Point',
  ],
  [
    'an alignment of 2^30',
    (draft) => Object.assign(named(draft.objects, 'shop.Point'), { minalign: 2 ** 30 }),
    'shop.Point',
  ],
  [
    'an enum value that its type cannot hold',
    (draft) => Object.assign(named(draft.enums, 'shop.Colour').values[0], { value: 256 }),
    'shop.Colour.values[0]',
  ],
  [
    'a default that its type cannot hold',
    (draft) => Object.assign(field(draft, 'shop.Order/colour'), { defaultInteger: -1 }),
    'shop.Order.colour',
  ],
  [
    'two types of one name',
    (draft) => Object.assign(named(draft.objects, 'shop.Note'), { name: 'shop.Item' }),
    'shop.Item',
  ],
  [
    'a type that has no name',
    (draft) => Object.assign(named(draft.objects, 'shop.Note'), { name: '' }),
    'objects[',
  ],
  [
    'a root that is no type of its own',
    (draft) => Object.assign(draft, { rootTable: { name: 'shop.Other', fields: [], minalign: 1 } }),
    'root_table',
  ],
  [
    'a root that is a struct',
    (draft) => Object.assign(draft, { rootTable: named(draft.objects, 'shop.Point') }),
    'root_table',
  ],
  [
    'an identifier that cannot be printed',
    (draft) => Object.assign(draft, { fileIdent: 'A\u0000BC' }),
    'file_ident',
  ],
  [
    'a nested buffer of no table',
    (draft) => Object.assign(field(draft, 'shop.Item/raw').attributes[0], { value: 'Nothing' }),
    'shop.Item.raw',
  ],
  [
    'a force_align of 3',
    (draft) => Object.assign(field(draft, 'shop.Note/reals').attributes[0], { value: '3' }),
    'shop.Note.reals',
  ],
  [
    'a struct that holds itself',
    (draft) => {
      const index = draft.objects.findIndex((one: BfbsDraft) => one.name === 'shop.Point');
      Object.assign(field(draft, 'shop.Point/x'), { type: { baseType: 15, index } });
    },
    'shop.Point',
  ],
  [
    'a vector in a struct',
    (draft) => Object.assign(field(draft, 'shop.Point/x'), { type: { baseType: 14, element: 7 } }),
    'shop.Point.x',
  ],
];

describe('a .bfbs that contradicts itself', () => {
  it.each(OUT_OF_RANGE)('is refused for %s, which it names', (_, change, where) => {
    const { code, detail } = changed(change);
    expect(code).toBe('INVALID_ARGUMENT');
    expect(detail.where).toContain(where);
  });

  it('is refused as not supported for a base type from the future', () => {
    const { code, detail } = changed((draft) =>
      Object.assign(field(draft, 'shop.Order/items'), { type: { baseType: 19 } }),
    );
    expect([code, detail.where]).toEqual(['UNIMPLEMENTED', 'shop.Order.items']);
  });

  it('is refused when two structs hold each other', () => {
    const draft = draftOf(small);
    const struct = (name: string, index: number) => ({
      ...{ name, isStruct: true, minalign: 4, bytesize: 4 },
      fields: [{ name: 'other', type: { baseType: 15, index } }],
    });
    const at = draft.objects.length;
    draft.objects.push(struct('shop.A', at + 1), struct('shop.B', at));
    const { code, message } = refusal(bfbsOfDraft(draft));
    expect(code).toBe('INVALID_ARGUMENT');
    expect(message).toContain('a struct within itself');
  });

  it('is refused for names with more than names have', () => {
    const { code, detail } = changed((draft) =>
      Object.assign(field(draft, 'shop.Order/items'), { name: 'a"b' }),
    );
    expect([code, detail.what]).toEqual(['INVALID_ARGUMENT', 'no name']);
  });

  it('says of a long name that it is too long, and does not repeat it', () => {
    const { code, message } = changed((draft) =>
      Object.assign(field(draft, 'shop.Order/items'), { name: 'n'.repeat(SCHEMA_BOUNDS.nameBytes + 1) }),
    );
    expect(code).toBe('RESOURCE_EXHAUSTED');
    expect(message.length).toBeLessThan(200);
  });
});
