import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeControl } from '../../src/codec/index.js';
import { fromHex, toHex } from '../../src/codec/message-id.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { ORDER, ORDERS, PING_TEXT, register, registerOrders } from '../support/order-schemas.js';
import { frameOf, type RawClient } from '../support/raw-client.js';

const fixture = new BrokerFixture();

/** Sequences of one subject as they came: frames as numbers, what was withheld as ranges. */
function story(client: RawClient, subject: string): (number | string)[] {
  return client.received.flatMap((one): (number | string)[] => {
    if ('type' in one) {
      return one.type === 'withheld' && one.subject === subject ? [`${one.first}-${one.last}`] : [];
    }
    return one.subject === subject ? [one.sequence] : [];
  });
}

/** All sequences that a story accounts for, in its order. */
function accounted(entries: readonly (number | string)[]): number[] {
  return entries.flatMap((entry) => {
    if (typeof entry === 'number') return [entry];
    const [first, last] = entry.split('-').map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, index) => first! + index);
  });
}

describe.each(TRANSPORTS)('delivery to consumers that say what they read, over %s', (transport) => {
  it('keeps from a consumer what it cannot read, and tells it which frames; others get theirs', async () => {
    const broker = await fixture.broker(transport);
    const v1 = await registerOrders(broker, 'v1');
    const lax = await register(broker, 'orders', ORDERS.lax, ORDER);
    const [old, recent, any, publisher] = await Promise.all(
      ['old', 'recent', 'any', 'publisher'].map((name) => fixture.raw(broker.url, { name })),
    );
    await old!.subscribe(1, 'orders.*', { reads: [fromHex(v1.schemaId)] });
    await recent!.subscribe(1, 'orders.*', { reads: [fromHex(lax.schemaId)] });
    await any!.subscribe(1, 'orders.*');
    for (const { fields } of [v1, lax, lax, v1, lax]) publisher!.publish('orders.eu', fields);
    await publisher!.settle();
    await Promise.all([old!.settle(), recent!.settle(), any!.settle()]);
    expect(story(old!, 'orders.eu')).toEqual([1, '2-3', 4, '5-5']);
    expect(old!.all('withheld').map(({ schemaId }) => toHex(schemaId))).toEqual([lax.schemaId, lax.schemaId]);
    // The new version reads what the old one wrote.
    expect(story(recent!, 'orders.eu')).toEqual([1, 2, 3, 4, 5]);
    expect(story(any!, 'orders.eu')).toEqual([1, 2, 3, 4, 5]);
    expect(broker.stats().withheld).toBe(3);
  });

  it('delivers a version that a consumer does not name but can read', async () => {
    const broker = await fixture.broker(transport);
    const v1 = await registerOrders(broker, 'v1');
    const consumer = await fixture.raw(broker.url);
    await consumer.subscribe(1, 'orders.*', { reads: [fromHex(v1.schemaId)] });
    const publisher = await fixture.raw(broker.url);
    const v2 = await register(broker, 'orders', ORDERS.v2, ORDER);
    publisher.publish('orders.eu', v2.fields);
    await publisher.settle();
    await consumer.settle();
    expect(story(consumer, 'orders.eu')).toEqual([1]);
  });

  it('withholds frames without a schema where there is no contract, too', async () => {
    const broker = await fixture.broker(transport);
    const pings = await register(broker, 'pings', PING_TEXT, { at: 1 });
    const consumer = await fixture.raw(broker.url);
    await consumer.subscribe(1, 'free', { reads: [fromHex(pings.schemaId)] });
    const publisher = await fixture.raw(broker.url);
    publisher.send(frameOf('free', {}), frameOf('free', pings.fields), frameOf('free', {}), frameOf('free'));
    await publisher.settle();
    await consumer.settle();
    expect(story(consumer, 'free')).toEqual(['1-1', 2, '3-4']);
  });

  it('delivers as soon as a second subscription of the session takes whatever comes, and not after its end', async () => {
    const broker = await fixture.broker(transport);
    const consumer = await fixture.raw(broker.url);
    const publisher = await fixture.raw(broker.url);
    const publish = async () => {
      publisher.publish('free');
      await publisher.settle();
    };
    await consumer.subscribe(1, 'free', { reads: [new Uint8Array(16).fill(1)] });
    await publish();
    await consumer.subscribe(2, '>');
    await publish();
    consumer.control({ type: 'unsubscribe', subscription: 2 });
    await consumer.next('unsubscribed');
    await publish();
    await consumer.settle();
    expect(story(consumer, 'free')).toEqual(['1-1', 2, '3-3']);
  });

  it('tells of what it withheld before a subscription begins, and before one ends', async () => {
    const broker = await fixture.broker(transport);
    const consumer = await fixture.raw(broker.url);
    const reads = [new Uint8Array(16).fill(1)];
    await consumer.subscribe(1, 'free', { reads });
    const subscribe = {
      subscription: 2,
      filter: '>',
      resume: false,
      complete: false,
      positions: [],
      reads,
      group: '',
      skipHistory: false,
    };
    // In one message, so that no turn of the event loop ends between them.
    consumer.send(frameOf('free'), encodeControl({ type: 'subscribe', ...subscribe }));
    consumer.send(frameOf('free'), encodeControl({ type: 'unsubscribe', subscription: 1 }));
    await consumer.next('unsubscribed');
    await consumer.settle();
    const order = consumer.controls.map(({ type }) => type).filter((type) => type !== 'credit');
    expect(order.slice(1)).toEqual([
      'subscribed',
      'withheld',
      'subscribed',
      'withheld',
      'unsubscribed',
      'pong',
    ]);
  });

  it('accounts for every frame, in order, whatever is published, read and changed meanwhile', async () => {
    const broker = await fixture.broker(transport);
    const ids = [1, 2, 3].map((byte) => new Uint8Array(16).fill(byte));
    const publisher = await fixture.raw(broker.url);
    const consumers = await Promise.all([0, 1, 2].map(() => fixture.raw(broker.url)));
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.subarray([0, 1, 2]), { minLength: 3, maxLength: 3 }),
        fc.array(fc.array(fc.tuple(fc.nat(1), fc.integer({ min: 0, max: 3 })), { maxLength: 30 }), {
          maxLength: 6,
        }),
        async (reads, bursts) => {
          const prefix = `r${round++}`;
          const subscription = round;
          for (const [index, consumer] of consumers.entries()) {
            const own = reads[index]!.map((which) => ids[which]!);
            await consumer.subscribe(subscription, `${prefix}.>`, { reads: own });
          }
          const sent: number[] = [0, 0];
          for (const burst of bursts) {
            const frames = burst.map(([which, schema]) => {
              sent[which]!++;
              return frameOf(`${prefix}.${which}`, { schemaId: ids[schema] });
            });
            if (frames.length > 0) publisher.send(...frames);
          }
          await publisher.settle();
          for (const [index, consumer] of consumers.entries()) {
            await consumer.settle();
            const readable = reads[index]!.map((which) => toHex(ids[which]!));
            for (const which of [0, 1]) {
              const entries = story(consumer, `${prefix}.${which}`);
              const expected = Array.from({ length: sent[which]! }, (_, at) => at + 1);
              expect(accounted(entries)).toEqual(expected);
            }
            const got = consumer.frames.filter(({ subject }) => subject.startsWith(`${prefix}.`));
            if (readable.length > 0) {
              for (const frame of got) expect(readable).toContain(toHex(frame.schemaId!));
            }
            consumer.control({ type: 'unsubscribe', subscription });
          }
        },
      ),
      { numRuns: 40 },
    );
    expect(broker.stats().audiences).toBeLessThanOrEqual(2 * round);
  });
});
