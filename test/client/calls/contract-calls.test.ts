import { beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { ModwireError, type Reply } from '../../../src/index.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import type { OrderObject } from '../../support/generated-contract.js';
import {
  asVersion,
  notUtf8,
  type OrderVersionCode,
  orderVersion,
  type PingCode,
  type PingObject,
  pingCode,
} from '../../support/order-contracts.js';

const fixture = new BrokerFixture();

let orders: OrderVersionCode;
let pings: PingCode;
beforeAll(async () => {
  [orders, pings] = await Promise.all([orderVersion('v1'), pingCode()]);
});

describe.each(TRANSPORTS)('calls with contracts over %s', (transport) => {
  async function pair() {
    const broker = await fixture.broker(transport);
    const worker = await fixture.client(broker.url);
    const caller = await fixture.client(broker.url, { contracts: [orders.contract, pings.contract] });
    return { worker, caller };
  }

  it('carry values both ways, and as streams', async () => {
    const { worker, caller } = await pair();
    const contracts = { request: orders.contract, reply: pings.contract };
    await worker.serve('price', contracts, (request) => {
      expectTypeOf(request.value).toEqualTypeOf<OrderObject>();
      return new pings.PingT(BigInt(request.value.items.length));
    });
    await worker.serve('prices', contracts, async function* (request) {
      for (const _ of [1, 2, 3]) yield new pings.PingT(BigInt(request.value.items.length));
    });
    const reply = await caller.request('price', orders.contract, orders.order('o-1'), {
      reply: pings.contract,
    });
    expectTypeOf(reply).toEqualTypeOf<Reply<PingObject>>();
    expect(reply.value.at).toBe(1n);
    expect(reply.value).toBe(reply.value);
    expect(reply.frame.schemaId).toEqual(pings.contract.id);
    const values: bigint[] = [];
    const stream = caller.requestStream('prices', orders.contract, orders.order('o-1'), {
      reply: pings.contract,
    });
    for await (const { value } of stream) values.push(value.at);
    expect(values).toEqual([1n, 1n, 1n]);
    const plain = await caller.request('price', orders.contract, orders.order('o-1'));
    expect(plain.value).toBeUndefined();
    expect(pings.contract.decode(plain.payload).at).toBe(1n);
  });

  it('are answered with CONTRACT_VIOLATION when the request keeps none, and the handler is not called', async () => {
    const { worker, caller } = await pair();
    let called = 0;
    await worker.serve('price', { request: orders.contract }, () => ++called);
    const wrong = [
      caller.request('price', { id: 'o-1' }),
      caller.request('price', notUtf8(orders), asVersion(orders)),
      caller.request('price', orders.contract.encode(orders.order('o-1'))),
    ];
    const refused = { code: 'CONTRACT_VIOLATION', mayHaveStarted: false };
    // By the broker, which knows what the worker reads, or by the worker.
    expect(await Promise.allSettled(wrong)).toMatchObject([1, 2, 3].map(() => ({ reason: refused })));
    expect(called).toBe(0);
    expect(worker.calls.serving).toBe(0);
  });

  it('reject with CONTRACT_VIOLATION when the reply keeps none, and a stream is cancelled', async () => {
    const { worker, caller } = await pair();
    await worker.serve('one', () => 'no order');
    await worker.serve('many', async function* () {
      for (;;) yield 'no order';
    });
    const reply = { reply: orders.contract };
    await expect(caller.request('one', 1, reply)).rejects.toMatchObject({
      ...{ code: 'CONTRACT_VIOLATION', message: expect.stringContaining('reply') as string },
      mayHaveStarted: true,
    });
    await expect(caller.requestStream('many', 1, reply).next()).rejects.toMatchObject({
      ...{ code: 'CONTRACT_VIOLATION', mayHaveStarted: true },
    });
    await expect.poll(() => worker.calls.serving).toBe(0);
  });

  it('that the broker refuses may have been started when their reply is wrong, and surely not when they are', async () => {
    const broker = await fixture.broker(transport);
    const worker = await fixture.client(broker.url, { contracts: [orders.contract] });
    const caller = await fixture.client(broker.url, { contracts: [orders.contract] });
    for (const use of ['request', 'reply'] as const) {
      await broker.registry.bind({ pattern: use, use, contract: orders.contract.name });
    }
    let called = 0;
    const handler = () => `call ${++called}`;
    for (const subject of ['request', 'reply']) await worker.serve(subject, handler);
    // What was said of a request of its own, a handler passes on.
    await worker.serve('outer', async () => (await worker.request('reply', 1)).payload);
    const refused = (subject: string) => caller.request(subject, 1).catch((thrown: unknown) => thrown);
    const code = 'CONTRACT_VIOLATION';
    expect(await refused('request')).toMatchObject({ code, mayHaveStarted: false });
    expect(called).toBe(0);
    expect(await refused('reply')).toMatchObject({ code, mayHaveStarted: true });
    expect(await refused('outer')).toMatchObject({ code, mayHaveStarted: true });
    expect(called).toBe(2);
  });

  it('tell a handler whose value its contract cannot encode, and its caller INTERNAL', async () => {
    const { worker, caller } = await pair();
    const errors: ModwireError[] = [];
    worker.on('error', (error) => errors.push(error));
    await worker.serve('a', { reply: orders.contract }, () => ({ id: 'o-1' }) as never);
    await expect(caller.request('a', 1)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(errors).toHaveLength(1);
    expect(errors[0]!.detail.cause).toBeInstanceOf(ModwireError);
  });

  it('need a contract that the client uses; serving with one makes it used', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.client(broker.url);
    const request = () => client.request('a', orders.contract, orders.order('o-1'));
    await expect(request()).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    await client.serve('a', { request: orders.contract }, (order) => order.value.id as string);
    expect(client.contracts.map(({ contract }) => contract)).toEqual(['orders']);
    expect((await request()).json()).toBe('o-1');
  });
});
