import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'modwire';
import { connectClient } from '../drivers/modwire-client.js';
import { serveCommands } from './commands.js';

/** Connections that are opened at the same time. */
const AT_ONCE = 50;

const held: Client[] = [];
let received = 0;
let missed = 0;

serveCommands({
  /** Subscribes on a connection of its own and counts what comes. */
  async subscribe({ url, filter }: { url: string; filter: string }): Promise<void> {
    const client = await connectClient(url, 'bench-subscriber');
    client.on('gap', ({ first, last }) => {
      missed += last - first + 1;
    });
    await client.subscribe(filter, () => {
      received++;
    });
  },

  /** Opens connections that hold filters `features.N.*`, each a different N, or only themselves. */
  async hold(options: { url: string; connections: number; filtersEach: number }): Promise<void> {
    for (let opened = 0; opened < options.connections; opened += AT_ONCE) {
      const count = Math.min(AT_ONCE, options.connections - opened);
      await Promise.all(
        Array.from({ length: count }, (_, index) => hold(options.url, opened + index, options.filtersEach)),
      );
    }
  },

  /** Resolves with the frames received once they are `expected`, or no more have come for `patienceMs`. */
  async settle({ expected, patienceMs }: { expected: number; patienceMs: number }) {
    let before = received;
    let changed = performance.now();
    while (received < expected && performance.now() - changed < patienceMs) {
      await sleep(5);
      if (received !== before) changed = performance.now();
      before = received;
    }
    return { received, missed };
  },
});

async function hold(url: string, connection: number, filters: number): Promise<void> {
  const client = await connectClient(url, `bench-${connection}`);
  held.push(client);
  const first = connection * filters;
  await Promise.all(
    Array.from({ length: filters }, (_, index) => client.subscribe(`features.${first + index}.*`, () => {})),
  );
}
