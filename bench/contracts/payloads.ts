import { Builder } from 'flatbuffers';
import { PAYLOAD_BYTES } from '../drivers/driver.js';

/** A payload of the schema Features, PAYLOAD_BYTES long, and where its counter lies. */
export function featuresPayload(): { payload: Uint8Array; counterAt: number } {
  // As many values as make it that long.
  for (let count = 1; ; count++) {
    const builder = new Builder(PAYLOAD_BYTES * 2);
    const model = builder.createString('ranker-7');
    builder.startVector(4, count, 4);
    for (let index = count - 1; index >= 0; index--) builder.addFloat32(index / 8);
    const values = builder.endVector();
    builder.startObject(4);
    builder.addFieldInt64(1, 42n, 0n);
    builder.addFieldInt32(0, 0xffffffff, 0);
    builder.addFieldOffset(2, model, 0);
    builder.addFieldOffset(3, values, 0);
    builder.finish(builder.endObject());
    const payload = builder.asUint8Array().slice();
    if (payload.length < PAYLOAD_BYTES) continue;
    if (payload.length > PAYLOAD_BYTES) throw new Error(`no payload of ${PAYLOAD_BYTES} bytes`);
    const data = new DataView(payload.buffer);
    const table = data.getUint32(0, true);
    const vtable = table - data.getInt32(table, true);
    return { payload, counterAt: table + data.getUint16(vtable + 4, true) };
  }
}

/** Depth of the tree: near what a verifier allows. */
const DEPTH = 60;

/** A payload of the schema Node of at least `byteLength`: chains of nodes side by side, each as deep as allowed. */
export function treePayload(byteLength: number): Uint8Array {
  const builder = new Builder(byteLength * 2);
  const chains: number[] = [];
  const label = (depth: number) => builder.createString(`node at depth ${depth}`);
  const node = (depth: number, children: number) => {
    const text = label(depth);
    builder.startObject(3);
    builder.addFieldOffset(0, text, 0);
    builder.addFieldFloat32(1, depth / 2, 0);
    builder.addFieldOffset(2, children, 0);
    return builder.endObject();
  };
  const list = (nodes: readonly number[]) => {
    builder.startVector(4, nodes.length, 4);
    for (const one of nodes.toReversed()) builder.addOffset(one);
    return builder.endVector();
  };
  while (builder.offset() < byteLength) {
    let deepest = node(DEPTH, 0);
    for (let depth = DEPTH - 1; depth > 1; depth--) deepest = node(depth, list([deepest]));
    chains.push(deepest);
  }
  builder.finish(node(0, list(chains)));
  return builder.asUint8Array().slice();
}
