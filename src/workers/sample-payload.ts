import type { Field, Schema } from '../contracts/schema-model.js';

/** What a payload is measured with: a root table with a vector of small tables. */
export const SAMPLE_SCHEMA: Schema = {
  objects: [
    table('Sample', [
      field('nodes', 0, { kind: 'vector', element: { kind: 'table', object: 1 }, wide: false }),
    ]),
    table('Node', [
      field('left', 0, { kind: 'scalar', scalar: 'int', enum: undefined }),
      field('right', 1, { kind: 'scalar', scalar: 'int', enum: undefined }),
    ]),
  ],
  enums: [],
  root: 0,
  fileIdentifier: '',
};

const ROOT_VTABLE = 4;
const ROOT_TABLE = 12;
const VECTOR = 20;
const NODE_VTABLE_BYTES = 8;
const NODE_BYTES = 12;

/** A payload of that schema with so many tables in its vector, which share a vtable. */
export function samplePayload(nodes: number): Uint8Array {
  const nodeVtable = VECTOR + 4 + 4 * nodes;
  const firstNode = nodeVtable + NODE_VTABLE_BYTES;
  const data = new DataView(new ArrayBuffer(firstNode + NODE_BYTES * nodes));
  const put = (size: 2 | 4, at: number, ...numbers: number[]) => {
    for (const [index, number] of numbers.entries()) {
      if (size === 2) data.setUint16(at + 2 * index, number, true);
      else data.setUint32(at + 4 * index, number, true);
    }
  };
  put(4, 0, ROOT_TABLE);
  // A vtable: its size, the table's size, the place of each field.
  put(2, ROOT_VTABLE, 6, 8, 4);
  put(4, ROOT_TABLE, ROOT_TABLE - ROOT_VTABLE, VECTOR - (ROOT_TABLE + 4), nodes);
  put(2, nodeVtable, NODE_VTABLE_BYTES, NODE_BYTES, 4, 8);
  for (let index = 0; index < nodes; index++) {
    const place = VECTOR + 4 + 4 * index;
    const node = firstNode + NODE_BYTES * index;
    put(4, place, node - place);
    put(4, node, node - nodeVtable, index, ~index >>> 0);
  }
  return new Uint8Array(data.buffer);
}

function table(name: string, fields: readonly Field[]): Schema['objects'][number] {
  return { name, isStruct: false, fields, minAlign: 4, byteSize: 0, declarationFile: '' };
}

function field(name: string, id: number, type: Field['type']): Field {
  return {
    name,
    id,
    offset: 4 + 2 * id,
    type,
    required: false,
    optional: false,
    deprecated: false,
    key: false,
    defaultInteger: '0',
    defaultReal: '0',
    forceAlign: 0,
    nested: undefined,
    wideOffset: false,
  };
}
