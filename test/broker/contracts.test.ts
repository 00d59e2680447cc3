import { describe, expect, it } from 'vitest';
import type { Broker } from '../../src/broker/index.js';
import type { FrameFields } from '../../src/codec/frame-fields.js';
import { ContentType } from '../../src/codec/generated/modwire/content-type.js';
import { toHex } from '../../src/codec/message-id.js';
import { ERRORS } from '../../src/errors.js';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../support/broker-fixture.js';
import {
  ORDER,
  ORDERS,
  PING_TEXT,
  type Registered,
  register,
  registerOrders,
} from '../support/order-schemas.js';
import type { RawClient } from '../support/raw-client.js';

const fixture = new BrokerFixture();

interface Scene {
  readonly broker: Broker;
  readonly publisher: RawClient;
  readonly subscriber: RawClient;
  readonly orders: Registered;
}

async function scene(transport: TransportName, options = {}): Promise<Scene> {
  const broker = await fixture.broker(transport, {}, options);
  const orders = await registerOrders(broker);
  const publisher = await fixture.raw(broker.url, { name: 'publisher' });
  const subscriber = await fixture.raw(broker.url, { name: 'subscriber' });
  await subscriber.subscribe(1, '>');
  return { broker, publisher, subscriber, orders };
}

/** Publishes, and waits until everyone has what is to come. */
async function published({ publisher, subscriber }: Scene, subject: string, fields: Partial<FrameFields>) {
  publisher.publish(subject, fields);
  await publisher.settle();
  await subscriber.settle();
}

