// A worker that serves one version, as a process of its own. It writes down which requests it has processed. Arguments: URL,
// name, version, file, 'well' or 'failing'. Told to drain, it ends what it has and leaves.
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, ModwireError } from 'modwire';

const [url, name, version, file, health] = process.argv.slice(2);
const client = await connect(url, { name, reconnectMs: 5, maxReconnectMs: 20 });
const service = await client.serve('models.score', { version }, async (request, { variant }) => {
  appendFileSync(file, `${request.text()}\n`);
  await delay(2);
  if (health === 'failing') throw new ModwireError('INTERNAL', 'a bad model');
  return { version, variant };
});
process.on('message', async () => {
  await service.drain();
  await client.drain();
  process.disconnect();
});
// By its own will, or since whoever started it is gone.
process.on('disconnect', () => process.exit());
process.send({ ready: true });
