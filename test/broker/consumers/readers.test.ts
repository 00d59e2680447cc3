import { describe, expect, it } from 'vitest';
import type { ReadOptions, StreamReader } from '../../../src/index.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';

const fixture = new BrokerFixture();

async function offsetsOf(reader: StreamReader, until = Number.POSITIVE_INFINITY): Promise<number[]> {
  const offsets: number[] = [];
  for await (const { offset } of reader) {
    offsets.push(offset);
    if (offset >= until) break;
  }
  return offsets;
}

describe.each(TRANSPORTS)('a reader of a stream over %s', (transport) => {
  async function scene(stream: object = {}, limits: object = {}) {
    const broker = await fixture.broker(transport, limits);
    const config = { name: 'orders', filters: ['orders.>'], storage: 'memory', ...stream };
    await broker.streams.create(config);
    const client = await fixture.client(broker.url);
    const publish = async (count: number, subject = 'orders.a', payload = 'x') => {
      const acks: Promise<unknown>[] = [];
      for (let n = 0; n < count; n++) acks.push(client.publish(subject, payload, { ack: true }));
      await Promise.all(acks);
    };
    const read = async (options: ReadOptions) => offsetsOf(await client.readStream('orders', options));
    return { broker, client, publish, read };
  }

  it('reads from a place to another', async () => {
    const { client, publish, read } = await scene();
    await publish(4);
    await publish(4);
    const times: number[] = [];
    for await (const { frame } of await client.readStream('orders', { to: 'end' }))
      times.push(frame.brokerTime);
    const middle = (times[3]! + times[4]!) / 2000;
    const to = 'end';
    expect(await read({ to })).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await read({ from: { offset: 3 }, to: { offset: 5 } })).toEqual([3, 4, 5]);
    expect(await read({ from: { time: middle }, to })).toEqual([5, 6, 7, 8]);
    expect(await read({ to: { time: middle } })).toEqual([1, 2, 3, 4]);
    expect(await read({ to: { time: middle + 60_000 } })).toHaveLength(8);
    expect(await read({ from: 'new', to })).toEqual([]);
    expect(await read({ from: { offset: 5 }, to: { offset: 4 } })).toEqual([]);
    expect(await read({ to: { offset: 0 } })).toEqual([]);
  });

  it('goes on with what comes, from the present or a place in the past', async () => {
    const { client, publish } = await scene();
    await publish(2);
    const readers = await Promise.all([
      client.readStream('orders', { from: 'new' }),
      client.readStream('orders', { from: { offset: 2 } }),
      client.readStream('orders', { to: { offset: 4 } }),
    ]);
    const offsets = Promise.all([offsetsOf(readers[0], 5), offsetsOf(readers[1], 5), offsetsOf(readers[2])]);
    await publish(3);
    expect(await offsets).toEqual([
      [3, 4, 5],
      [2, 3, 4, 5],
      [1, 2, 3, 4],
    ]);
  });

  it('gets the records that its filter selects, each frame with its offset', async () => {
    const { client, publish, read } = await scene();
    for (let n = 1; n <= 300; n++) void client.publish(`orders.${n % 3}`, n);
    await publish(1, 'orders.b.c');
    const reader = await client.readStream('orders', { filter: 'orders.1', to: 'end' });
    const got: [number, unknown][] = [];
    for await (const { frame, offset } of reader) got.push([offset, frame.json()]);
    const ones = Array.from({ length: 100 }, (_, index) => 3 * index + 1);
    expect(got).toEqual(ones.map((n) => [n, n]));
    expect(await read({ filter: 'orders.*', to: 'end' })).toHaveLength(300);
    expect(await read({ filter: 'orders.b.>', to: 'end' })).toEqual([301]);
    expect(await read({ filter: 'elsewhere', to: 'end' })).toEqual([]);
  });

  it('has no more under way than its window holds, until it takes some', async () => {
    const { broker, client, publish } = await scene();
    await publish(200);
    const byCount = await client.readStream('orders', { capacity: 10, to: 'end' });
    const byBytes = await client.readStream('orders', { windowBytes: 1000, to: 'end' });
    await client.flush();
    expect(byCount.queued).toBe(10);
    const frameBytes = broker.streams.get('orders').info.bytes / 200;
    expect(byBytes.queued * frameBytes).toBeLessThan(1000 + 2 * frameBytes);
    const all = Array.from({ length: 200 }, (_, index) => index + 1);
    expect(await offsetsOf(byCount)).toEqual(all);
    expect(await offsetsOf(byBytes)).toEqual(all);
  });

  it('takes records that are larger than its window, one by one', async () => {
    const { client, publish } = await scene();
    await publish(5, 'orders.a', 'x'.repeat(200_000));
    await publish(2);
    const reader = await client.readStream('orders', { windowBytes: 1000, to: 'end' });
    await client.flush();
    expect(reader.queued).toBe(1);
    expect(await offsetsOf(reader)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('is told of what the stream does not have any more, and goes on behind it', async () => {
    const { broker, client, publish } = await scene();
    await publish(10);
    await broker.streams.purge('orders', { before: 5 });
    const lost: object[] = [];
    const reader = await client.readStream('orders', {
      ...{ from: { offset: 2 }, to: { offset: 6 } },
      onLost: ({ first, last, error }) => lost.push({ first, last, code: error.code }),
    });
    expect(await offsetsOf(reader)).toEqual([5, 6]);
    expect(lost).toEqual([{ first: 2, last: 4, code: 'NOT_FOUND' }]);
  });

  it('is not told of records that gave way to later ones of their subjects', async () => {
    const { publish, read } = await scene({ retention: { maxPerSubject: 1 } });
    await publish(4);
    await publish(1, 'orders.b');
    await publish(1);
    expect(await read({ from: { offset: 1 }, to: 'end' })).toEqual([5, 6]);
  });

  it('ends when its stream is removed', async () => {
    const { client, publish } = await scene();
    await publish(1);
    const reader = await client.readStream('orders');
    const offsets = offsetsOf(reader);
    await client.flush();
    await client.streams.remove('orders');
    await expect(offsets).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is refused with what is wrong', async () => {
    const { client } = await scene();
    const refusal = (options: object) => expect(client.readStream('orders', options)).rejects;
    await refusal({ from: 'here' }).toThrow('start-unknown');
    await refusal({ from: {} }).toThrow('start-unknown');
    await refusal({ to: { offset: 1, time: 2 } }).toThrow('start-unknown');
    await refusal({ from: { offset: 0 } }).toThrow('offset-range');
    await refusal({ from: { time: 'soon' } }).toThrow('time-range');
    await refusal({ filter: 'a..b' }).toThrow('filter-form');
    await refusal({ capacity: 2 ** 31 }).toThrow('maxConcurrency');
    await expect(client.readStream('none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('waits for a client that does not read, and goes on when it does', async () => {
    const { broker, publish } = await scene({}, { congestedBytes: 64 * 1024 });
    await publish(300, 'orders.a', 'x'.repeat(50_000));
    const raw = await fixture.raw(broker.url);
    raw.pause();
    const message = { stream: 'orders', name: '', options: '{"to":"end"}' };
    const window = { capacity: 65_536, windowBytes: 2 ** 30 };
    raw.control({ type: 'consume', consumer: 1, ...message, ...window });
    let highest = 0;
    await eventually('what the sockets hold being sent', () => {
      const { bufferedBytes } = broker.stats();
      const stands = bufferedBytes > 0 && bufferedBytes === highest;
      highest = bufferedBytes;
      return stands;
    });
    expect(highest).toBeLessThan(256 * 1024);
    raw.resume();
    await raw.next('finished');
    expect(raw.frames).toHaveLength(300);
    expect(raw.all('finished')).toEqual([{ type: 'finished', consumer: 1, code: 0, message: '' }]);
  });
});
