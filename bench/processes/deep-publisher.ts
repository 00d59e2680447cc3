import { setTimeout as sleep } from 'node:timers/promises';
import { ContentType } from 'modwire';
import { treePayload } from '../contracts/payloads.js';
import { connectClient } from '../drivers/modwire-client.js';
import { serveCommands } from './commands.js';

let stopping = false;
let finished: Promise<number> = Promise.resolve(0);

serveCommands({
  /** Connects and publishes a deep payload every `everyMs`, each acknowledged, until `stop`. */
  async start(load: { url: string; subject: string; byteLength: number; everyMs: number; schemaId: string }) {
    const client = await connectClient(load.url, 'bench-deep-publisher');
    const payload = treePayload(load.byteLength);
    const options = {
      schemaId: new Uint8Array(Buffer.from(load.schemaId, 'hex')),
      contentType: ContentType.flatbuffer,
      ack: true as const,
    };
    finished = (async () => {
      let published = 0;
      let next = performance.now();
      while (!stopping) {
        await client.publish(load.subject, payload, options);
        published++;
        next += load.everyMs;
        await sleep(Math.max(0, next - performance.now()));
      }
      return published;
    })();
    // Whoever asks for `stop` learns of a failure.
    finished.catch(() => {});
  },

  async stop(): Promise<{ published: number }> {
    stopping = true;
    return { published: await finished };
  },
});
