// A publisher under full load, as a process of its own: small frames as fast as the broker's window allows, and among
// them, each 100 ms, a deep tree of 4 MiB on one of the same subjects. The frames of each subject are numbered in the
// payload. Arguments: URL, schema id, count of subjects. When told to stop it says how many each subject got.
import { Builder } from 'flatbuffers';
import { ContentType, connect } from 'modwire';

const [url, schemaId, subjectCount] = [process.argv[2], process.argv[3], Number(process.argv[4])];
const DEEP_BYTES = 4 * 1024 * 1024;
const DEEP_EVERY_MS = 100;
const DEPTH = 60;
const BURST = 200;

/** A node with a number and children; without any when `children` is 0. */
function node(builder, number, children) {
  builder.startObject(2);
  builder.addFieldInt32(0, number, 0);
  builder.addFieldOffset(1, children, 0);
  return builder.endObject();
}

function list(builder, nodes) {
  builder.startVector(4, nodes.length, 4);
  for (const one of nodes) builder.addOffset(one);
  return builder.endVector();
}

/** A payload, and where the number of its root lies. */
function tree(byteLength) {
  const builder = new Builder(2 * byteLength + 1024);
  const chains = [];
  while (builder.offset() < byteLength) {
    let deepest = node(builder, DEPTH, 0);
    for (let depth = DEPTH - 1; depth > 1; depth--) deepest = node(builder, depth, list(builder, [deepest]));
    chains.push(deepest);
  }
  builder.finish(node(builder, 1, chains.length > 0 ? list(builder, chains) : 0));
  const payload = builder.asUint8Array().slice();
  const data = new DataView(payload.buffer);
  const root = data.getUint32(0, true);
  const numberAt = root + data.getUint16(root - data.getInt32(root, true) + 4, true);
  return { payload, setNumber: (number) => data.setInt32(numberAt, number, true) };
}

const client = await connect(url, { name: 'deep-load-publisher' });
const subjects = Array.from({ length: subjectCount }, (_, index) => `trees.${index}`);
const counts = new Array(subjectCount).fill(0);
const options = {
  schemaId: Uint8Array.from(Buffer.from(schemaId, 'hex')),
  contentType: ContentType.flatbuffer,
};
const small = tree(0);
const deep = tree(DEEP_BYTES);

async function publish(index, { payload, setNumber }) {
  setNumber(++counts[index]);
  if (!client.publish(subjects[index], payload, options)) await client.ready();
}

let stopped = false;
process.on('message', () => {
  stopped = true;
});
process.send?.({ ready: true });
let deepCount = 0;
let nextDeep = performance.now() + DEEP_EVERY_MS;
while (!stopped) {
  for (let sent = 0; sent < BURST; sent++) await publish(sent % subjectCount, small);
  if (performance.now() >= nextDeep) {
    nextDeep += DEEP_EVERY_MS;
    await publish(deepCount++ % subjectCount, deep);
    await publish(deepCount % subjectCount, small);
  }
  await new Promise((resolve) => setImmediate(resolve));
}
await client.flush();
const published = Object.fromEntries(subjects.map((subject, index) => [subject, counts[index]]));
process.send?.({ published: { published, deepCount } });
await client.close();
process.disconnect();
