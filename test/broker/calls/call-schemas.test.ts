import { describe, expect, it } from 'vitest';
import { BYTES_TYPE } from '../../../src/broker/http-message.js';
import { fromHex, toHex } from '../../../src/codec/message-id.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../../support/broker-fixture.js';
import { ask } from '../../support/broker-http.js';
import { bfbsOf } from '../../support/flatc.js';
import { ORDER, ORDERS, type OrderVersion, register } from '../../support/order-schemas.js';
import * as calls from '../../support/raw-calls.js';
import type { RawClient } from '../../support/raw-client.js';

const fixture = new BrokerFixture();

/** Schemas that no registry knows: whoever reads one reads that one. */
const [A, B] = [1, 2].map((byte) => new Uint8Array(16).fill(byte)) as [Uint8Array, Uint8Array];

async function scene(transport: TransportName) {
  const broker = await fixture.broker(transport);
  const caller = await fixture.raw(broker.url, { name: 'caller' });
  const worker = async (reads: readonly Uint8Array[], more: Parameters<typeof calls.serve>[1] = {}) => {
    const client = await fixture.raw(broker.url, { name: `reads ${reads.length}` });
    await calls.serve(client, { reads, ...more });
    return client;
  };
  /** Schemas of what a worker was handed, by their first bytes; 0 for none. */
  const handedTo = async (client: RawClient) => {
    await caller.settle();
    await client.settle();
    return calls.handed(client).map(({ schemaId }) => schemaId?.[0] ?? 0);
  };
  const asking = (schemaId?: Uint8Array) =>
    calls.request(caller, 's', schemaId === undefined ? {} : { schemaId });
  const orders = (version: OrderVersion) => register(broker, 'orders', ORDERS[version], ORDER);
  return { broker, caller, worker, handedTo, asking, orders };
}

