import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FrameView } from '../../../src/codec/frame-view.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';

const fixture = new BrokerFixture();

async function dataDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'modwire-streams-'));
  fixture.closing({ close: () => rm(directory, { recursive: true, force: true }) });
  return directory;
}

describe.each(TRANSPORTS)('a stream on disk whose broker is restarted over %s', (transport) => {
  it('goes on with the counts of its subjects, and sends subscribers what they missed', async () => {
    const dataDir = await dataDirectory();
    const first = await fixture.broker(transport, {}, { dataDir });
    await first.streams.create({ name: 'orders', filters: ['orders.>'] });
    const subscriber = await fixture.client(first.url);
    const gaps: unknown[] = [];
    subscriber.on('gap', (gap) => gaps.push(gap));
    const seen: FrameView[] = [];
    await subscriber.subscribe('orders.*', (frame) => seen.push(frame.copy()));
    const publisher = await fixture.client(first.url);
    const id = new Uint8Array(16).fill(9);
    const before = await publisher.publish('orders.a', 1, { ack: true, id });
    await publisher.close();
    const { port } = first;
    await first.close();

    const second = await fixture.broker(transport, {}, { dataDir, port });
    const again = await fixture.client(second.url);
    // Before the subscriber is back, or after: it gets both.
    const repeated = await again.publish('orders.a', 1, { ack: true, id });
    const after = await again.publish('orders.a', 2, { ack: true });
    await again.publish('orders.new', 3, { ack: true });
    await eventually('three messages', () => seen.length >= 3);
    await subscriber.flush();
    expect(repeated).toEqual(before);
    expect(after).toMatchObject({ epoch: before.epoch, sequence: 2 });
    const labels = seen.map((frame) => `${frame.subject}#${frame.sequence} ${frame.text()}`);
    expect(labels.toSorted()).toEqual(['orders.a#1 1', 'orders.a#2 2', 'orders.new#1 3']);
    expect(gaps).toEqual([]);
    expect(second.streams.get('orders').info.records).toBe(3);
  });

  it('does not start on a directory that another broker has', async () => {
    const dataDir = await dataDirectory();
    const first = await fixture.broker(transport, {}, { dataDir });
    await first.streams.create({ name: 'orders', filters: ['orders.>'] });
    await expect(fixture.broker(transport, {}, { dataDir })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
    });
    const publisher = await fixture.client(first.url);
    expect(await publisher.publish('orders.a', 1, { ack: true })).toMatchObject({ sequence: 1 });
  });
});
