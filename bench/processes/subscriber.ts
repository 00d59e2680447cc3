import { setTimeout as sleep } from 'node:timers/promises';
import { driverFromArguments } from '../drivers/index.js';
import { Tally } from '../drivers/tally.js';
import { serveCommands } from './commands.js';

/** Messages in a time that this process measured itself. */
export interface Window {
  readonly messages: number;
  readonly seconds: number;
}

/** What all connections of this process received. */
export interface Received {
  readonly received: number;
  readonly lost: number;
  readonly disordered: number;
  readonly reported: number;
}

const driver = await driverFromArguments();
const tallies: Tally[] = [];

serveCommands({
  /** Opens so many connections, each with a subscription. */
  async connect({ url, connections }: { url: string; connections: number }): Promise<void> {
    for (let index = 0; index < connections; index++) {
      const tally = new Tally();
      tallies.push(tally);
      await driver.subscribe(url, tally);
    }
  },

  /** Counts what comes within `windowMs`, after `warmupMs`. */
  async measure({ warmupMs, windowMs }: { warmupMs: number; windowMs: number }): Promise<Window> {
    await sleep(warmupMs);
    const before = sum((tally) => tally.received);
    const begin = performance.now();
    await sleep(windowMs);
    // The timer may come late when there is much to do, so the time is read and not assumed.
    const seconds = (performance.now() - begin) / 1000;
    return { messages: sum((tally) => tally.received) - before, seconds };
  },

  /** Waits for `expected` messages in all, as long as messages keep coming at least every `patienceMs`. */
  async settle({ expected, patienceMs }: { expected: number; patienceMs: number }): Promise<Received> {
    let received = sum((tally) => tally.received);
    let changed = performance.now();
    while (received < expected && performance.now() - changed < patienceMs) {
      await sleep(10);
      const now = sum((tally) => tally.received);
      if (now !== received) changed = performance.now();
      received = now;
    }
    return {
      received,
      lost: sum((tally) => tally.lost),
      disordered: sum((tally) => tally.disordered),
      reported: sum((tally) => tally.reported),
    };
  },
});

function sum(part: (tally: Tally) => number): number {
  let total = 0;
  for (const tally of tallies) total += part(tally);
  return total;
}
