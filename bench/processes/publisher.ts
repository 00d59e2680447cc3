import { setImmediate as nextTurn } from 'node:timers/promises';
import { PAYLOAD_BYTES, type PublisherLink } from '../drivers/driver.js';
import { driverFromArguments } from '../drivers/index.js';
import { writeCounter } from '../drivers/tally.js';
import { randomBytes } from '../random.js';
import { serveCommands } from './commands.js';

/** A program that only published would hear nothing from its event loop: it lets it turn after so many messages. */
const MESSAGES_PER_TURN = 500;

/** More than any system keeps hold of at a time, because some of them borrow the payload until they send it. */
const PAYLOADS = 4096;

const driver = await driverFromArguments();
const payloads = Array.from({ length: PAYLOADS }, (_, index) =>
  Buffer.from(randomBytes(PAYLOAD_BYTES, index + 1)),
);
let stopping = false;
let finished: Promise<number> | undefined;

serveCommands({
  /** Connects and goes on publishing until `stop`. */
  async start({ url }: { url: string }): Promise<void> {
    const link = await driver.connectPublisher(url);
    finished = publishUntilStopped(link);
    // Whoever asks for `stop` learns of a failure.
    finished.catch(() => {});
  },

  /** Resolves with the number of messages published, all of them taken by the system. */
  async stop(): Promise<{ published: number }> {
    stopping = true;
    return { published: (await finished) ?? 0 };
  },
});

async function publishUntilStopped(link: PublisherLink): Promise<number> {
  let published = 0;
  while (!stopping) {
    for (let left = MESSAGES_PER_TURN; left > 0; left--) {
      const payload = payloads[published & (PAYLOADS - 1)]!;
      writeCounter(payload, published++);
      if (!link.publish(payload)) await link.ready();
    }
    await nextTurn();
  }
  await link.flush();
  return published;
}
