import { setTimeout as sleep } from 'node:timers/promises';
import { connectClient } from '../drivers/modwire-client.js';
import { serveCommands } from './commands.js';

const SUBJECT = 'models.tokens';
/** Time between looks at what is due. Milliseconds. */
const TICK_MS = 5;

/** What a reader took since it began. */
export interface TokensTaken {
  readonly taken: number;
  readonly seconds: number;
}

let stopping = false;
let read: Promise<TokensTaken>;

serveCommands({
  /** Answers requests with endless streams of tokens, which are numbers, as fast as they are taken. */
  async serve({ url }: { url: string }): Promise<void> {
    const client = await connectClient(url, 'bench-token-producer');
    await client.serve(SUBJECT, async function* () {
      for (let number = 0; ; number++) yield number;
    });
  },

  /** Begins to take such a stream at an even pace, until `stop`. */
  async read({ url, perSecond }: { url: string; perSecond: number }): Promise<void> {
    const client = await connectClient(url, 'bench-token-reader');
    read = take(client.requestStream(SUBJECT, '', { timeoutMs: 3_600_000 }), perSecond);
    // Whoever asks for `stop` learns of a failure.
    read.catch(() => {});
  },

  /** Throws when a token was missing, repeated or out of order. */
  stop(): Promise<TokensTaken> {
    stopping = true;
    return read;
  },
});

async function take(
  tokens: AsyncIterableIterator<{ json(): unknown }, undefined>,
  perSecond: number,
): Promise<TokensTaken> {
  const begin = performance.now();
  let taken = 0;
  while (!stopping) {
    const due = ((performance.now() - begin) / 1000) * perSecond;
    for (; taken < due; taken++) {
      const token = (await tokens.next()).value?.json();
      if (token !== taken) throw new Error(`expected token ${taken}, got ${token}`);
    }
    await sleep(TICK_MS);
  }
  const seconds = (performance.now() - begin) / 1000;
  await tokens.return?.();
  return { taken, seconds };
}
