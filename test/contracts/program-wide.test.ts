import { beforeAll, describe, expect, it } from 'vitest';
import type { Program } from '../../src/contracts/program.js';
import { payloadOf } from '../support/flatc.js';
import { verdictOf } from '../support/payload-verdicts.js';
import {
  brokenPayload as broken,
  PayloadMap,
  type PayloadPlace,
  programOf,
} from '../support/request-payload.js';

const SCHEMA = `
namespace wide;
struct Point { x:float; y:double; }
table Leaf { name:string (required); }
table Wide {
  near:string; text:string (offset64); bytes:[ubyte] (offset64); reals:[double] (vector64); points:[Point] (vector64);
  inner:[ubyte] (offset64, nested_flatbuffer: "Leaf");
}
root_type Wide;
`;
const VALUE = {
  ...{ near: 'near', text: 'far', bytes: [1, 2, 3], reals: [1.5, 2.5] },
  ...{ points: [{ x: 1, y: 2 }], inner: { name: 'inner' } },
};

const Id = { near: 0, text: 1, bytes: 2, reals: 3, points: 4, inner: 5 } as const;

let program: Program;
let good: Uint8Array;

beforeAll(async () => {
  program = await programOf(SCHEMA);
  good = await payloadOf(SCHEMA, VALUE);
});

const slot =
  (id: number): PayloadPlace =>
  (map) =>
    map.slot(id);
const text: PayloadPlace = (m) => m.value(Id.text);
const reals: PayloadPlace = (m) => m.value(Id.reals);
const inner: PayloadPlace = (m) => m.value(Id.inner) + 4;
const innerTable: PayloadPlace = (m) => m.follow(inner(m));

const VIOLATIONS = [
  broken('offsetZero', 'text', 'of 64 bits', slot(Id.text), (m) => m.put32(m.slot(Id.text), 0)),
  broken('offsetBounds', 'text', 'whose upper half counts too', slot(Id.text), (m) =>
    m.put32(m.slot(Id.text) + 4, 1),
  ),
  broken('offsetBounds', 'text', 'as large as can be', slot(Id.text), (m) => {
    m.put32(m.slot(Id.text), 0xffff_ffff);
    m.put32(m.slot(Id.text) + 4, 0xffff_ffff);
  }),
  broken('offsetBounds', 'bytes', 'that would wrap around 64 bits to where it led', slot(Id.bytes), (m) => {
    m.put32(m.slot(Id.bytes), 0x1_0000_0000 - m.slot(Id.bytes) + 4);
    m.put32(m.slot(Id.bytes) + 4, 0xffff_ffff);
  }),
  broken('offsetAlignment', 'text', 'moved by 1', slot(Id.text), (m) =>
    m.put32(m.slot(Id.text), m.u32(m.slot(Id.text)) - 1),
  ),
  broken('offsetAlignment', 'reals', 'to a length of 64 bits that is aligned to 32', slot(Id.reals), (m) =>
    m.put32(m.slot(Id.reals), m.u32(m.slot(Id.reals)) + 4),
  ),
  broken('vectorBounds', 'reals', 'whose upper half counts too', reals, (m) => m.put32(reals(m) + 4, 1)),
  broken('vectorBounds', 'reals', 'as long as can be', reals, (m) => {
    m.put32(reals(m), 0xffff_ffff);
    m.put32(reals(m) + 4, 0xffff_ffff);
  }),
  broken('vectorBounds', 'reals', 'whose end would wrap around 64 bits', reals, (m) => {
    m.put32(reals(m), 1);
    m.put32(reals(m) + 4, 0x2000_0000);
  }),
  broken(
    ...(['vectorBounds', 'points', 'of structs'] as const),
    (m) => m.value(Id.points),
    (m) => m.put32(m.value(Id.points), 0x1000_0000),
  ),
  broken(
    ...(['stringTerminator', 'text', 'far away'] as const),
    (m) => text(m) + 7,
    (m) => m.bytes.set([1], text(m) + 7),
  ),
  broken(
    ...(['utf8', 'text', 'far away'] as const),
    (m) => text(m) + 4,
    (m) => m.bytes.set([0x80], text(m) + 5),
  ),
  broken(
    ...(['fieldOutsideTable', 'text', 'with its upper half'] as const),
    (m) => m.entry(Id.text),
    (m) => m.put16(m.entry(Id.text), m.u16(m.vtable + 2) - 4),
  ),
  broken(
    ...(['fieldAlignment', 'text', 'moved by 4'] as const),
    (m) => m.slot(Id.text) - 4,
    (m) => m.put16(m.entry(Id.text), m.u16(m.entry(Id.text)) - 4),
  ),
  broken('rootOffset', 'inner', 'inside', inner, (m) => m.put32(inner(m), 0)),
  broken(
    ...(['requiredField', 'inner.name', 'inside'] as const),
    (m) => m.entryOf(innerTable(m), 0),
    (m) => m.put16(m.entryOf(innerTable(m), 0), 0),
  ),
];

describe('the program verifier, of what is 64 bits wide,', () => {
  it('accepts the payload that the violations are made of', () => {
    expect(verdictOf(program, good)).toBeUndefined();
  });

  for (const { rule, path, what, at, edit } of VIOLATIONS) {
    it(`rejects ${rule} ${path} ${what}`, () => {
      const offset = at(new PayloadMap(good));
      const map = new PayloadMap(good.slice());
      edit(map);
      expect(verdictOf(program, map.bytes)).toMatchObject({ rule, offset, path });
    });
  }
});

describe('the program verifier, of nested buffers,', () => {
  const NESTED = `
    table Number { value:ulong; }
    table Outer { inner:[ubyte] (nested_flatbuffer: "Number"); again:[ubyte] (nested_flatbuffer: "Number"); }
    root_type Outer;
  `;

  it('looks for alignment from the start of each, wherever it lies in the payload', async () => {
    const outer = await programOf(NESTED);
    const number = await payloadOf(`${NESTED} root_type Number;`, { value: 5 });
    const bytes = [...number];
    const plain = NESTED.replaceAll(' (nested_flatbuffer: "Number")', '');
    // Bytes without an alignment of their own: at least one of the two does not begin at a multiple of 8.
    for (const padding of [0, 4]) {
      const again = [...bytes, ...new Array<number>(padding).fill(0)];
      const payload = await payloadOf(plain, { inner: again, again: bytes });
      expect(verdictOf(outer, payload)).toBeUndefined();
    }
    // Its table moved by 4, so that the number in it is aligned to 4 only.
    const good = new PayloadMap(number);
    const { table, vtable } = good;
    const moved = new PayloadMap(
      Uint8Array.of(...number.subarray(0, table), 0, 0, 0, 0, ...number.subarray(table)),
    );
    moved.put32(0, table + 4);
    moved.putVtable(table + 4, vtable);
    const payload = await payloadOf(plain, { inner: bytes, again: [...moved.bytes] });
    expect(verdictOf(outer, payload)).toMatchObject({ rule: 'fieldAlignment', path: 'again.value' });
  });
});
