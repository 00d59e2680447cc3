// A worker that takes some time for each request, as a process of its own. It writes down which requests it has processed
// that must not be processed twice. Arguments: URL, name, file. Messages: how long it takes, or 'drain'.
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'modwire';
import { CONCURRENCY, isIdempotent, SERVICE_MS, SUBJECT } from './traffic.mjs';

const [url, name, file] = process.argv.slice(2);
let serviceMs = SERVICE_MS;
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
process.send({ ready: true });
