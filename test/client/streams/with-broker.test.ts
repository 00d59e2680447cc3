import { describe, expect, it } from 'vitest';
import type { Client } from '../../../src/index.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

const fixture = new BrokerFixture();

async function publish(client: Client, subject: string, first: number, last: number): Promise<void> {
  for (let number = first; number <= last; number++) client.publish(subject, number);
  await client.flush();
}

function numbers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

describe.each(TRANSPORTS)('streams in the SDK, with a broker over %s', (transport) => {
  async function scene() {
    const broker = await fixture.broker(transport);
    const proxy = fixture.closing(await TcpProxy.start(broker.port));
    const client = await fixture.client(`ws://127.0.0.1:${proxy.port}`);
    const publisher = await fixture.client(broker.url);
    const reconnect = async () => {
      const back = new Promise((resolve) => client.on('reconnect', resolve));
      proxy.cut();
      proxy.restore();
      await back;
    };
    await publisher.streams.create({ name: 'log', filters: ['a.>'], storage: 'memory', sync: 'none' });
    return { broker, client, publisher, reconnect };
  }

  it('are made, described, changed, purged and removed, and their consumers too', async () => {
    const { client } = await scene();
    const { streams } = client;
    await publish(client, 'a.x', 1, 4);
    expect((await streams.list()).map(({ config }) => config.name)).toEqual(['log']);
    expect((await streams.update('log', { dedupMs: 5 })).config.dedupMs).toBe(5);
    expect(await streams.purge('log', { before: 3 })).toBe(2);
    expect((await streams.info('log')).info).toMatchObject({ records: 2, firstOffset: 3, lastOffset: 4 });
    await streams.consumers.create('log', { name: 'c', ackWaitMs: 5_000 });
    expect((await streams.consumers.list('log')).map(({ config }) => config.ackWaitMs)).toEqual([5_000]);
    expect((await streams.consumers.update('log', { name: 'c', maxDeliver: 7 })).config.maxDeliver).toBe(7);
    expect((await streams.consumers.pause('log', 'c')).config.paused).toBe(true);
    expect((await streams.consumers.resume('log', 'c')).config.paused).toBe(false);
    expect((await streams.consumers.info('log', 'c')).info.pending).toBe(0);
    await streams.consumers.remove('log', 'c');
    await streams.remove('log');
    await expect(streams.info('log')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(client.consume('log', 'c')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(client.readStream('log')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('are read from a place to another, and on and on over a lost connection', async () => {
    const { client, publisher, reconnect } = await scene();
    await publish(publisher, 'a.x', 1, 300);
    await publish(publisher, 'a.y', 301, 302);
    const offsets: number[] = [];
    for await (const { offset } of await client.readStream('log', { from: { offset: 2 }, to: 'end' })) {
      offsets.push(offset);
    }
    expect(offsets).toEqual(numbers(2, 302));
    const some = await client.readStream('log', { filter: 'a.y', to: { offset: 302 } });
    const texts: string[] = [];
    for await (const batch of some.batches()) for (const { frame } of batch) texts.push(frame.text());
    expect(texts).toEqual(['301', '302']);
    const reader = await client.readStream('log', { capacity: 7 });
    const live: number[] = [];
    for await (const { offset } of reader) {
      live.push(offset);
      if (offset === 150) await reconnect();
      if (offset === 302) await publish(publisher, 'a.x', 303, 305);
      if (offset === 305) break;
    }
    expect(live).toEqual(numbers(1, 305));
  });

  it('are consumed: what is done is done, what failed or was cut off comes again', async () => {
    const { client, publisher, reconnect } = await scene();
    await publisher.streams.consumers.create('log', { name: 'c' });
    const handled = new Map<number, number>();
    const consumer = await client.consume('log', 'c', { capacity: 10 }, async ({ frame, attempt }) => {
      const number = Number(frame.text());
      if (number % 10 === 0 && attempt === 1) throw new RangeError('not at the first attempt');
      handled.set(number, (handled.get(number) ?? 0) + 1);
    });
    client.on('error', () => undefined);
    await publish(publisher, 'a.x', 1, 50);
    await reconnect();
    await publish(publisher, 'a.x', 51, 100);
    const info = async () => (await publisher.streams.consumers.info('log', 'c')).info;
    await eventually('all to be done', async () => (await info()).ackFloor === 100);
    expect([...handled.keys()].sort((a, b) => a - b)).toEqual(numbers(1, 100));
    await consumer.drain();
    await eventually('it to be no member', async () => (await info()).members.length === 0);
    expect(await info()).toMatchObject({ acked: 100, pending: 0, waiting: 0 });
  });

  it('are shared among members of a consumer, and one that leaves its loop gives back what it has', async () => {
    const { client, publisher } = await scene();
    await publisher.streams.consumers.create('log', { name: 'c' });
    await publish(publisher, 'a.x', 1, 20);
    for await (const message of await client.consume('log', 'c', { capacity: 20 })) {
      message.ack();
      break;
    }
    const rest: number[] = [];
    for await (const message of await publisher.consume('log', 'c', { capacity: 4 })) {
      rest.push(message.offset);
      message.ack();
      if (rest.length === 19) break;
    }
    expect(rest).toEqual(numbers(2, 20));
  });
});
