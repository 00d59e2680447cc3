import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { nextMessage, startChild } from '../../support/child.js';

const MIB = 1024 * 1024;
const SUBJECTS = 4;

interface Account {
  readonly received: number;
  readonly missed: number;
  readonly slow: number;
  readonly faults: readonly string[];
  readonly positions: Record<string, number>;
}

function child(program: string, ...args: string[]): ChildProcess {
  const started = startChild(program, args);
  onTestFinished(() => void started.kill('SIGKILL'));
  return started;
}

it.each(['memory', 'lmdb'])(
  'a subscriber that stalls again and again gets from its stream what passed it by, storage %s',
  async (storage) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'modwire-slow-'));
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    const limits = {
      congestedBytes: MIB / 4,
      slowConsumerBytes: MIB,
      publishWindowBytes: MIB / 4,
      stallMs: 100,
    };
    const stream = { name: 'load', filters: ['load.>'], storage, retention: { maxBytes: 1024 * MIB } };
    const broker = child(
      '../chaos/streams/broker.mjs',
      JSON.stringify({ port: 0, dataDir, limits }),
      JSON.stringify(stream),
    );
    const url = await nextMessage<string>(broker, 'url');
    const subscriber = child('stalling-subscriber.mjs', url, 'load.>', '400');
    await nextMessage(subscriber, 'ready');
    const publisher = child('load-publisher.mjs', url, String(SUBJECTS), '256');
    await nextMessage(publisher, 'ready');
    await delay(3_000);
    publisher.send('stop');
    const published = await nextMessage<Record<string, number>>(publisher, 'published');
    const total = Object.values(published).reduce((sum, count) => sum + count, 0);
    let account: Account | undefined;
    // What it has missed comes as fast as it reads.
    for (const end = performance.now() + 40_000; performance.now() < end; await delay(100)) {
      const answer = nextMessage<Account>(subscriber, 'account');
      subscriber.send('account');
      account = await answer;
      if (account.received + account.missed >= total) break;
    }

    expect(account).toMatchObject({ faults: [], missed: 0, received: total, positions: published });
    expect(account!.slow).toBeGreaterThan(0);
  },
  60_000,
);
