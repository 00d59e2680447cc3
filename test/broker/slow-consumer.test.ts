import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { BrokerStats } from '../../src/broker/index.js';
import { type Client, connect, type Gap } from '../../src/index.js';
import { nextMessage, residentBytes, startChild } from '../support/child.js';
import { TRANSPORTS } from '../support/transports.js';

const MIB = 1024 * 1024;
/** At least; until every buffer on the way is full and the broker has given up on the stalled one it goes on in any case. */
const LOAD_SECONDS = Number(process.env.MODWIRE_TEST_LOAD_SECONDS ?? 5);
const PAYLOAD_BYTES = 256;
const SUBJECTS = 4;

const children: ChildProcess[] = [];
const clients: Client[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function child(program: string, ...args: string[]): ChildProcess {
  const started = startChild(program, args);
  children.push(started);
  return started;
}

async function client(url: string, options: Parameters<typeof connect>[1]): Promise<Client> {
  const connected = await connect(url, options);
  clients.push(connected);
  return connected;
}

/** Frames and gaps of one consumer, per subject, in the order in which they came. */
class Ledger {
  readonly #next = new Map<string, number>();
  received = 0;
  missed = 0;
  /** Whatever did not follow on what came before. */
  readonly faults: string[] = [];

  frame(subject: string, sequence: number): void {
    this.received++;
    this.#account(subject, sequence, sequence);
  }

  gap({ subject, first, last }: Gap): void {
    this.missed += last - first + 1;
    this.#account(subject, first, last);
  }

  /** How far each subject is accounted for without a hole or a double. */
  get positions(): Record<string, number> {
    return Object.fromEntries([...this.#next].map(([subject, next]) => [subject, next - 1]));
  }

  #account(subject: string, first: number, last: number): void {
    const expected = this.#next.get(subject) ?? 1;
    if (first !== expected) this.faults.push(`${subject}: expected ${expected}, got ${first}..${last}`);
    this.#next.set(subject, last + 1);
  }
}

describe.each(TRANSPORTS)('a stalled subscriber beside a healthy one under full load (%s)', (transport) => {
  // The fallback transport shows the same in less time.
  const seconds = transport === 'uws' ? LOAD_SECONDS : LOAD_SECONDS / 5;

  it('costs the healthy one nothing, is told its exact gaps, and the broker keeps within its memory', async () => {
    const limits = { slowConsumerBytes: 8 * MIB, maxBufferedBytes: 32 * MIB, slowConsumerMs: 300_000 };
    const broker = child('broker-process.mjs', JSON.stringify({ port: 0, transport, limits }));
    const url = await nextMessage<string>(broker, 'url');

    const healthy = new Ledger();
    const healthyClient = await client(url, { name: 'healthy' });
    healthyClient.on('gap', (gap) => healthy.gap(gap));
    await healthyClient.subscribe('load.>', (frame) => healthy.frame(frame.subject, frame.sequence));

    const stalled = new Ledger();
    const stalledClient = await client(url, { name: 'stalled', maxQueuedFrames: 100 });
    let toldSlow = 0;
    stalledClient.on('slow', () => {
      toldSlow++;
    });
    // Nobody iterates: the queue fills and the client stops reading.
    const frames = await stalledClient.subscribe('load.>');

    const before = residentBytes(broker.pid!);
    const publisher = child('load-publisher.mjs', url, String(SUBJECTS), String(PAYLOAD_BYTES));
    await nextMessage(publisher, 'ready');
    let peakResident = 0;
    let peakBuffered = 0;
    let isFound = false;
    for (const end = Date.now() + seconds * 1000; Date.now() < end || !isFound; ) {
      await delay(100);
      peakResident = Math.max(peakResident, residentBytes(broker.pid!));
      const answer = nextMessage<BrokerStats>(broker, 'stats');
      broker.send('stats');
      const stats = await answer;
      peakBuffered = Math.max(peakBuffered, stats.bufferedBytes);
      isFound ||= stats.slowConsumers > 0;
    }
    publisher.send('stop');
    const published = await nextMessage<Record<string, number>>(publisher, 'published');
    await healthyClient.flush();

    expect(healthy.missed).toBe(0);
    expect(healthy.faults).toEqual([]);
    expect(healthy.positions).toEqual(published);

    // Now it reads on: first what was on its way, then what it missed is named, and iteration ends.
    const gaps: Gap[] = [];
    stalledClient.on('gap', (gap) => {
      gaps.push(gap);
      if (gaps.length === SUBJECTS) void frames.unsubscribe();
    });
    for await (const frame of frames) stalled.frame(frame.subject, frame.sequence);
    for (const gap of gaps) stalled.gap(gap);

    expect(toldSlow).toBe(1);
    expect(stalled.missed).toBeGreaterThan(0);
    expect(stalled.faults).toEqual([]);
    expect(stalled.positions).toEqual(published);
    const total = Object.values(published).reduce((sum, count) => sum + count, 0);
    expect(stalled.received + stalled.missed).toBe(total);
    expect(total).toBeGreaterThan(seconds * 1000);

    expect(peakBuffered).toBeLessThan(limits.maxBufferedBytes);
    // What is not buffered for consumers is the runtime's own: young generation, code, socket buffers.
    expect(peakResident - before).toBeLessThan(limits.maxBufferedBytes + 128 * MIB);
  }, 120_000);
});

interface Account {
  readonly received: number;
  readonly missed: number;
  readonly gaps: number;
  readonly slow: number;
  readonly faults: readonly string[];
  readonly positions: Record<string, number>;
}

describe.each(TRANSPORTS)('a subscriber that stalls again and again (%s)', (transport) => {
  it('gets every frame exactly once or as part of a gap, in order', async () => {
    const limits = {
      congestedBytes: MIB / 4,
      slowConsumerBytes: MIB,
      publishWindowBytes: MIB / 4,
      stallMs: 100,
    };
    const broker = child('broker-process.mjs', JSON.stringify({ port: 0, transport, limits }));
    const url = await nextMessage<string>(broker, 'url');
    const subscriber = child('stalling-subscriber.mjs', url, 'load.>', '400');
    await nextMessage(subscriber, 'ready');
    const publisher = child('load-publisher.mjs', url, String(SUBJECTS), String(PAYLOAD_BYTES));
    await nextMessage(publisher, 'ready');
    await delay(5_000);
    publisher.send('stop');
    const published = await nextMessage<Record<string, number>>(publisher, 'published');
    const answer = nextMessage<Account>(subscriber, 'account');
    subscriber.send('account');
    const account = await answer;

    expect(account.faults).toEqual([]);
    expect(account.slow).toBeGreaterThan(1);
    expect(account.missed).toBeGreaterThan(0);
    expect(account.positions).toEqual(published);
  }, 60_000);
});
