import { beforeAll, describe, expect, it } from 'vitest';
import type { ModwireError } from '../../src/index.js';
import { BrokerFixture } from '../support/broker-fixture.js';
import {
  asVersion,
  notUtf8,
  type OrderVersionCode,
  orderVersion,
  type PingCode,
  pingCode,
  unreadableOf,
} from '../support/order-contracts.js';

const fixture = new BrokerFixture();

let v1: OrderVersionCode;
let pings: PingCode;
beforeAll(async () => {
  v1 = await orderVersion('v1');
  pings = await pingCode();
});

describe('a subscription with a contract', () => {
  // Here the broker hands over everything and looks at no payload: another subscription of the client takes whatever
  // comes, and the subject is bound to nothing.
  async function unguarded() {
    const broker = await fixture.broker('ws');
    const client = await fixture.client(broker.url);
    const told = unreadableOf(client);
    const all: number[] = [];
    await client.subscribe('>', (frame) => all.push(frame.sequence));
    return { client, told, all };
  }

  it('verifies what the broker did not, and gets no value that is none', async () => {
    const { client, told, all } = await unguarded();
    const heard: unknown[] = [];
    const listening = await client.subscribe('orders.eu', v1.contract, ({ id }) => heard.push(id));
    const iterating = await client.subscribe('orders.*', v1.contract);
    client.publish('orders.eu', { id: 'JSON' });
    client.publish('orders.eu', notUtf8(v1), asVersion(v1));
    client.publish('orders.eu', v1.contract, v1.order('o-1'));
    client.publish('orders.eu', pings.contract.encode(new pings.PingT(7n)), asVersion(pings));
    client.publish('orders.eu', new Uint8Array(0), asVersion(v1));
    await client.drain();
    const iterated: unknown[] = [];
    for await (const { value } of iterating) iterated.push(value.id);

    expect(all).toEqual([1, 2, 3, 4, 5]);
    expect([heard, iterated]).toEqual([['o-1'], ['o-1']]);
    expect([listening.unreadable, iterating.unreadable]).toEqual([4, 4]);
    expect(told.map(({ schemaId, reason }) => [schemaId, reason])).toEqual([
      [undefined, 'the broker says that this subscription does not read their schema'],
      [v1.contract.hexId, expect.stringMatching(/^no payloads of shop\.Order: items\[0\]\.sku: a string/)],
      [pings.contract.hexId, 'the broker says that this subscription does not read their schema'],
    ]);
  });

  it('tells what its listener throws, and goes on', async () => {
    const { client } = await unguarded();
    const errors: ModwireError[] = [];
    client.on('error', (error) => errors.push(error));
    const heard: unknown[] = [];
    await client.subscribe('orders.eu', v1.contract, ({ id }) => {
      heard.push(id);
      if (id === 'o-1') throw new Error('no such customer');
    });
    client.publish('orders.eu', v1.contract, v1.order('o-1'));
    client.publish('orders.eu', v1.contract, v1.order('o-2'));
    await client.flush();
    expect(heard).toEqual(['o-1', 'o-2']);
    expect(errors.map(({ message }) => message)).toEqual(['no such customer']);
  });
});
