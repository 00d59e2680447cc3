import { beforeAll, describe, expect, it } from 'vitest';
import { ContentType, type ModwireError, toHex } from '../../src/index.js';
import { eventually } from '../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../support/broker-fixture.js';
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
let v2: OrderVersionCode;
let lax: OrderVersionCode;
let broken: OrderVersionCode;
let pings: PingCode;
beforeAll(async () => {
  v1 = await orderVersion('v1');
  v2 = await orderVersion('v2');
  lax = await orderVersion('lax');
  broken = await orderVersion('broken');
  pings = await pingCode();
});

/** A broker that knows version 1 of `orders`, to which `orders.>` is bound. */
async function boundBroker(transport: TransportName) {
  const broker = await fixture.broker(transport);
  const publisher = await fixture.client(broker.url, { name: 'publisher', contracts: [v1.contract] });
  await broker.registry.bind({ pattern: 'orders.>', use: 'message', contract: 'orders' });
  return { broker, publisher };
}

describe.each(TRANSPORTS)('a client with contracts, over %s', (transport) => {
  it('publishes values, and hands them to listeners and to those who iterate', async () => {
    const { broker, publisher } = await boundBroker(transport);
    const consumer = await fixture.client(broker.url);
    const heard: unknown[] = [];
    await consumer.subscribe('orders.>', v1.contract, ({ id, total, items }, frame) => {
      heard.push([frame.subject, frame.sequence, id, total, items.map(({ sku, count }) => [sku, count])]);
    });
    const iterated = await consumer.subscribe('orders.eu', v1.contract);

    expect(publisher.publish('orders.eu', v1.contract, v1.order('o-1', 9.5))).toBe(true);
    const { sequence } = await publisher.publish('orders.eu', v1.contract, v1.order('o-2'), { ack: true });
    await publisher.publish('orders.us', v1.contract, v1.order('o-3'), { ack: true, priority: 3 });
    await consumer.drain();

    expect(sequence).toBe(2);
    expect(heard).toEqual([
      ['orders.eu', 1, 'o-1', 9.5, [['sku', 1]]],
      ['orders.eu', 2, 'o-2', 0, [['sku', 1]]],
      ['orders.us', 1, 'o-3', 0, [['sku', 1]]],
    ]);
    const values: unknown[] = [];
    for await (const { value, frame } of iterated) {
      values.push([value.id, frame.contentType, toHex(frame.schemaId!)]);
    }
    const { hexId } = v1.contract;
    expect(values).toEqual([
      ['o-1', ContentType.flatbuffer, hexId],
      ['o-2', ContentType.flatbuffer, hexId],
    ]);
  });

  it('registers contracts when it connects, and others when it first needs them', async () => {
    const broker = await fixture.broker(transport);
    const first = await fixture.client(broker.url, { contracts: [v1.contract, pings.contract] });
    const registered = { contract: 'orders', version: 1, schemaId: v1.contract.id, unreadableBy: [] };
    expect(first.contracts).toHaveLength(2);
    expect(first.contracts).toContainEqual({ ...registered, isNew: true });

    const second = await fixture.client(broker.url);
    expect(second.contracts).toEqual([]);
    await second.subscribe('orders.>', v1.contract, () => undefined);
    expect(second.contracts).toEqual([{ ...registered, isNew: false }]);
    const { id: schemaId } = v2.contract;
    expect(await second.use(v2.contract)).toEqual({ ...registered, schemaId, version: 2, isNew: true });
    const known = broker.registry.contracts().map(({ name, versions }) => [name, versions.length]);
    expect(known).toEqual([
      ['orders', 2],
      ['pings', 1],
    ]);
  });

  it('numbers versions of one contract in the order in which it was given them', async () => {
    const broker = await fixture.broker(transport);
    const { contracts } = await fixture.client(broker.url, { contracts: [v1.contract, v2.contract] });
    expect(contracts.map(({ version }) => version)).toEqual([1, 2]);
  });

  it('publishes values only of contracts that it uses', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.client(broker.url);
    const publish = () => client.publish('orders.eu', v1.contract, v1.order('o-1'));
    expect(publish).toThrow(/a contract that this client does not use: got orders; give it to connect/);
    await client.use(v1.contract);
    expect(publish()).toBe(true);
  });

  it('finds contracts without registering any, where it is told to', async () => {
    const { broker } = await boundBroker(transport);
    const options = { register: false };
    const found = await fixture.client(broker.url, { ...options, contracts: [v1.contract] });
    expect(found.contracts).toMatchObject([{ contract: 'orders', version: 1, isNew: false }]);

    const missing = expect.objectContaining({
      code: 'NOT_FOUND',
      message: expect.stringContaining(v2.contract.hexId),
    });
    await expect(fixture.client(broker.url, { ...options, contracts: [v2.contract] })).rejects.toEqual(
      missing,
    );
    await expect(found.subscribe('orders.>', v2.contract)).rejects.toEqual(missing);
    expect(broker.registry.contract('orders')!.versions).toHaveLength(1);
  });

  it('does not connect with a version that would break others', async () => {
    const { broker, publisher } = await boundBroker(transport);
    const refused = expect.objectContaining({
      code: 'INCOMPATIBLE_SCHEMA',
      message: expect.stringContaining('total'),
    });
    await expect(fixture.client(broker.url, { contracts: [broken.contract] })).rejects.toEqual(refused);
    await expect(publisher.use(broken.contract)).rejects.toEqual(refused);
    expect(publisher.contracts).toHaveLength(1);
    await eventually('the refused client being gone', () => broker.stats().sessions === 1);
  });

  it('resolves the schemas of others by their ids', async () => {
    const { broker } = await boundBroker(transport);
    const client = await fixture.client(broker.url);
    const { id, hexId, schema, rootName: root } = v1.contract;
    const resolved = { contract: 'orders', version: 1, schemaId: id, root, schema };
    expect(await client.resolve(id)).toEqual(resolved);
    expect(await client.resolve(hexId.toUpperCase())).toEqual(resolved);
    await expect(client.resolve('00'.repeat(16))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(client.resolve('orders')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('tells publishers what is wrong with their payloads, and in which field', async () => {
    const { broker, publisher } = await boundBroker(transport);
    const consumer = await fixture.client(broker.url);
    const seen: string[] = [];
    await consumer.subscribe('>', (frame) => seen.push(frame.subject));
    await publisher.use(pings.contract);
    const errors: ModwireError[] = [];
    publisher.on('error', (error) => errors.push(error));

    const violation = /^items\[0\]\.sku: a string is not valid UTF-8, at 0x.*orders@1, subject orders\.eu/;
    const wrong = publisher.publish('orders.eu', notUtf8(v1), { ...asVersion(v1), ack: true });
    await expect(wrong).rejects.toMatchObject({
      code: 'CONTRACT_VIOLATION',
      message: expect.stringMatching(violation),
    });
    const foreign = publisher.publish('orders.eu', pings.contract, new pings.PingT(7n), { ack: true });
    await expect(foreign).rejects.toMatchObject({
      code: 'CONTRACT_VIOLATION',
      message: expect.stringContaining('(pings@1)'),
    });
    publisher.publish('orders.eu', notUtf8(v1), asVersion(v1));
    await publisher.flush();
    expect(errors).toMatchObject([{ code: 'CONTRACT_VIOLATION', message: expect.stringMatching(violation) }]);
    await consumer.flush();
    expect(seen).toEqual([]);
  });

  it('refuses a value that its contract cannot encode before anything is sent', async () => {
    const { broker, publisher } = await boundBroker(transport);
    const incomplete = new v1.OrderT(null, 1);
    const violation = expect.objectContaining({ code: 'CONTRACT_VIOLATION' });
    expect(() => publisher.publish('orders.eu', v1.contract, incomplete)).toThrow(violation);
    const acked = publisher.publish('orders.eu', v1.contract, incomplete, { ack: true });
    await expect(acked).rejects.toEqual(violation);
    await publisher.publish('orders.eu', v1.contract, v1.order('o-1'), { ack: true });
    expect(broker.stats()).toMatchObject({ frames: 1, refused: 0 });
  });

  it('reads versions side by side, each with its own eyes', async () => {
    const { broker, publisher } = await boundBroker(transport);
    const [old, recent] = await Promise.all(
      ['old', 'recent'].map((name) => fixture.client(broker.url, { name })),
    );
    const seen: unknown[] = [];
    await old!.subscribe('orders.>', v1.contract, (value) => seen.push(['old', value.id, 'note' in value]));
    await recent!.subscribe('orders.>', v2.contract, (value) =>
      seen.push(['recent', value.id, (value as typeof value & { note: string | null }).note]),
    );
    await publisher.use(v2.contract);
    const noted = Object.assign(v2.order('o-2'), { note: 'by hand' });
    publisher.publish('orders.eu', v1.contract, v1.order('o-1'));
    await publisher.publish('orders.eu', v2.contract, noted, { ack: true });
    await Promise.all([old!.flush(), recent!.flush()]);
    expect(seen).toHaveLength(4);
    expect(seen).toEqual(
      expect.arrayContaining([
        ['old', 'o-1', false],
        ['old', 'o-2', false],
        ['recent', 'o-1', null],
        ['recent', 'o-2', 'by hand'],
      ]),
    );
  });

  it('learns once of frames that are kept from it, counts them, and takes them for no loss', async () => {
    const { broker, publisher } = await boundBroker(transport);
    const old = await fixture.client(broker.url, { name: 'old' });
    const told = unreadableOf(old);
    const gaps: unknown[] = [];
    old.on('gap', (gap) => gaps.push(gap));
    const seen: unknown[] = [];
    const subscription = await old.subscribe('orders.*', v1.contract, ({ id }, { sequence }) =>
      seen.push([id, sequence]),
    );
    expect((await publisher.use(lax.contract)).unreadableBy).toEqual(['old']);

    for (const [index, version] of [v1, lax, lax, v1, lax].entries()) {
      await publisher.publish('orders.eu', version.contract, version.order(`o-${index}`), { ack: true });
    }
    await old.flush();
    expect(seen).toEqual([
      ['o-0', 1],
      ['o-3', 4],
    ]);
    expect(subscription.unreadable).toBe(3);
    const subject = 'orders.eu';
    expect(told).toMatchObject([{ subject, schemaId: lax.contract.hexId, filter: 'orders.*' }]);
    expect(gaps).toEqual([]);
  });

  it('gets values of what others publish as JSON over HTTP', async () => {
    const { broker } = await boundBroker(transport);
    const consumer = await fixture.client(broker.url);
    const seen: unknown[] = [];
    await consumer.subscribe('orders.>', v1.contract, ({ id, items }) => seen.push([id, items[0]!.count]));
    const url = `http://127.0.0.1:${broker.port}/v1/publish/orders.eu`;
    const publish = (value: unknown) =>
      fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(value),
      });
    const taken = await publish({ id: 'o-1', items: [{ sku: 'a', count: 3 }] });
    const refused = await publish({ id: 'o-2', items: [{ count: 3 }] });
    expect([taken.status, refused.status]).toEqual([200, 400]);
    await consumer.flush();
    expect(seen).toEqual([['o-1', 3]]);
  });

  it('asks again for a contract that was refused before', async () => {
    const { broker, publisher } = await boundBroker(transport);
    await expect(publisher.use(broken.contract)).rejects.toMatchObject({ code: 'INCOMPATIBLE_SCHEMA' });
    await broker.registry.setLevel('orders', 'NONE');
    expect(await publisher.use(broken.contract)).toMatchObject({ version: 2, isNew: true });
  });
});
