import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Client,
  type Contract,
  defineContract,
  type TableClass,
  type TableObject,
} from '../../src/index.js';
import { within } from '../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { generateCode } from '../support/generated-contract.js';
import { asVersion, type PingCode, pingCode, unreadableOf } from '../support/order-contracts.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const fixture = new BrokerFixture();

interface PriceObject extends TableObject {
  cents: bigint;
}

let pings: PingCode;
let prices: { contract: Contract<PriceObject>; PriceT: new (cents: bigint) => PriceObject };
beforeAll(async () => {
  pings = await pingCode();
  // The payload of a ping is one of a price, too, as far as bytes go.
  const { schema, classes } = await generateCode('table Price { cents:ulong; } root_type Price;');
  const { Price, PriceT } = classes as { Price: TableClass<PriceObject>; PriceT: typeof prices.PriceT };
  prices = { contract: defineContract({ name: 'prices', schema, root: Price }), PriceT };
});

describe.each(TRANSPORTS)('subscriptions of one client that overlap, over %s', (transport) => {
  async function setting() {
    const broker = await fixture.broker(transport);
    const proxy = fixture.closing(await TcpProxy.start(broker.port));
    const contracts = [pings.contract, prices.contract];
    const publisher = await fixture.client(broker.url, { contracts });
    const client = await fixture.client(`ws://127.0.0.1:${proxy.port}`, { contracts });
    const publish = async (...numbers: readonly bigint[]) => {
      for (const number of numbers) {
        await publisher.publish('free', pings.contract, new pings.PingT(number), { ack: true });
        await publisher.publish('free', prices.contract, new prices.PriceT(number), { ack: true });
      }
      await client.flush();
    };
    return { broker, proxy, client, publisher, publish };
  }

  async function subscriptions(client: Client) {
    const got = { pings: [] as unknown[], prices: [] as unknown[], all: [] as number[] };
    const ofPings = await client.subscribe('free', pings.contract, ({ at }) => got.pings.push(at));
    const ofPrices = await client.subscribe('>', prices.contract, ({ cents }) => got.prices.push(cents));
    await client.subscribe('*', ({ sequence }) => got.all.push(sequence));
    return { got, ofPings, ofPrices };
  }

  it('each get what they read, and nothing that merely looks like it', async () => {
    const { client, publish } = await setting();
    const told = unreadableOf(client);
    const { got, ofPings, ofPrices } = await subscriptions(client);
    await publish(1n, 2n, 3n);
    expect(got).toEqual({ pings: [1n, 2n, 3n], prices: [1n, 2n, 3n], all: [1, 2, 3, 4, 5, 6] });
    expect([ofPings.unreadable, ofPrices.unreadable]).toEqual([3, 3]);
    const subject = 'free';
    const reason = 'the broker says that this subscription does not read their schema';
    expect(told).toEqual([
      { subject, schemaId: pings.contract.hexId, filter: '>', reason },
      { subject, schemaId: prices.contract.hexId, filter: 'free', reason },
    ]);
  });

  it('do so by iterating, and where a frame has no schema', async () => {
    const { client, publisher, publish } = await setting();
    const iterating = await client.subscribe('free', prices.contract);
    await client.subscribe('>', () => undefined);
    const bytes = prices.contract.encode(new prices.PriceT(7n));
    await publisher.publish('free', bytes, { ack: true });
    await publisher.publish('free', bytes, { ...asVersion(pings), ack: true });
    await publish(8n);
    await iterating.unsubscribe();
    const values: unknown[] = [];
    for await (const { value } of iterating) values.push(value.cents);
    expect(values).toEqual([8n]);
    expect(iterating.unreadable).toBe(3);
  });

  it('do so on the next connection, too', async () => {
    const { proxy, client, publish } = await setting();
    const { got, ofPings, ofPrices } = await subscriptions(client);
    await publish(1n);
    const back = within('the event reconnect', new Promise((resolve) => client.on('reconnect', resolve)));
    const lost = within('the event disconnect', new Promise((resolve) => client.on('disconnect', resolve)));
    proxy.cut();
    await lost;
    proxy.restore();
    await back;
    await publish(2n);
    expect(got).toEqual({ pings: [1n, 2n], prices: [1n, 2n], all: [1, 2, 3, 4] });
    expect([ofPings.unreadable, ofPrices.unreadable]).toEqual([2, 2]);
  });

  it('leave the others what they read when one ends', async () => {
    const { client, publish } = await setting();
    const { got, ofPings, ofPrices } = await subscriptions(client);
    await publish(1n);
    await ofPings.unsubscribe();
    await publish(2n);
    expect(got).toEqual({ pings: [1n], prices: [1n, 2n], all: [1, 2, 3, 4] });
    expect([ofPings.unreadable, ofPrices.unreadable]).toEqual([1, 2]);
  });
});
