import { describe, expect, it, onTestFinished } from 'vitest';
import { type BrokerEvents, listen } from '../../../src/broker/index.js';
import { ModwireError, type StreamMessage } from '../../../src/index.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';

const fixture = new BrokerFixture();

const STREAM = { name: 'orders', filters: ['orders.>'], storage: 'memory' };

describe.each(TRANSPORTS)('a durable consumer over %s', (transport) => {
  async function scene(config: object = {}, stream: object = {}) {
    const broker = await fixture.broker(transport);
    await broker.streams.create({ ...STREAM, ...stream });
    await broker.consumers.create({ name: 'work', stream: 'orders', ...config });
    const client = await fixture.client(broker.url);
    const publish = async (from: number, to: number, subject = 'orders.a') => {
      const acks: Promise<unknown>[] = [];
      for (let n = from; n <= to; n++) acks.push(client.publish(subject, n, { ack: true }));
      await Promise.all(acks);
    };
    const info = () => broker.consumers.get('orders', 'work').description.info;
    return { broker, client, publish, info };
  }

  it('gets what was there and what comes, in order', async () => {
    const { client, publish, info } = await scene();
    await publish(1, 200);
    const got: number[] = [];
    await client.consume('orders', 'work', (message) => {
      got.push(message.frame.json() as number);
    });
    await publish(201, 300);
    await eventually('all records', () => info().acked === 300);
    expect(got).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
    expect(info()).toMatchObject({
      delivered: 300,
      redelivered: 0,
      pending: 0,
      ackFloor: 300,
      position: 301,
    });
  });

  it('begins where its start says', async () => {
    const { broker, client, publish } = await scene();
    await publish(1, 2, 'orders.a');
    await publish(3, 4, 'orders.b');
    const starts = ['all', 'new', 'last', 'last-per-subject', { offset: 3 }, { time: Date.now() + 60_000 }];
    const got: Record<string, number[]> = {};
    for (const [index, start] of starts.entries()) {
      const name = `c${index}`;
      got[name] = [];
      await broker.consumers.create({ name, stream: 'orders', start });
      await client.consume('orders', name, ({ offset }) => {
        got[name]!.push(offset);
      });
    }
    await publish(5, 5);
    await eventually('the last one', () => Object.values(got).every((offsets) => offsets.includes(5)));
    expect(got).toEqual({ c0: [1, 2, 3, 4, 5], c1: [5], c2: [4, 5], c3: [2, 4, 5], c4: [3, 4, 5], c5: [5] });
  });

  it('gets what its filter selects', async () => {
    const { client, publish, info } = await scene({ filter: 'orders.*.paid' });
    await publish(1, 100, 'orders.a.open');
    await publish(101, 103, 'orders.a.paid');
    await publish(104, 110, 'orders.a.open');
    const got: string[] = [];
    await client.consume('orders', 'work', ({ frame }) => {
      got.push(`${frame.subject}:${frame.text()}`);
    });
    await eventually('all records', () => info().acked === 3);
    expect(got).toEqual(['orders.a.paid:101', 'orders.a.paid:102', 'orders.a.paid:103']);
    await eventually('the end', () => info().position === 111);
  });

  it('gets again what was refused, and what was not settled in time', async () => {
    const { client, publish, info } = await scene({ ackWaitMs: 30, maxDeliver: 0 });
    await publish(1, 3);
    const attempts = new Map<number, number[]>([1, 2, 3].map((offset) => [offset, []]));
    await client.consume('orders', 'work', async (message) => {
      const { offset, attempt } = message;
      attempts.get(offset)!.push(attempt);
      if (offset === 1 && attempt === 1) message.nak({ delayMs: 5 });
      // The second one is not settled in time, twice.
      else if (offset === 2 && attempt < 3) await new Promise(() => {});
    });
    await eventually('all being settled', () => info().ackFloor === 3);
    expect(attempts.get(1)!.slice(0, 2)).toEqual([1, 2]);
    expect(attempts.get(2)!.slice(0, 3)).toEqual([1, 2, 3]);
    expect(info()).toMatchObject({ acked: 3, deadLettered: 0, pending: 0 });
  });

  it('shares its records among its members, and gives them to others when one leaves', async () => {
    const { broker, publish, info } = await scene();
    const held: StreamMessage[] = [];
    const gone = await fixture.client(broker.url, { name: 'gone' });
    await gone.consume('orders', 'work', { capacity: 4 }, (message) => {
      held.push(message);
      return new Promise(() => {});
    });
    await publish(1, 20);
    await eventually('one being full', () => held.length === 4);
    const got: number[] = [];
    const worker = await fixture.client(broker.url, { name: 'worker' });
    await worker.consume('orders', 'work', { capacity: 2 }, ({ offset }) => {
      got.push(offset);
    });
    await eventually('the rest', () => info().acked === 16);
    expect(info()).toMatchObject({ pending: 4, waiting: 0 });
    expect(info().members.map(({ name, outstanding }) => [name, outstanding])).toEqual([
      ['gone', 4],
      ['worker', 0],
    ]);
    await gone.close();
    await eventually('all', () => info().acked === 20);
    expect(got.slice(16).sort()).toEqual(held.map(({ offset }) => offset));
    expect(broker.stats().consumers).toEqual({ consumers: 1, pending: 0, redelivered: 4, deadLettered: 0 });
  });

  it('gives a record that nobody can handle up, with the reason and its attempts, while others flow on', async () => {
    const { client, publish, info } = await scene({ maxDeliver: 3, deadLetter: 'dead.work' });
    const events: BrokerEvents['modwire:consumer.dead-letter'][] = [];
    onTestFinished(listen('modwire:consumer.dead-letter', (event) => events.push(event)));
    const letters: { headers: readonly (readonly [string, string])[]; text: string; cause: Uint8Array }[] =
      [];
    await client.subscribe('dead.>', (frame) =>
      letters.push({ headers: frame.headers, text: frame.text(), cause: frame.causationId!.slice() }),
    );
    let poison: Uint8Array | undefined;
    await client.consume('orders', 'work', ({ frame, offset }) => {
      if (offset !== 5) return;
      poison = frame.id.slice();
      throw new ModwireError('FAILED_PRECONDITION', 'broken');
    });
    await publish(1, 40);
    await eventually('the dead letter', () => info().deadLettered === 1 && info().acked === 39);
    await client.flush();
    expect(letters).toHaveLength(1);
    const { headers, text, cause } = letters[0]!;
    expect([text, cause]).toEqual(['5', poison]);
    expect(headers.slice(0, 7)).toEqual([
      ['modwire-reason', 'broken'],
      ['modwire-cause', 'attempts'],
      ['modwire-subject', 'orders.a'],
      ['modwire-stream', 'orders'],
      ['modwire-offset', '5'],
      ['modwire-consumer', 'work'],
      ['modwire-attempts', '3'],
    ]);
    expect(headers.filter(([name]) => name === 'modwire-attempt')).toHaveLength(3);
    expect(events).toEqual([
      {
        ...{ stream: 'orders', consumer: 'work', offset: 5, attempts: 3 },
        ...{ cause: 'attempts', reason: 'broken', subject: 'dead.work' },
      },
    ]);
    expect(info()).toMatchObject({ delivered: 42, redelivered: 2, ackFloor: 40, pending: 0, givenUp: 0 });
  });

  it('passes over records that gave way to later ones of their subjects', async () => {
    const { client, publish, info } = await scene({}, { retention: { maxPerSubject: 1 } });
    await publish(1, 3, 'orders.a');
    await publish(4, 4, 'orders.b');
    await publish(5, 6, 'orders.a');
    const got: number[] = [];
    await client.consume('orders', 'work', ({ offset }) => {
      got.push(offset);
    });
    await eventually('the last ones', () => info().acked === 2);
    expect(got).toEqual([4, 6]);
    expect(info()).toMatchObject({ lost: 0, position: 7 });
  });

  it('refuses what is not valid, not there, or there already', async () => {
    const { broker, client } = await scene();
    const make = (config: object) => client.streams.consumers.create('orders', { name: 'x', ...config });
    await expect(make({ deadLetter: 'orders.dead' })).rejects.toThrow('dead-letter-loop');
    await expect(make({ ackWaitMs: 1 })).rejects.toThrow('ack-wait-range');
    await expect(make({ name: 'work' })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await expect(client.streams.consumers.create('none', { name: 'x' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(client.consume('orders', 'none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(
      client.streams.consumers.update('orders', { name: 'work', filter: 'a' }),
    ).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
    });
    expect(broker.consumers.list('orders')).toHaveLength(1);
  });

  it('delivers nothing while it is paused, and takes other terms while it is at work', async () => {
    const { client, publish, info } = await scene();
    const { consumers } = client.streams;
    const got: number[] = [];
    await client.consume('orders', 'work', ({ offset }) => {
      got.push(offset);
    });
    expect((await consumers.pause('orders', 'work')).config.paused).toBe(true);
    await publish(1, 5);
    const changed = await consumers.update('orders', { name: 'work', maxDeliver: 7, paused: true });
    expect(changed.config).toMatchObject({ maxDeliver: 7, paused: true });
    await client.flush();
    expect(info().delivered).toBe(0);
    await consumers.resume('orders', 'work');
    await eventually('what came meanwhile', () => info().acked === 5);
    await consumers.pause('orders', 'work', { until: Date.now() + 20 });
    await publish(6, 6);
    await eventually('the end of the pause', () => got.length === 6);
    expect(got).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('tells its members when it, or its stream, is removed', async () => {
    const { broker, client } = await scene();
    await broker.consumers.create({ name: 'other', stream: 'orders' });
    const ends = ['work', 'other'].map(async (name) => {
      const consumer = await client.consume('orders', name);
      for await (const message of consumer) message.ack();
    });
    const first = expect(ends[0]).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const second = expect(ends[1]).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await client.flush();
    await eventually('both', () =>
      broker.consumers.list('orders').every(({ info }) => info.members.length === 1),
    );
    expect((await client.streams.consumers.remove('orders', 'work')).config.name).toBe('work');
    await first;
    await client.streams.remove('orders');
    await second;
    expect(broker.stats().consumers.consumers).toBe(0);
  });

  it('lets a member that leaves settle what it has', async () => {
    const { client, publish, info } = await scene();
    await publish(1, 10);
    const consumer = await client.consume('orders', 'work', { capacity: 3 });
    const first: StreamMessage[] = [];
    await eventually('its records', () => consumer.queued === 3);
    const leaving = consumer.drain();
    for await (const message of consumer) first.push(message);
    await leaving;
    expect(info().members).toHaveLength(1);
    for (const message of first) message.ack();
    await eventually('its end', () => info().members.length === 0);
    expect(info()).toMatchObject({ acked: 3, redelivered: 0, waiting: 0 });
  });
});
