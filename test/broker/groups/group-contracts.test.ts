import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../src/codec/message-id.js';
import { ERRORS } from '../../../src/errors.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { ask } from '../../support/broker-http.js';
import { ORDER, ORDERS, register, registerOrders } from '../../support/order-schemas.js';
import { frameOf, type RawClient } from '../../support/raw-client.js';

const fixture = new BrokerFixture();

const idOf = (byte: number) => new Uint8Array(16).fill(byte);

/** Sequences of frames that a client got as a member, and of those that it was told its group cannot read. */
function accountOf(client: RawClient, subject: string): { got: number[]; withheld: number[] } {
  const shared = client.received.filter((one) => client.shares.has(one));
  const got = shared.flatMap((one) => (!('type' in one) && one.subject === subject ? [one.sequence] : []));
  const withheld = shared.flatMap((one) => {
    if (!('type' in one) || one.type !== 'withheld' || one.subject !== subject) return [];
    return Array.from({ length: one.last - one.first + 1 }, (_, index) => one.first + index);
  });
  return { got, withheld };
}

describe.each(TRANSPORTS)('groups of subscribers that say what they read, over %s', (transport) => {
  async function pair() {
    const broker = await fixture.broker(transport);
    const publisher = await fixture.raw(broker.url);
    const one = await fixture.raw(broker.url, { name: 'one' });
    const two = await fixture.raw(broker.url, { name: 'two' });
    const settle = async () => {
      await publisher.settle();
      await Promise.all([one.settle(), two.settle()]);
    };
    return { broker, publisher, one, two, settle };
  }

  it('a message goes to a member that reads its schema, and nobody is told of it', async () => {
    const { broker, publisher, one, two, settle } = await pair();
    const v1 = await registerOrders(broker, 'v1');
    const lax = await register(broker, 'orders', ORDERS.lax, ORDER);
    await one.subscribe(1, 'orders.*', { group: 'g', reads: [fromHex(v1.schemaId)] });
    // The new version reads what the old one wrote.
    await two.subscribe(1, 'orders.*', { group: 'g', reads: [fromHex(lax.schemaId)] });
    publisher.send(...[v1, lax, lax, v1, lax, v1].map(({ fields }) => frameOf('orders.eu', fields)));
    await settle();
    const [first, second] = [one, two].map((client) => accountOf(client, 'orders.eu').got);
    expect([...first!, ...second!].toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(second).toEqual(expect.arrayContaining([2, 3, 5]));
    expect(first!.length).toBeGreaterThan(0);
    expect(broker.stats().withheld).toBe(0);
  });

  it('what nobody of a group reads is told to one of them and counted once; who is in none gets it', async () => {
    const { broker, publisher, one, two, settle } = await pair();
    const beside = await fixture.raw(broker.url);
    await beside.subscribe(1, 'free');
    await one.subscribe(1, 'free', { group: 'g', reads: [idOf(1)] });
    await two.subscribe(1, 'free', { group: 'g', reads: [idOf(2)] });
    publisher.send(...[3, 3, 1, 3, 2].map((id) => frameOf('free', { schemaId: idOf(id) })), frameOf('free'));
    await settle();
    await beside.settle();
    expect(beside.labels).toEqual([1, 2, 3, 4, 5, 6].map((sequence) => `free#${sequence}`));
    const accounts = [one, two].map((client) => accountOf(client, 'free'));
    expect(accounts.map(({ got }) => got)).toEqual([[3], [5]]);
    expect(accounts.flatMap(({ withheld }) => withheld).toSorted()).toEqual([1, 2, 4, 6]);
    const told = [one, two].flatMap((client) => client.all('withheld'));
    expect(told.map(({ first, last, schemaId }) => [first, last, schemaId[0]]).toSorted()).toEqual([
      [1, 2, 3],
      [4, 4, 3],
      [6, 6, 0],
    ]);
    expect(broker.stats().withheld).toBe(4);
  });

  it('what a member reads says nothing of what its session reads beside the group', async () => {
    const { broker, publisher, one, settle } = await pair();
    await one.subscribe(1, 'free', { group: 'g' });
    await one.subscribe(2, 'free', { group: 'h', reads: [idOf(2)] });
    await one.subscribe(3, 'free', { reads: [idOf(1)] });
    publisher.send(...[1, 2].map((id) => frameOf('free', { schemaId: idOf(id) })));
    await settle();
    expect([1, 2, 0].map((number) => one.labelsOf(number))).toEqual([
      ['free#1', 'free#2'],
      ['free#2'],
      ['free#1'],
    ]);
    const told = one.all('withheld').map((withheld) => [one.shares.get(withheld) ?? 0, withheld.first]);
    expect(told.toSorted()).toEqual([
      [0, 2],
      [2, 1],
    ]);
    expect(one.all('unreadable')).toEqual([]);
    expect(broker.stats().withheld).toBe(2);
  });

  it('who reads a version is found anew when one is registered', async () => {
    const { broker, publisher, one, two, settle } = await pair();
    const v1 = await registerOrders(broker, 'v1');
    await one.subscribe(1, 'orders.*', { group: 'g', reads: [fromHex(v1.schemaId)] });
    await two.subscribe(1, 'orders.*', { group: 'g', reads: [idOf(9)] });
    publisher.publish('orders.eu', v1.fields);
    await settle();
    const v2 = await register(broker, 'orders', ORDERS.v2, ORDER);
    publisher.publish('orders.eu', v2.fields);
    await settle();
    expect(accountOf(one, 'orders.eu').got).toEqual([1, 2]);
  });

  it('a member counts among those who could not read a new version', async () => {
    const { broker, one } = await pair();
    const v1 = await registerOrders(broker, 'v1');
    await register(broker, 'orders', ORDERS.lax, ORDER);
    await one.subscribe(1, 'orders.*', { group: 'g', reads: [fromHex(v1.schemaId)] });
    const body = JSON.stringify({ pattern: 'orders.>', contract: 'orders', replace: true });
    const headers = { 'Content-Type': 'application/json' };
    const answer = await ask(broker.port, '/v1/bindings', { method: 'PUT', headers, body });
    expect(JSON.parse(answer.body)).toMatchObject({
      unreadableBy: [{ client: 'one', subscription: 1, filter: 'orders.*' }],
    });
  });

  it('refused messages among others in one batch leave no hole, and reach no member', async () => {
    const { broker, publisher, one, two, settle } = await pair();
    const { fields } = await registerOrders(broker, 'v1');
    await one.subscribe(1, 'orders.*', { group: 'g' });
    await two.subscribe(1, 'orders.*', { group: 'g' });
    const broken = { ...fields, payload: new Uint8Array(fields.payload.length) };
    const good = () => frameOf('orders.eu', fields);
    const bad = () => frameOf('orders.eu', broken);
    publisher.send(good(), good(), bad(), good(), good(), good(), bad(), good());
    await settle();
    expect(publisher.all('failure').map(({ code }) => code)).toEqual(
      Array<number>(2).fill(ERRORS.CONTRACT_VIOLATION.number),
    );
    expect([accountOf(one, 'orders.eu').got, accountOf(two, 'orders.eu').got]).toEqual([
      [1, 3, 5],
      [2, 4, 6],
    ]);
  });

  it('messages that the worker pool verifies are shared like others, in order', async () => {
    const broker = await fixture.broker(transport, { offloadBytes: 1, workerThreads: 1 });
    const { fields } = await registerOrders(broker, 'v1');
    const client = await fixture.raw(broker.url);
    await client.subscribe(1, 'orders.*', { group: 'g' });
    await client.subscribe(2, 'orders.*', { group: 'g' });
    client.send(...Array.from({ length: 10 }, () => frameOf('orders.eu', fields)));
    await client.settle();
    expect([client.labelsOf(1), client.labelsOf(2)]).toEqual([
      [1, 3, 5, 7, 9].map((sequence) => `orders.eu#${sequence}`),
      [2, 4, 6, 8, 10].map((sequence) => `orders.eu#${sequence}`),
    ]);
  });

  it('every message goes to one member that reads it, or is told to one when nobody does', async () => {
    const { publisher, one, two, settle } = await pair();
    const members = [one, two];
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.subarray([1, 2, 3]), { minLength: 2, maxLength: 2 }),
        fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 20 }), { maxLength: 4 }),
        async (reads, bursts) => {
          const subject = `r${round++}`;
          for (const [index, member] of members.entries()) {
            await member.subscribe(round, subject, { group: 'g', reads: reads[index]!.map(idOf) });
          }
          const schemas = bursts.flat();
          for (const burst of bursts) {
            const fieldsOf = (schema: number) => (schema === 0 ? {} : { schemaId: idOf(schema) });
            publisher.send(...burst.map((schema) => frameOf(subject, fieldsOf(schema))));
          }
          await settle();
          const accounts = members.map((member) => accountOf(member, subject));
          const all = accounts.flatMap(({ got, withheld }) => [...got, ...withheld]);
          expect(all.toSorted((a, b) => a - b)).toEqual(schemas.map((_, index) => index + 1));
          const readsIt = (own: readonly number[], schema: number) =>
            own.length === 0 || own.includes(schema);
          for (const [index, { got, withheld }] of accounts.entries()) {
            for (const sequence of got) expect(readsIt(reads[index]!, schemas[sequence - 1]!)).toBe(true);
            for (const sequence of withheld) {
              expect(reads.some((own) => readsIt(own, schemas[sequence - 1]!))).toBe(false);
            }
            members[index]!.control({ type: 'unsubscribe', subscription: round });
          }
        },
      ),
      { numRuns: 40 },
    );
    expect(members.flatMap((member) => member.all('failure'))).toEqual([]);
  });
});