describe.each(TRANSPORTS)('contracts over %s', (transport) => {
  it('lets a frame through that keeps its contract', async () => {
    const all = await scene(transport);
    await published(all, 'orders.eu', all.orders.fields);
    expect(all.subscriber.labels).toEqual(['orders.eu#1']);
    expect(all.publisher.all('failure')).toEqual([]);
  });

  it.each<[string, RegExp, (scene: Scene) => Promise<Partial<FrameFields>> | Partial<FrameFields>]>([
    ['without a schema id', /got no schema id/, ({ orders }) => ({ ...orders.fields, schemaId: undefined })],
    [
      'of an unknown schema',
      /0101010101010101.*not registered/,
      ({ orders }) => ({ ...orders.fields, schemaId: new Uint8Array(16).fill(1) }),
    ],
    [
      'of another contract',
      /got [0-9a-f]{32} \(pings@1\)/,
      async ({ broker }) => (await register(broker, 'pings', PING_TEXT, { at: 7 })).fields,
    ],
    [
      'with another content type',
      /content type flatbuffer.*got json/,
      ({ orders }) => ({ ...orders.fields, contentType: ContentType.json }),
    ],
    [
      'that does not verify',
      /items\[0\]\.sku/,
      ({ orders }) => ({ ...orders.fields, payload: noSku(orders) }),
    ],
    ['with an empty payload', /./, ({ orders }) => ({ ...orders.fields, payload: new Uint8Array(0) })],
  ])('refuses a frame %s: its publisher is told why, and nobody receives it', async (_, reason, broken) => {
    const all = await scene(transport);
    const id = new Uint8Array(16).fill(9);
    await published(all, 'orders.eu', { ...(await broken(all)), id });
    const [failure, ...others] = all.publisher.all('failure');
    expect(others).toEqual([]);
    expect(failure).toMatchObject({ code: ERRORS.CONTRACT_VIOLATION.number, reference: id });
    expect(failure!.message).toMatch(reason);
    expect(failure!.message).toContain('subject orders.eu');
    expect(all.subscriber.frames).toEqual([]);
    expect(all.broker.stats()).toMatchObject({ frames: 0, refused: 1, violations: 1 });
  });

  it('keeps the count of a subject without holes when frames are refused between others', async () => {
    const all = await scene(transport);
    const { fields } = all.orders;
    const broken = { ...fields, payload: noSku(all.orders) };
    for (const one of [fields, broken, fields, broken, broken, fields])
      await published(all, 'orders.eu', one);
    expect(all.subscriber.labels).toEqual(['orders.eu#1', 'orders.eu#2', 'orders.eu#3']);
  });

  it('leaves subjects alone that no pattern selects', async () => {
    const all = await scene(transport);
    await published(all, 'orders', { payload: new Uint8Array(3) });
    await published(all, 'other', { payload: new Uint8Array(3) });
    expect(all.subscriber.labels).toEqual(['orders#1', 'other#1']);
  });

  it('refuses subjects without a contract where contracts are required', async () => {
    const all = await scene(transport, { requireContracts: true });
    await published(all, 'other', { payload: new Uint8Array(3) });
    expect(all.publisher.all('failure')).toMatchObject([{ code: ERRORS.FAILED_PRECONDITION.number }]);
    await published(all, 'orders.eu', all.orders.fields);
    expect(all.subscriber.labels).toEqual(['orders.eu#1']);
  });

  it('takes a new binding, and its end, for subjects that have had frames already', async () => {
    const all = await scene(transport);
    const { registry } = all.broker;
    const plain = { payload: new Uint8Array(3) };
    await published(all, 'late.a', plain);
    await registry.bind({ pattern: 'late.*', use: 'message', contract: 'orders' });
    await published(all, 'late.a', plain);
    await registry.unbind('late.*', 'message');
    await published(all, 'late.a', plain);
    expect(all.subscriber.labels).toEqual(['late.a#1', 'late.a#2']);
    expect(all.publisher.all('failure')).toHaveLength(1);
  });

  it('goes by the most specific binding', async () => {
    const all = await scene(transport);
    const pings = await register(all.broker, 'pings', PING_TEXT, { at: 7 });
    await all.broker.registry.bind({ pattern: 'orders.ping', use: 'message', contract: 'pings' });
    await published(all, 'orders.ping', pings.fields);
    await published(all, 'orders.ping', all.orders.fields);
    expect(all.subscriber.labels).toEqual(['orders.ping#1']);
  });

  it('takes frames of every version that is not deleted', async () => {
    const all = await scene(transport);
    const v2 = await register(all.broker, 'orders', ORDERS.v2, ORDER);
    await published(all, 'orders.eu', all.orders.fields);
    await published(all, 'orders.eu', v2.fields);
    await all.broker.registry.deleteVersion('orders', 1);
    await published(all, 'orders.eu', all.orders.fields);
    await published(all, 'orders.eu', v2.fields);
    expect(all.subscriber.frames.map(({ schemaId }) => toHex(schemaId!))).toEqual([
      ...[all.orders.schemaId, v2.schemaId, v2.schemaId],
    ]);
    expect(all.publisher.all('failure')).toHaveLength(1);
  });

  it('keeps what breaks its contract in quarantine, where only those look who ask for it', async () => {
    const all = await scene(transport, { quarantine: true });
    const guard = await fixture.raw(all.broker.url, { name: 'guard' });
    await guard.subscribe(1, '$quarantine.>');
    const id = new Uint8Array(16).fill(9);
    const payload = noSku(all.orders);
    await published(all, 'orders.eu', { ...all.orders.fields, payload, id });
    await guard.settle();
    expect(all.subscriber.frames).toEqual([]);
    const [kept] = guard.frames;
    expect(kept!.subject).toBe('$quarantine.orders.eu');
    expect(toHex(kept!.payload)).toBe(toHex(payload));
    expect(toHex(kept!.causationId!)).toBe(toHex(id));
    expect(kept!.headers).toEqual([
      ['modwire-code', 'CONTRACT_VIOLATION'],
      ['modwire-reason', expect.stringContaining('items[0].sku')],
      ['modwire-subject', 'orders.eu'],
    ]);
  });

  it('lets nobody else publish to reserved subjects', async () => {
    const all = await scene(transport, { quarantine: true });
    await published(all, '$quarantine.orders.eu', {});
    expect(all.publisher.all('failure')).toMatchObject([{ code: ERRORS.PERMISSION_DENIED.number }]);
  });

  it('registers and resolves schemas for clients', async () => {
    const all = await scene(transport);
    const { bfbs } = all.broker.registry.schema(all.orders.schemaId)!;
    const { publisher } = all;
    publisher.control({ type: 'register', call: 1, contract: 'orders', root: 'shop.Order', schema: bfbs });
    expect(await publisher.next('registered')).toMatchObject({ call: 1, version: 1, isNew: false });
    const schemaId = all.orders.fields.schemaId;
    publisher.control({ type: 'resolve', call: 2, schemaId });
    expect(await publisher.next('resolved')).toEqual({
      type: 'resolved',
      ...{ call: 2, contract: 'orders', version: 1, schemaId, root: 'shop.Order', schema: bfbs },
    });
    publisher.control({ type: 'resolve', call: 3, schemaId: new Uint8Array(16) });
    expect(await publisher.next('failure')).toMatchObject({ call: 3, code: ERRORS.NOT_FOUND.number });
    publisher.control({ type: 'register', call: 4, contract: 'x', root: 'x', schema: new Uint8Array(40) });
    const refused = await publisher.next('failure', ({ call }) => call === 4);
    expect(refused.code).toBe(ERRORS.INVALID_ARGUMENT.number);
  });
});

/** An order whose first item has lost its SKU: the entry of that field in the item's vtable is zero. */
function noSku({ payload }: Registered): Uint8Array {
  const bytes = payload.slice();
  const data = new DataView(bytes.buffer);
  const order = data.getUint32(0, true);
  const vtable = order - data.getInt32(order, true);
  const slot = order + data.getUint16(vtable + 8, true);
  const items = slot + data.getUint32(slot, true);
  const first = items + 4 + data.getUint32(items + 4, true);
  data.setUint16(first - data.getInt32(first, true) + 4, 0, true);
  return bytes;
}
