import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, it, type TestContext } from 'vitest';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { refusal } from '../../support/registry-fixture.js';

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
const fixture = new BrokerFixture();
const ORDERS = { name: 'orders', filters: ['orders.>'] };

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'modwire-disk-'));
  fixture.closing({ close: () => rm(path, { recursive: true, force: true }) });
  return path;
}

/** A file system of its own, gone after the test; the test is skipped where it may not mount one. */
async function mounted({ skip }: TestContext, options: string): Promise<string> {
  if (!isRoot && process.env.CI !== 'true') skip('only root mounts a file system of its own');
  const path = await directory();
  await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
  fixture.closing({ close: () => run('umount', ['-l', path]).then(() => undefined) });
  return path;
}

describe('the disk below a stream of a broker', () => {
  it('may be full: what is not stored is refused, other subjects go on, and what follows is taken once there is room', async (context) => {
    const dataDir = await mounted(context, 'size=4m');
    const broker = await fixture.broker(TRANSPORTS[0]!, {}, { dataDir });
    await broker.streams.create(ORDERS);
    const ballast = join(dataDir, 'ballast');
    await writeFile(ballast, Buffer.alloc(2 * 1024 * 1024));
    const subscriber = await fixture.client(broker.url);
    const seen: number[] = [];
    const others: unknown[] = [];
    await subscriber.subscribe('orders.*', (frame) => seen.push(frame.payload![0]!));
    await subscriber.subscribe('other', (frame) => others.push(frame.json()));
    const publisher = await fixture.client(broker.url);
    const stored: number[] = [];
    const publish = async (first: number) => {
      const payload = new Uint8Array(20_000).fill(first);
      const { sequence } = await publisher.publish('orders.a', payload, { ack: true });
      stored.push(first);
      expect(sequence).toBe(stored.length);
    };

    let refused: unknown;
    for (let number = 1; refused === undefined; number++) {
      expect(number).toBeLessThan(200);
      refused = await publish(number).then(
        () => undefined,
        (thrown) => thrown,
      );
    }
    expect(refused).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    expect((refused as Error).message).toContain('make room on the disk');
    expect(broker.streams.get('orders').info.failing).toContain('make room on the disk');
    await publisher.publish('other', 'goes on', { ack: true });

    await rm(ballast);
    // The broker tries again now and then, when something comes.
    for (let tries = 0; ; tries++) {
      expect(tries).toBeLessThan(50);
      if (
        await publish(250).then(
          () => true,
          () => false,
        )
      )
        break;
      await delay(100);
    }
    await subscriber.flush();
    expect(others).toEqual(['goes on']);
    expect(seen).toEqual(stored);
    const { info } = broker.streams.get('orders');
    expect(info).toMatchObject({ records: stored.length, lastOffset: stored.length, failing: undefined });

    await broker.close();
    const again = await fixture.broker(TRANSPORTS[0]!, {}, { dataDir });
    expect(again.streams.get('orders').info).toMatchObject({ records: stored.length });
  });

  it('may not be written: the broker does not start, and says where', async (context) => {
    const source = await directory();
    const first = await fixture.broker(TRANSPORTS[0]!, {}, { dataDir: source });
    await first.streams.create(ORDERS);
    await first.close();
    const dataDir = await mounted(context, 'size=4m');
    await cp(source, dataDir, { recursive: true });
    await run('mount', ['-o', 'remount,ro', dataDir]);
    const { code, message } = await refusal(fixture.broker(TRANSPORTS[0]!, {}, { dataDir }));
    expect([code, message]).toEqual(['FAILED_PRECONDITION', expect.stringContaining(dataDir)]);
    expect(message).toContain('EROFS');
  });
});
