import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { nextMessage, startChild } from '../../support/child.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { FILTER, STREAM, subjectsOf } from './messages.mjs';

/** More by hand: MODWIRE_RECONNECT_SECONDS=60 MODWIRE_RECONNECT_SUBSCRIBERS=1000. */
const SECONDS = Number(process.env.MODWIRE_RECONNECT_SECONDS ?? 6);
const SUBSCRIBERS = Number(process.env.MODWIRE_RECONNECT_SUBSCRIBERS ?? 100);
const PROCESSES = 2;
const PUBLISHERS = 2;
const PROXIES = 20;
/** Between two messages of a publisher to a subject. Milliseconds. */
const REST_MS = SUBSCRIBERS > 200 ? 300 : 30;

interface Account {
  readonly frames: number;
  readonly missed: number;
  readonly reconnects: number;
  readonly slow: number;
  readonly faults: readonly string[];
}

interface Report {
  readonly acknowledged: readonly number[];
  readonly faults: readonly string[];
}

function child(program: string, ...args: (string | number | object)[]): ChildProcess {
  const texts = args.map((arg) => (typeof arg === 'object' ? JSON.stringify(arg) : String(arg)));
  const started = startChild(`../chaos/streams/${program}`, texts);
  onTestFinished(() => void started.kill('SIGKILL'));
  return started;
}

/** Runs the story with a stream, and returns what the subscribers have to say when all is over. */
async function story(stream: object, deaths: number): Promise<{ accounts: Account[]; published: number }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'modwire-reconnect-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  let port = 0;
  const startBroker = async () => {
    const started = child('broker.mjs', { port, dataDir }, { name: STREAM, filters: [FILTER], ...stream });
    port = Number(new URL(await nextMessage<string>(started, 'url')).port);
    return started;
  };
  let broker = await startBroker();
  const proxies = await Promise.all(Array.from({ length: PROXIES }, () => TcpProxy.start(port)));
  onTestFinished(() => Promise.all(proxies.map((proxy) => proxy.close())).then(() => undefined));

  const urls = proxies.map((proxy) => `ws://127.0.0.1:${proxy.port}`);
  const each = SUBSCRIBERS / PROCESSES;
  const subscribers = Array.from({ length: PROCESSES }, (_, index) =>
    child('subscribers.mjs', urls, index * each, each),
  );
  await Promise.all(subscribers.map((one) => nextMessage(one, 'ready')));
  const publishers = Array.from({ length: PUBLISHERS }, (_, number) =>
    child('publisher.mjs', `ws://127.0.0.1:${port}`, number, REST_MS),
  );
  await Promise.all(publishers.map((one) => nextMessage(one, 'ready')));

  const end = performance.now() + SECONDS * 1000;
  // One after the other: on a busy machine a broker may take longer to start than lies between two deaths.
  const die = async () => {
    for (let left = deaths; left > 0; left--) {
      await delay((SECONDS * 1000) / (deaths + 1));
      broker.kill('SIGKILL');
      await once(broker, 'exit');
      await delay(Math.random() * 300);
      broker = await startBroker();
    }
  };
  const cutting = proxies.map(async (proxy) => {
    while (performance.now() < end) {
      await delay((Math.random() * SECONDS * 1000) / 3);
      proxy.cut();
      await delay(Math.random() * 500);
      proxy.restore();
    }
  });
  await Promise.all([die(), ...cutting]);

  const reports = await ask<Report>(publishers, 'stop', 'report');
  expect(reports.flatMap(({ faults }) => faults)).toEqual([]);
  const sequences: Record<string, number> = {};
  reports.forEach(({ acknowledged }, number) => {
    subjectsOf(number).forEach((subject: string, lane: number) => {
      sequences[subject] = (sequences[subject] ?? 0) + acknowledged[lane]!;
    });
  });
  const published = Object.values(sequences).reduce((sum, count) => sum + count, 0);
  return { accounts: await ask<Account>(subscribers, { sequences }, 'account'), published };
}

function ask<Answer>(children: readonly ChildProcess[], question: string | object, answer: string) {
  return Promise.all(
    children.map((one) => {
      const answered = nextMessage<Answer>(one, answer);
      one.send(question);
      return answered;
    }),
  );
}

it('subscribers that are cut off at random get every frame of their filters once and in order, over the death of the broker too', {
  timeout: SECONDS * 1000 + 60_000,
}, async () => {
  const { accounts, published } = await story({}, 2);
  if (SECONDS > 6) console.log({ published, accounts });
  expect(accounts.flatMap(({ faults }) => faults)).toEqual([]);
  const sum = (what: 'frames' | 'missed' | 'reconnects') =>
    accounts.reduce((total, one) => total + one[what], 0);
  expect(published).toBeGreaterThan(SECONDS * 20);
  expect(sum('frames')).toBeGreaterThan(published);
  expect(sum('reconnects')).toBeGreaterThan(SUBSCRIBERS);
  expect(sum('missed')).toBe(0);
});

it('where the stream has kept too little, what is missing is told exactly', {
  timeout: SECONDS * 1000 + 60_000,
}, async () => {
  const { accounts } = await story({ retention: { maxRecords: 200 } }, 1);
  if (SECONDS > 6) console.log({ accounts });
  expect(accounts.flatMap(({ faults }) => faults)).toEqual([]);
  expect(accounts.some(({ missed }) => missed > 0)).toBe(true);
});
