// A worker that takes some time for each request, as a process of its own. It writes down which requests it has processed
// that must not be processed twice. Arguments: URL, name, file, how long it takes (milliseconds). Messages: how long it takes
// from now on, or 'drain'.
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'modwire';
import { CONCURRENCY, isIdempotent, SUBJECT } from './traffic.mjs';

const [url, name, file, initialMs] = process.argv.slice(2);
let serviceMs = Number(initialMs);
const client = await connect(url, { name });
const service = await client.serve(SUBJECT, { concurrency: CONCURRENCY }, async ({ payload }) => {
  if (!isIdempotent(payload)) appendFileSync(file, `${Buffer.from(payload).toString('hex')}\n`);
  await delay(serviceMs);
  return payload;
});
process.on('message', async (message) => {
  if (message !== 'drain') {
    serviceMs = message;
    return;
  }
  await service.drain();
  await client.drain();
  process.disconnect();
});
// By its own will, or since whoever started it is gone.
process.on('disconnect', () => process.exit());
process.send({ ready: true });
