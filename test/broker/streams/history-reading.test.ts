import { describe, expect, it } from 'vitest';
import { encodeControl } from '../../../src/codec/index.js';
import { fromHex } from '../../../src/codec/message-id.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { ORDER, ORDERS, register, registerOrders } from '../../support/order-schemas.js';

const fixture = new BrokerFixture();

describe.each(TRANSPORTS)('what a subscriber missed that says what it reads, over %s', (transport) => {
  it('comes from the stream as far as it reads it; the rest is told as withheld in its place', async () => {
    const broker = await fixture.broker(transport);
    await broker.streams.create({ name: 'orders', filters: ['orders.>'], storage: 'memory' });
    const v1 = await registerOrders(broker, 'v1');
    const lax = await register(broker, 'orders', ORDERS.lax, ORDER);
    const publisher = await fixture.raw(broker.url);
    for (const { fields } of [v1, lax, lax, v1, lax]) publisher.publish('orders.eu', fields);
    await publisher.settle();
    const { epoch } = broker.streams.logOf('orders').positionOf('orders.eu')!;

    const consumer = await fixture.raw(broker.url);
    await consumer.subscribe(1, 'orders.*', {
      reads: [fromHex(v1.schemaId)],
      resume: true,
      positions: [{ subject: 'orders.eu', epoch, sequence: 1 }],
    });
    await eventually('what is withheld', () => consumer.all('withheld').length === 2);
    publisher.publish('orders.eu', v1.fields);
    await publisher.settle();
    await consumer.settle();
    const story = consumer.received.flatMap((one): (number | string)[] => {
      if (!('type' in one)) return [one.sequence];
      return one.type === 'withheld' ? [`${one.first}-${one.last}`] : [];
    });
    expect(story).toEqual(['2-3', 4, '5-5', 6]);
  });

  it('goes to those of its subscriptions that read it, and it is told which do not', async () => {
    const broker = await fixture.broker(transport);
    await broker.streams.create({ name: 'orders', filters: ['orders.>'], storage: 'memory' });
    const v1 = await registerOrders(broker, 'v1');
    const lax = await register(broker, 'orders', ORDERS.lax, ORDER);
    const publisher = await fixture.raw(broker.url);
    for (const { fields } of [v1, lax]) publisher.publish('orders.eu', fields);
    await publisher.settle();
    const { epoch } = broker.streams.logOf('orders').positionOf('orders.eu')!;
    const consumer = await fixture.raw(broker.url);
    const positions = [{ subject: 'orders.eu', epoch, sequence: 1 }];
    const resumed = { resume: true, complete: false, positions, group: '', skipHistory: false };
    consumer.send(
      encodeControl({
        ...({ type: 'subscribe', subscription: 1, filter: 'orders.*' } as const),
        ...{ ...resumed, reads: [fromHex(v1.schemaId)] },
      }),
      encodeControl({
        ...({ type: 'subscribe', subscription: 2, filter: 'orders.>' } as const),
        ...resumed,
        reads: [],
      }),
    );
    await eventually('the message', () => consumer.frames.length === 1);
    await consumer.settle();
    const order = consumer.received.map((one) => ('type' in one ? one.type : one.sequence));
    expect(order.indexOf('unreadable')).toBeLessThan(order.indexOf(2));
    expect(consumer.all('unreadable')).toEqual([expect.objectContaining({ subscriptions: [1] })]);
  });
});