describe.each(TRANSPORTS)('schemas of requests over %s', (transport) => {
  it('decide among workers which get them', async () => {
    const { worker, handedTo, asking } = await scene(transport);
    const many = { concurrency: 100 };
    const [readsA, readsB, readsBoth] = [
      await worker([A], many),
      await worker([B], many),
      await worker([A, B], many),
    ];
    const readsAll = await worker([], many);
    for (let number = 0; number < 20; number++) for (const schema of [A, B, undefined]) asking(schema);
    const at = [readsA, readsB, readsBoth, readsAll].map(async (client) =>
      [...new Set(await handedTo(client))].sort(),
    );
    const [ofA, ofB, ofBoth, ofAll] = await Promise.all(at);
    expect([ofA, ofB]).toEqual([[1], [2]]);
    expect(ofBoth).not.toContain(0);
    expect(ofAll).toContain(0);
  });

  it('that nobody can read are refused by their name, and so is none', async () => {
    const { broker, caller, worker, asking, handedTo } = await scene(transport);
    const one = await worker([A]);
    const [unreadable, without] = [asking(B), asking()];
    expect(await calls.endOf(caller, unreadable)).toBe('CONTRACT_VIOLATION');
    expect(calls.messageOf(caller, unreadable)).toContain(
      `expected a schema that can be read by ${toHex(A)}, got ${toHex(B)}`,
    );
    expect(await calls.endOf(caller, without)).toBe('CONTRACT_VIOLATION');
    expect(calls.messageOf(caller, without)).toContain('got no schema id');
    expect(await handedTo(one)).toEqual([]);
    expect(broker.stats().calls).toMatchObject({ open: 0, waiting: 0 });
  });

  it('wait without holding up others, also when it begins or ends to matter who reads what', async () => {
    const { broker, worker, handedTo, asking } = await scene(transport);
    const all = await worker([]);
    asking();
    await calls.nextHanded(all);
    asking(B);
    asking(A);
    asking();
    asking(A);
    const readsA = await worker([A]);
    expect(await handedTo(readsA)).toEqual([1]);
    calls.reply(readsA, await calls.nextHanded(readsA));
    expect(await handedTo(readsA)).toEqual([1, 1]);
    calls.reply(readsA, await calls.nextHanded(readsA, 2));
    asking(A);
    expect(await handedTo(readsA)).toEqual([1, 1, 1]);
    asking(A);
    await readsA.close();
    await eventually('the other worker gone', () => broker.stats().calls.workers === 1);
    for (let number = 1; number <= 3; number++) calls.reply(all, await calls.nextHanded(all, number));
    expect(await handedTo(all)).toEqual([0, 2, 0, 1]);
  });

  it('are read by who can read their version, by what the registry knows', async () => {
    const { caller, worker, orders } = await scene(transport);
    const [v1, lax] = [await orders('v1'), await orders('lax')];
    const old = await worker([fromHex(v1.schemaId)]);
    const refused = calls.request(caller, 's', lax.fields);
    // An old reader needs the id that may be missing now.
    expect(await calls.endOf(caller, refused)).toBe('CONTRACT_VIOLATION');
    const upgraded = await worker([fromHex(lax.schemaId)], { concurrency: 2 });
    calls.request(caller, 's', lax.fields);
    await calls.nextHanded(upgraded);
    // A new reader reads old data.
    for (let number = 0; number < 2; number++) calls.request(caller, 's', v1.fields);
    await calls.nextHanded(upgraded, 2);
    const idsAt = (client: RawClient) => calls.handed(client).map(({ schemaId }) => toHex(schemaId!));
    await calls.nextHanded(old);
    expect([idsAt(old), idsAt(upgraded)]).toEqual([[v1.schemaId], [lax.schemaId, v1.schemaId]]);
  });

  it('go to a worker as soon as the registry knows that it can read them', async () => {
    const { broker, caller, worker, orders } = await scene(transport);
    const v1 = await orders('v1');
    const elsewhere = await fixture.broker(transport);
    const v2Id = (await register(elsewhere, 'orders', ORDERS.v2, ORDER)).schemaId;
    const [old, newer] = [await worker([fromHex(v1.schemaId)]), await worker([fromHex(v2Id)])];
    calls.request(caller, 's', v1.fields);
    calls.request(caller, 's', v1.fields);
    await calls.nextHanded(old);
    await newer.settle();
    expect(calls.handed(newer)).toEqual([]);
    expect(broker.stats().calls).toMatchObject({ open: 2, waiting: 1 });
    expect((await orders('v2')).schemaId).toBe(v2Id);
    await calls.nextHanded(newer);
  });

  it('that a worker cannot read name it where they are registered and bound', async () => {
    const { broker, worker, orders } = await scene(transport);
    const v1 = await orders('v1');
    const old = await worker([fromHex(v1.schemaId)], { subject: 'orders.price', service: 4 });
    await worker([], { subject: 'orders.price' });
    const unreadable = [{ client: 'reads 1', service: 4, filter: 'orders.price', reads: [v1.schemaId] }];
    const binding = { pattern: 'orders.>', use: 'request', contract: 'orders' };
    const send = async (
      method: string,
      path: string,
      body: string | Uint8Array,
      type = 'application/json',
    ) => {
      const answer = await ask(broker.port, path, { method, body, headers: { 'Content-Type': type } });
      return JSON.parse(answer.body) as { readonly unreadableBy: unknown };
    };
    expect(await send('PUT', '/v1/bindings', JSON.stringify(binding))).toMatchObject({ unreadableBy: [] });
    const registered = await send(
      'POST',
      '/v1/contracts/orders/versions',
      await bfbsOf(ORDERS.lax),
      BYTES_TYPE,
    );
    expect(registered).toMatchObject({ unreadableBy: unreadable });
    const asMessages = JSON.stringify({ ...binding, use: 'message' });
    expect(await send('PUT', '/v1/bindings', asMessages)).toMatchObject({ unreadableBy: [] });
    old.control({
      ...({ type: 'register', call: 9, contract: 'orders', root: 'shop.Order' } as const),
      schema: await bfbsOf(ORDERS.lax),
    });
    expect(await old.next('registered')).toMatchObject({ unreadableBy: ['reads 1'] });
  });
});
