// A subscriber that blocks its event loop now and then, as a long garbage collection or a busy loop would, and holds
// every frame and every gap against the sequence of its subject.
import { connect } from 'modwire';

const [url, filter, stallMs] = [process.argv[2], process.argv[3], Number(process.argv[4])];
const FRAMES_BETWEEN_STALLS = 20_000;
const next = new Map();
const faults = [];
let received = 0;
let missed = 0;
let gaps = 0;
let slow = 0;

function account(subject, first, last) {
  const expected = next.get(subject) ?? 1;
  if (first !== expected && faults.length < 10)
    faults.push(`${subject}: expected ${expected}, got ${first}..${last}`);
  next.set(subject, last + 1);
}

const client = await connect(url, { name: 'stalling-subscriber' });
client.on('slow', () => slow++);
client.on('gap', ({ subject, first, last }) => {
  gaps++;
  missed += last - first + 1;
  account(subject, first, last);
});
const still = new Int32Array(new SharedArrayBuffer(4));
await client.subscribe(filter, (frame) => {
  received++;
  account(frame.subject, frame.sequence, frame.sequence);
  if (received % FRAMES_BETWEEN_STALLS === 0) Atomics.wait(still, 0, 0, stallMs);
});
process.send({ ready: true });
process.on('message', async () => {
  await client.flush();
  const positions = Object.fromEntries([...next].map(([subject, sequence]) => [subject, sequence - 1]));
  process.send({ account: { received, missed, gaps, slow, faults, positions } });
});
process.on('disconnect', () => client.close());
