// A publisher under full load, as a process of its own: publishes numbered frames to a few subjects as fast as the
// broker's window allows, until told to stop; then says how many each subject got.
import { connect } from 'modwire';

const [url, subjectCount, payloadBytes] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const client = await connect(url, { name: 'load-publisher' });
const subjects = Array.from({ length: subjectCount }, (_, index) => `load.${index}`);
const counts = new Array(subjectCount).fill(0);
const payload = new Uint8Array(payloadBytes);
const BURST = 200;

let stopped = false;
process.on('message', () => {
  stopped = true;
});
process.send?.({ ready: true });
while (!stopped) {
  for (let sent = 0; sent < BURST; sent++) {
    const index = sent % subjectCount;
    counts[index]++;
    if (!client.publish(subjects[index], payload)) await client.ready();
  }
  await new Promise((resolve) => setImmediate(resolve));
}
await client.flush();
process.send?.({ published: Object.fromEntries(subjects.map((subject, index) => [subject, counts[index]])) });
await client.close();
process.disconnect();
