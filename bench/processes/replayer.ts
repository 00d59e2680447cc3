import { PAYLOAD_BYTES } from '../drivers/driver.js';
import { Tally, writeCounter } from '../drivers/tally.js';
import { durableDriverFromArguments } from '../durable/index.js';
import { randomBytes } from '../random.js';
import { serveCommands } from './commands.js';

export interface ReplayLoad {
  readonly url: string;
  readonly count: number;
}

const IN_FLIGHT = 1_000;

const driver = await durableDriverFromArguments();

serveCommands({
  /** Stores numbered messages, in order. */
  async fill({ url, count }: ReplayLoad): Promise<void> {
    const publish = await driver.connect(url);
    const bytes = randomBytes(PAYLOAD_BYTES, 1);
    for (let number = 0; number < count; ) {
      const wave: Promise<void>[] = [];
      for (; wave.length < IN_FLIGHT && number < count; number++) {
        const payload = Buffer.from(bytes);
        writeCounter(payload, number);
        wave.push(publish(payload));
      }
      await Promise.all(wave);
    }
  },

  /** Reads them. Throws when one is missing, repeated or out of order. */
  async replay({ url, count }: ReplayLoad): Promise<{ seconds: number }> {
    const tally = new Tally();
    const begin = performance.now();
    await driver.replay(url, count, tally);
    const seconds = (performance.now() - begin) / 1000;
    const { received, lost, disordered } = tally;
    if (received !== count || lost > 0 || disordered > 0) {
      throw new Error(
        `expected ${count} messages, got ${received}: ${lost} passed over, ${disordered} out of order`,
      );
    }
    return { seconds };
  },
});
