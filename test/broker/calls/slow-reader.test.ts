import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { STREAM_WINDOW } from '../../../src/broker/calls/call.js';
import type { BrokerStats } from '../../../src/broker/index.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { nextMessage, residentBytes, startChild } from '../../support/child.js';

const MIB = 1024 * 1024;
/** Ten times as many as are needed to see it, on demand. */
const REPLIES = Number(process.env.MODWIRE_TEST_STREAM_REPLIES ?? 2_000);
/** All together much more than the broker's memory may grow by. */
const REPLY_BYTES = 64 * 1024;
const PER_SECOND = 1_000;

const fixture = new BrokerFixture();

interface Production {
  readonly produced: number;
  /** By how many replies the producer was ahead of what its reader had asked for, at most. */
  readonly mostAhead: number;
}

function child(program: string, ...args: string[]): ChildProcess {
  const started = startChild(program, args);
  onTestFinished(() => void started.kill('SIGKILL'));
  return started;
}

/** Where the reader says what it has asked for, for the producer to see at once. */
function sharedPosition() {
  const folder = mkdtempSync(join(tmpdir(), 'modwire-reader-'));
  const file = join(folder, 'asked');
  const handle = openSync(file, 'w');
  onTestFinished(() => {
    closeSync(handle);
    rmSync(folder, { recursive: true });
  });
  return { file, say: (asked: number) => writeSync(handle, Float64Array.of(asked), 0, 8, 0) };
}

describe.each(TRANSPORTS)('a slow reader of a long stream over %s', (transport) => {
  it('holds its producer back, and the broker keeps nothing', { timeout: 120_000 }, async () => {
    const broker = child('broker-process.mjs', JSON.stringify({ port: 0, transport }));
    const url = await nextMessage<string>(broker, 'url');
    const position = sharedPosition();
    position.say(0);
    const producer = child('token-producer.mjs', url, position.file, String(REPLIES), String(REPLY_BYTES));
    await nextMessage(producer, 'ready');
    const reader = await fixture.client(url, { name: 'reader' });

    const statsOf = async () => {
      const stats = nextMessage<BrokerStats>(broker, 'stats');
      broker.send('stats');
      return stats;
    };
    const stream = reader.requestStream('tokens', '', { timeoutMs: 110_000 });
    const numbers: number[] = [];
    let peakBuffered = 0;
    let before = 0;
    let peakResident = 0;
    const begin = performance.now();
    for (let asked = 1; ; asked++) {
      // Before a credit can follow from it.
      position.say(asked);
      const { value, done } = await stream.next();
      if (done) break;
      numbers.push(Buffer.from(value.payload).readUInt32LE());
      expect(stream.queued).toBeLessThanOrEqual(STREAM_WINDOW);
      if (asked % 100 === 0) {
        peakBuffered = Math.max(peakBuffered, (await statsOf()).bufferedBytes);
        peakResident = Math.max(peakResident, residentBytes(broker.pid!));
        // By then its buffers and compiled code are there.
        if (asked * 4 <= REPLIES) before = peakResident;
      }
      const earlyMs = begin + (asked * 1000) / PER_SECOND - performance.now();
      if (earlyMs > 0) await delay(earlyMs);
    }

    expect(numbers).toEqual(Array.from({ length: REPLIES }, (_, number) => number));
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    const said = nextMessage<Production>(producer, 'production');
    producer.send('production');
    const { produced, mostAhead } = await said;
    expect(produced).toBe(REPLIES);
    expect(mostAhead).toBeLessThanOrEqual(STREAM_WINDOW);
    // It was held back, and not slow itself.
    expect(mostAhead).toBeGreaterThan(STREAM_WINDOW / 2);
    expect(peakBuffered).toBeLessThan((STREAM_WINDOW + 1) * (REPLY_BYTES + 1024));
    expect(peakResident - before).toBeLessThan(32 * MIB);
    const { calls } = await statsOf();
    expect(calls).toMatchObject({ requests: 1, open: 0, waiting: 0, lingering: 0, failed: 0, late: 0 });
    expect(reader.calls).toMatchObject({ requests: 0, alarms: 0, late: 0 });
  });
});
