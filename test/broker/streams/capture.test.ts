import { describe, expect, it } from 'vitest';
import type { FrameView } from '../../../src/codec/frame-view.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

const fixture = new BrokerFixture();

const labels = (frames: readonly FrameView[]) => frames.map((frame) => `${frame.subject}:${frame.json()}`);

describe.each(TRANSPORTS)('a subject with a stream over %s', (transport) => {
  async function scene(config: object = {}) {
    const broker = await fixture.broker(transport);
    await broker.streams.create({ name: 'orders', filters: ['orders.>'], storage: 'memory', ...config });
    const publisher = await fixture.client(broker.url);
    const proxy = fixture.closing(await TcpProxy.start(broker.port));
    const subscriber = await fixture.client(`ws://127.0.0.1:${proxy.port}`);
    const frames: FrameView[] = [];
    await subscriber.subscribe('>', (frame) => frames.push(frame.copy()));
    return { broker, publisher, proxy, subscriber, frames };
  }

  it('delivers and acknowledges what its stream has, in order', async () => {
    const { broker, publisher, subscriber, frames } = await scene();
    const acks = await Promise.all(
      ['1', '2', '3'].map((text) => publisher.publish('orders.a', text, { ack: true })),
    );
    expect(acks.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    await subscriber.flush();
    expect(labels(frames)).toEqual(['orders.a:1', 'orders.a:2', 'orders.a:3']);
    expect(frames.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(broker.streams.get('orders').info).toMatchObject({ records: 3, firstOffset: 1, lastOffset: 3 });
  });

  it('stores a message once, whoever sends it again, and acknowledges it with the place of the first', async () => {
    const { broker, publisher, subscriber, frames } = await scene();
    const other = await fixture.client(broker.url);
    const id = new Uint8Array(16).fill(7);
    const first = publisher.publish('orders.a', 'once', { ack: true, id });
    const again = other.publish('orders.a', 'once', { ack: true, id });
    expect(await again).toEqual(await first);
    expect(await publisher.publish('orders.a', 'once', { ack: true, id })).toEqual(await first);
    await subscriber.flush();
    expect(labels(frames)).toEqual(['orders.a:once']);
    expect(broker.streams.get('orders').info.records).toBe(1);
  });

  it('goes on without its stream once that is removed', async () => {
    const { broker, publisher, subscriber, frames } = await scene();
    await publisher.publish('orders.a', '1', { ack: true });
    await broker.streams.remove('orders');
    const ack = await publisher.publish('orders.a', '2', { ack: true });
    expect(ack.sequence).toBe(2);
    await subscriber.flush();
    expect(labels(frames)).toEqual(['orders.a:1', 'orders.a:2']);
    expect(broker.streams.list()).toEqual([]);
  });

  it('is captured from the next message on when it was there before its stream', async () => {
    const { broker, publisher, subscriber, frames } = await scene();
    await publisher.publish('late', '1', { ack: true });
    await broker.streams.create({ name: 'late', filters: ['late'], storage: 'memory' });
    const ack = await publisher.publish('late', '2', { ack: true });
    expect(ack.sequence).toBe(2);
    await subscriber.flush();
    expect(labels(frames)).toEqual(['late:1', 'late:2']);
    expect(broker.streams.get('late').info.records).toBe(1);
  });

  it('is sent to a subscriber that was away: what it missed first, then what is new', async () => {
    const { broker, publisher, proxy, subscriber, frames } = await scene();
    const gaps: unknown[] = [];
    subscriber.on('gap', (gap) => gaps.push(gap));
    await publisher.publish('orders.a', '1', { ack: true });
    await subscriber.flush();
    for (let round = 0; round < 20; round++) {
      proxy.cut();
      for (let n = 0; n < 50; n++) publisher.publish(`orders.${'ab'[n % 2]}`, `${round}.${n}`);
      await publisher.flush();
      proxy.restore();
      if (round % 2 === 0) await eventually('the connection', () => subscriber.connected);
    }
    await publisher.publish('orders.a', 'last', { ack: true });
    await eventually('all messages', () => frames.length >= 1002);
    await subscriber.flush();
    for (const letter of ['a', 'b']) {
      const own = frames.filter(({ subject }) => subject === `orders.${letter}`);
      expect(own.map(({ sequence }) => sequence)).toEqual(own.map((_, index) => index + 1));
    }
    expect(frames.length).toBe(1002);
    expect(gaps).toEqual([]);
    expect(broker.streams.get('orders').info.records).toBe(1002);
  });

  it('tells a subscriber that was away exactly what its stream no longer has', async () => {
    const { broker, publisher, proxy, subscriber, frames } = await scene();
    const gaps: unknown[] = [];
    subscriber.on('gap', (gap) => gaps.push(gap));
    const { epoch } = await publisher.publish('orders.a', 1, { ack: true });
    await subscriber.flush();
    proxy.cut();
    for (let n = 2; n <= 10; n++) await publisher.publish('orders.a', n, { ack: true });
    await broker.streams.purge('orders', { keep: 3 });
    proxy.restore();
    await eventually('the last message', () => frames.at(-1)?.sequence === 10);
    expect(frames.map(({ sequence }) => sequence)).toEqual([1, 8, 9, 10]);
    expect(gaps).toEqual([expect.objectContaining({ subject: 'orders.a', epoch, first: 2, last: 7 })]);
  });

  it('has what was missed told instead of sent when its subscriber wants no history', async () => {
    const { broker, publisher } = await scene();
    const proxy = fixture.closing(await TcpProxy.start(broker.port));
    const subscriber = await fixture.client(`ws://127.0.0.1:${proxy.port}`);
    const gaps: unknown[] = [];
    subscriber.on('gap', (gap) => gaps.push(gap));
    const seen: number[] = [];
    await subscriber.subscribe('orders.a', (frame) => seen.push(frame.sequence), { skipHistory: true });
    await publisher.publish('orders.a', 1, { ack: true });
    await subscriber.flush();
    proxy.cut();
    for (let n = 2; n <= 5; n++) await publisher.publish('orders.a', n, { ack: true });
    proxy.restore();
    await eventually('the gap', () => gaps.length > 0);
    await publisher.publish('orders.a', 6, { ack: true });
    await eventually('the next message', () => seen.at(-1) === 6);
    expect(seen).toEqual([1, 6]);
    expect(gaps).toEqual([expect.objectContaining({ subject: 'orders.a', first: 2, last: 5 })]);
  });
});
