import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { FrameView, Gap } from '../../src/index.js';
import { eventually } from '../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { asVersion, orderVersion, pingCode, unreadableOf } from '../support/order-contracts.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const fixture = new BrokerFixture();

const GROUP = { group: 'scorers' };
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const ascending = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);

describe.each(TRANSPORTS)('groups of subscribers with clients over %s', (transport) => {
  async function setting() {
    const broker = await fixture.broker(transport);
    const publisher = await fixture.client(broker.url);
    const client = await fixture.client(broker.url);
    const gaps: Gap[] = [];
    client.on('gap', (gap) => gaps.push(gap));
    const settle = async () => {
      await publisher.flush();
      await client.flush();
    };
    return { broker, publisher, client, gaps, settle };
  }

  /** Notes sequences. */
  function into(sequences: number[]): (frame: FrameView) => void {
    return ({ sequence }) => sequences.push(sequence);
  }

  it('each message comes to one of the subscriptions of a group, and nobody hears of a gap', async () => {
    const { broker, publisher, client, gaps, settle } = await setting();
    const other = await fixture.client(broker.url);
    other.on('gap', (gap) => gaps.push(gap));
    const got: number[][] = [[], [], []];
    await client.subscribe('a', GROUP, into(got[0]!));
    await client.subscribe('a', into(got[1]!), GROUP);
    await other.subscribe('>', GROUP, into(got[2]!));
    for (let number = 0; number < 30; number++) {
      publisher.publish('a', number);
      if (number % 7 === 0) await turn();
    }
    await settle();
    await other.flush();
    expect(ascending(got.flat())).toEqual(upTo(30));
    for (const own of got) {
      expect(own).toHaveLength(10);
      expect(own).toEqual(ascending(own));
    }
    expect(gaps).toEqual([]);
  });

  it('a subscription that gets everything counts for itself, whichever of the two comes or goes first', async () => {
    const { broker, publisher, client, gaps, settle } = await setting();
    const other = await fixture.client(broker.url);
    await other.subscribe('a', GROUP, () => undefined);
    const publish = async (count: number) => {
      for (let number = 0; number < count; number++) publisher.publish('a', number);
      await settle();
    };
    const shared: number[] = [];
    const all: number[] = [];
    await publish(3);
    const member = await client.subscribe('a', GROUP, into(shared));
    await publish(4);
    const whole = await client.subscribe('*', into(all));
    await publish(4);
    await whole.unsubscribe();
    await publish(4);
    const again = await client.subscribe('a', into(all));
    await publish(4);
    await member.unsubscribe();
    await publish(2);
    await again.unsubscribe();
    expect(all).toEqual([8, 9, 10, 11, 16, 17, 18, 19, 20, 21]);
    expect(shared).toHaveLength(8);
    expect(gaps).toEqual([]);
    expect([member.group, whole.group]).toEqual(['scorers', undefined]);
  });

  it('a member that comes back is one again, and is told of nothing that others got', async () => {
    const broker = await fixture.broker(transport);
    const proxy = fixture.closing(await TcpProxy.start(broker.port));
    const publisher = await fixture.client(broker.url);
    const client = await fixture.client(`ws://127.0.0.1:${proxy.port}`);
    const other = await fixture.client(broker.url);
    const gaps: Gap[] = [];
    for (const one of [client, other]) one.on('gap', (gap) => gaps.push(gap));
    const got: number[][] = [[], []];
    await client.subscribe('a', GROUP, into(got[0]!));
    await other.subscribe('a', GROUP, into(got[1]!));
    const publish = async (count: number) => {
      for (let number = 0; number < count; number++) publisher.publish('a', number);
      await publisher.flush();
      await other.flush();
    };
    await publish(6);
    await client.flush();
    let back = 0;
    client.on('reconnect', () => back++);
    proxy.cut();
    await eventually('the broker knowing', () => broker.stats().sessions === 2);
    await publish(6);
    proxy.restore();
    await eventually('the client being back', () => back === 1);
    const before = got[0]!.length;
    await publish(6);
    await client.flush();
    expect(got[0]!.length - before).toBe(3);
    expect(ascending(got.flat())).toEqual(upTo(18));
    expect(gaps).toEqual([]);
  });

  it('a full queue gives way to the other members', async () => {
    const broker = await fixture.broker(transport, { congestedBytes: 65_536 });
    const publisher = await fixture.client(broker.url);
    const slow = await fixture.client(broker.url, { maxQueuedFrames: 5 });
    const quick = await fixture.client(broker.url);
    const got: number[] = [];
    const unread = await slow.subscribe('a', GROUP);
    await quick.subscribe('a', GROUP, into(got));
    let inARow = 0;
    while (inARow < 20) {
      const before = got.length;
      await publisher.publish('a', new Uint8Array(50_000), { ack: true });
      await quick.flush();
      inARow = got.length > before ? inARow + 1 : 0;
    }
    void unread.unsubscribe();
    for await (const { sequence } of unread) got.push(sequence);
    expect(ascending(got)).toEqual(upTo(broker.stats().frames));
  });

  it('a member that ends its subscription and reads to the end loses nothing, while messages keep coming', async () => {
    const { broker, publisher, client } = await setting();
    const other = await fixture.client(broker.url);
    const got: number[] = [];
    await other.subscribe('a', GROUP, into(got));
    const publish = async () => {
      for (let number = 0; number < 500; number++) {
        publisher.publish('a', number);
        if (number % 5 === 0) await turn();
      }
      await publisher.flush();
    };
    const publishing = publish();
    for (let time = 0; time < 5; time++) {
      const leaving = await client.subscribe('a', GROUP);
      for (let turns = 0; turns < 5; turns++) await turn();
      void leaving.unsubscribe();
      for await (const { sequence } of leaving) got.push(sequence);
    }
    await client.subscribe('a', GROUP, into(got));
    await turn();
    await client.drain();
    await publishing;
    await other.flush();
    expect(ascending(got)).toEqual(upTo(500));
  });

  it('a contract decides which member gets a message; one that none reads is told to one', async () => {
    const { broker, publisher, client, gaps, settle } = await setting();
    const other = await fixture.client(broker.url);
    const [orders, pings] = await Promise.all([orderVersion('v1'), pingCode()]);
    await publisher.use(orders.contract);
    const told = [client, other].map(unreadableOf);
    const heard: unknown[] = [];
    const forOrders = await client.subscribe('free', orders.contract, GROUP, ({ id }) => heard.push(id));
    const forPings = await other.subscribe('free', pings.contract, GROUP, ({ at }) => heard.push(at));
    publisher.publish('free', orders.contract, orders.order('o-1'));
    publisher.publish('free', pings.contract.encode(new pings.PingT(7n)), asVersion(pings));
    publisher.publish('free', orders.contract, orders.order('o-2'));
    publisher.publish('free', 'neither');
    await settle();
    await other.flush();
    await eventually('the word', () => told.flat().length > 0);
    expect(heard.toSorted()).toEqual([7n, 'o-1', 'o-2']);
    expect(told.flat()).toMatchObject([{ subject: 'free', schemaId: undefined }]);
    expect(forOrders.unreadable + forPings.unreadable).toBe(1);
    expect(gaps).toEqual([]);
  });

  it('what all were too slow for is a gap of its own kind, told to one', async () => {
    const limits = { congestedBytes: 65_536, stallMs: 100, slowConsumerMs: 300_000 };
    const broker = await fixture.broker(transport, limits);
    const publisher = await fixture.raw(broker.url);
    const client = await fixture.client(broker.url, { maxQueuedFrames: 5 });
    const gaps: Gap[] = [];
    client.on('gap', (gap) => gaps.push(gap));
    const subscription = await client.subscribe('a', GROUP);
    await eventually('it being slow', async () => {
      publisher.publish('a', { payload: new Uint8Array(50_000) });
      await publisher.settle();
      return broker.stats().slowConsumers === 1;
    });
    for (let number = 0; number < 5; number++) publisher.publish('a');
    await publisher.settle();
    const got: number[] = [];
    client.on('gap', () => void subscription.unsubscribe());
    for await (const { sequence } of subscription) got.push(sequence);
    expect(gaps).toMatchObject([{ subject: 'a', first: got.length + 1, last: broker.stats().frames }]);
    expect(gaps[0]!.reason).toBe('group');
    expect(got).toEqual(upTo(got.length));
  });

  it.each([
    ['an empty name', { group: '' }],
    ['a name too long', { group: 'g'.repeat(257) }],
    ['a name with a line break', { group: 'a\nb' }],
    ['half a character', { group: '\ud800' }],
    ['no text', { group: 7 }],
  ])('refuses %s', async (_, options) => {
    const { client } = await setting();
    const refused = client.subscribe('a', options as { group: string });
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('refuses what is neither a listener nor options', async () => {
    const { client } = await setting();
    const refused = client.subscribe('a', 'scorers' as never);
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
