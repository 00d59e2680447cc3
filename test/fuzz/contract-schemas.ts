/** Schemas that have, taken together, every feature which the verifier knows, and payloads of them as JSON. */
export interface ContractSchema {
  readonly name: string;
  readonly text: string;
  /** What its payloads are written with, where that is another text. */
  readonly writtenWith?: string;
  /** FlatBuffers' generated verifier of the root. */
  readonly cppVerifier: string;
  readonly values: readonly object[];
}

const GRID = { corners: [point(1, 2), point(3, 4)], flags: [1, 2, 3], at: point(5, 6) };

/** The bytes of a Leaf of WIDE, named x. */
const LEAF = [
  ...[12, 0, 0, 0, 6, 0, 8, 0, 4, 0, 0, 0],
  ...[8, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 'x'.charCodeAt(0), 0, 0, 0],
];

const EVERY: ContractSchema = {
  name: 'every',
  cppVerifier: 'fuzz::every::VerifyEveryBuffer',
  text: `
namespace fuzz.every;
enum Colour:ushort { red, green, blue }
struct Point { x:float; y:double; }
struct Grid { corners:[Point:2]; flags:[ubyte:3]; at:Point; }
struct Pair { a:ushort; b:ubyte; }
table Leaf { text:string (required); weight:double; }
table Item { name:string; leaf:Leaf; points:[Point]; }
union Shape { Leaf, Item, Spot:Pair, Word:string, Big:Grid }
table Every {
  truth:bool = true; small:byte; short:short; colour:Colour; whole:int; wide:ulong; single:float; real:double;
  maybe:int = null; grid:Grid; pair:Pair; old:string (deprecated);
  name:string (required); names:[string];
  bytes:[ubyte]; shorts:[short]; ints:[uint]; longs:[long]; reals:[double]; truths:[bool]; colours:[Colour];
  aligned:[float] (force_align: 16); grids:[Grid]; pairs:[Pair];
  leaf:Leaf (required); items:[Item];
  shape:Shape; shapes:[Shape]; inner:[ubyte] (nested_flatbuffer: "Every"); last:Shape;
}
root_type Every;
file_identifier "EVRY";
`,
  values: [
    { name: 'least', leaf: { text: '' } },
    {
      ...{ name: 'numbers', leaf: { text: 'leaf', weight: 0.5 } },
      ...{ truth: false, small: -1, short: -2, colour: 'blue', whole: 5, wide: 12345678901, single: 1.5 },
      ...{ real: 2.5, maybe: 0, grid: GRID, pair: { a: 1, b: 2 } },
    },
    {
      ...{ name: 'häuser 家', names: ['one', '', 'zwölf', 'long enough for words of eight bytes'] },
      ...{
        leaf: { text: 'x' },
        bytes: [1, 2, 3],
        shorts: [1, 2],
        ints: [1, 2, 3],
        longs: [1, 2],
        reals: [1.5],
      },
      ...{ truths: [true, false], colours: ['red', 'blue'], aligned: [1, 2, 3, 4] },
      ...{
        grids: [GRID, GRID],
        pairs: [
          { a: 1, b: 2 },
          { a: 3, b: 4 },
        ],
      },
    },
    {
      ...{ name: 'tables', leaf: { text: 'required' } },
      items: [
        { name: 'first', leaf: { text: 'of an item' }, points: [point(1, 1), point(2, 2)] },
        { name: 'second' },
        {},
      ],
      ...{ shape_type: 'Item', shape: { name: 'in a union', leaf: { text: 'deeper' } } },
      ...{ last_type: 'Leaf', last: { text: 'the end' } },
    },
    {
      ...{ name: 'unions', leaf: { text: 'x' }, shape_type: 'Word', shape: 'a word' },
      shapes_type: ['Word', 'Spot', 'Big', 'Leaf', 'Item'],
      shapes: ['w', { a: 1, b: 2 }, GRID, { text: 'of a vector' }, { points: [point(1, 2)] }],
      ...{ last_type: 'Spot', last: { a: 1, b: 2 } },
    },
    {
      ...{ name: 'structs', leaf: { text: '' }, shape_type: 'Spot', shape: { a: 1, b: 2 } },
      ...{ last_type: 'Big', last: GRID },
    },
    {
      ...{ name: 'nested', leaf: { text: 'outer' } },
      inner: { name: 'in', leaf: { text: 'inner' }, inner: { name: 'innermost', leaf: { text: 'x' } } },
      ...{ last_type: 'Big', last: GRID },
    },
  ],
};

/** `inner`: attributes of a vector of bytes. flatc writes tables from JSON only into vectors with a length of 32 bits. */
const wideText = (inner: string) => `
namespace fuzz.wide;
struct Point { x:float; y:double; }
table Leaf { name:string; count:ubyte; }
table Wide {
  count:ubyte; near:string; text:string (offset64); bytes:[ubyte] (offset64); points:[Point] (offset64);
  huge:[ubyte] (vector64); reals:[double] (vector64); spots:[Point] (vector64);
  inner:[ubyte] (${inner}); far_inner:[ubyte] (offset64, nested_flatbuffer: "Leaf");
}
root_type Wide;
`;

const WIDE: ContractSchema = {
  name: 'wide',
  cppVerifier: 'fuzz::wide::VerifyWideBuffer',
  text: wideText('vector64, nested_flatbuffer: "Leaf"'),
  writtenWith: wideText('vector64'),
  values: [
    { count: 1, near: 'near', text: 'far', bytes: [1, 2, 3], points: [point(1, 2), point(3, 4)] },
    { huge: [1, 2, 3, 4, 5], reals: [1.5, 2.5], spots: [point(1, 2)] },
    { near: 'near', inner: LEAF, far_inner: { name: 'far away' } },
  ],
};

/** Its payloads of interest are larger than JSON can say: contract-specimens.ts builds them. */
const NODE: ContractSchema = {
  name: 'node',
  cppVerifier: 'fuzz::node::VerifyNodeBuffer',
  text: `
namespace fuzz.node;
union Link { Node }
table Node {
  label:string; labels:[string]; children:[Node]; left:Node; next:Link; body:[ubyte] (nested_flatbuffer: "Node");
}
root_type Node;
`,
  values: [
    { label: 'alone' },
    { label: 'root', children: [{ label: 'a' }, { label: 'b', left: { labels: ['c', 'd'] } }] },
  ],
};

export const CONTRACT_SCHEMAS: readonly ContractSchema[] = [EVERY, WIDE, NODE];

function point(x: number, y: number) {
  return { x, y };
}
