import type { RuleName } from '../../src/codec/verify-rule.js';
import { readSchema } from '../../src/contracts/bfbs-reader.js';
import { compileProgram } from '../../src/contracts/compile-program.js';
import type { Program } from '../../src/contracts/program.js';
import { MessageMap } from './message-map.js';
import { bfbsOf } from './schemas.js';

/** The program of the root that a schema declares, or of another of its tables. */
export async function programOf(text: string, root?: string): Promise<Program> {
  const schema = readSchema(await bfbsOf(text));
  const index = root === undefined ? schema.root : schema.objects.findIndex(({ name }) => name === root);
  if (index === undefined || index < 0) throw new Error(`no root in ${text}`);
  return compileProgram(schema, index);
}

/** A request for inference, with what payloads are made of; 64-bit vectors have a schema of their own. */
export const REQUEST = `
namespace shop;
struct Point { x:float; y:double; }
struct Mark { a:ushort; b:ubyte; }
struct Frame { corners:[Point:2]; flags:[ubyte:3]; }
table Leaf { text:string (required); }
table Tensor { name:string; shape:[uint] (required); data:[double]; frame:Frame; }
union Body { Leaf, Mark, Word:string }
table Request {
  count:ubyte; total:ulong; name:string (required); inputs:[Tensor]; labels:[string]; points:[Point];
  body:Body; bodies:[Body]; inner:[ubyte] (nested_flatbuffer: "Leaf"); old:string (deprecated); at:Point;
}
root_type Request;
file_identifier "REQU";
`;

/** Ids of the fields of Request; unions take one more, for their tags. */
export const Id = {
  ...{ count: 0, total: 1, name: 2, inputs: 3, labels: 4, points: 5, bodyType: 6, body: 7, bodiesType: 8 },
  ...{ bodies: 9, inner: 10, old: 11, at: 12 },
} as const;

/** A request with everything set. */
export const REQUEST_VALUE = {
  ...{ count: 1, total: 5, name: 'request', labels: ['one', 'zwölf'], at: { x: 1, y: 2 } },
  inputs: [
    { name: 'first', shape: [1] },
    { shape: [1, 2], data: [1.5, 2.5] },
    { shape: [] },
    {
      name: 'last',
      shape: [1, 2, 3],
      frame: {
        corners: [
          { x: 1, y: 2 },
          { x: 3, y: 4 },
        ],
        flags: [1, 2, 3],
      },
    },
  ],
  points: [
    { x: 1, y: 2 },
    { x: 3, y: 4 },
  ],
  ...{ body_type: 'Leaf', body: { text: 'body' } },
  ...{ bodies_type: ['Leaf', 'Mark', 'Word'], bodies: [{ text: 'leaf' }, { a: 1, b: 2 }, 'word'] },
  inner: { text: 'inner' },
};

/** Where the parts of a payload lie. Offsets count from its first byte. */
export class PayloadMap extends MessageMap {
  override get table(): number {
    return this.u32(0);
  }

  /** Entry of a field of the root. */
  entry(id: number): number {
    return this.entryOf(this.table, id);
  }

  /** Where a field of the root lies. */
  slot(id: number): number {
    return this.slotOf(this.table, id);
  }

  /** Where the offset in a field of the root leads. */
  value(id: number): number {
    return this.follow(this.slot(id));
  }

  /** Where the offset of an element of a vector in the root lies. */
  elementSlot(id: number, index: number): number {
    return this.value(id) + 4 + 4 * index;
  }

  /** Where it leads. */
  element(id: number, index: number): number {
    return this.follow(this.elementSlot(id, index));
  }
}

export type PayloadPlace = (map: PayloadMap) => number;

/** One rule broken in a good payload, and where the verifier must find it. */
export interface PayloadViolation {
  readonly rule: RuleName;
  readonly path: string;
  /** What is wrong, to complete the test's name. */
  readonly what: string;
  /** Place in the good payload. */
  readonly at: PayloadPlace;
  readonly edit: (map: PayloadMap) => void;
  /** By how many bytes too long, where the message says that. */
  readonly past?: PayloadPlace;
}

export function brokenPayload(
  rule: RuleName,
  path: string,
  what: string,
  at: PayloadPlace,
  edit: (map: PayloadMap) => void,
  past?: PayloadPlace,
): PayloadViolation {
  return past === undefined ? { rule, path, what, at, edit } : { rule, path, what, at, edit, past };
}
