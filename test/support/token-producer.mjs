// A worker that streams as fast as it is let, and holds how far it is against how far its reader is, as the reader says in a
// file. Arguments: URL, file, replies of a stream, bytes of each.
import { openSync, readSync } from 'node:fs';
import { connect } from 'modwire';

const [url, file] = process.argv.slice(2);
const [replies, bytes] = process.argv.slice(4).map(Number);
const position = openSync(file, 'r');
const asked = new Float64Array(1);
const client = await connect(url, { name: 'token-producer' });
let produced = 0;
let mostAhead = 0;

await client.serve('tokens', async function* () {
  for (produced = 0; produced < replies; ) {
    const reply = Buffer.alloc(bytes);
    reply.writeUInt32LE(produced++);
    readSync(position, asked, 0, 8, 0);
    mostAhead = Math.max(mostAhead, produced - asked[0]);
    yield reply;
  }
});
process.send({ ready: true });
process.on('message', () => process.send({ production: { produced, mostAhead } }));
process.on('disconnect', () => client.close());
