import { PAYLOAD_BYTES } from '../drivers/driver.js';
import { durableDriverFromArguments } from '../durable/index.js';
import { randomBytes } from '../random.js';
import { serveCommands } from './commands.js';

export interface DurableLoad {
  readonly url: string;
  /** Messages that are not acknowledged yet, at once. */
  readonly inFlight: number;
}

/** What has been acknowledged up to a time of this process' clock. */
export interface DurableCount {
  readonly acknowledged: number;
  /** Milliseconds. */
  readonly atMs: number;
}

const driver = await durableDriverFromArguments();
let acknowledged = 0;
let stopping = false;
let finished: Promise<unknown> = Promise.resolve();

serveCommands({
  /** Connects and goes on publishing until `stop`. */
  async start({ url, inFlight }: DurableLoad): Promise<void> {
    const publish = await driver.connect(url);
    finished = Promise.all(
      Array.from({ length: inFlight }, async (_, lane) => {
        const payload = Buffer.from(randomBytes(PAYLOAD_BYTES, lane + 1));
        while (!stopping) {
          await publish(payload);
          acknowledged++;
        }
      }),
    );
    // Whoever asks for `stop` learns of a failure.
    finished.catch(() => {});
  },

  count(): DurableCount {
    return { acknowledged, atMs: performance.now() };
  },

  /** Resolves when all are acknowledged. */
  async stop(): Promise<void> {
    stopping = true;
    await finished;
  },
});
