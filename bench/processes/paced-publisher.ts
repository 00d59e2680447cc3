import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'modwire';
import { PAYLOAD_BYTES } from '../drivers/driver.js';
import { connectClient } from '../drivers/modwire-client.js';
import { randomBytes } from '../random.js';
import { serveCommands } from './commands.js';

/**
 * Time between bursts. Milliseconds. At the pace of the cases it makes bursts of some hundred frames, like those of a
 * busy publisher: with smaller ones, waking up would cost the broker more than the frames do.
 */
const BURST_MS = 5;

const payload = randomBytes(PAYLOAD_BYTES, 1);
let client: Client;
let subjects: string[] = [];
let next = 0;

serveCommands({
  async connect({ url, subjects: names }: { url: string; subjects: { prefix: string; count: number } }) {
    subjects = Array.from({ length: names.count }, (_, index) => `${names.prefix}.${index}`);
    client = await connectClient(url, 'bench-paced-publisher');
  },

  /** Publishes so many frames at an even pace, each on the next subject in turn; resolves when the broker has them. */
  async publish({ frames, perSecond }: { frames: number; perSecond: number }): Promise<void> {
    const begin = performance.now();
    let published = 0;
    while (published < frames) {
      const due = Math.min(frames, Math.ceil(((performance.now() - begin) / 1000) * perSecond));
      for (; published < due; published++) {
        if (!client.publish(subjects[next]!, payload)) await client.ready();
        next = (next + 1) % subjects.length;
      }
      await sleep(BURST_MS);
    }
    await client.flush();
  },
});
