import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/codec/message-id.js';
import { matchesFilter } from '../../src/codec/subject.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { ORDER, ORDERS, register } from '../support/order-schemas.js';
import { frameOf, type RawClient } from '../support/raw-client.js';
import { SubscriptionReplay } from '../support/subscription-replay.js';

const fixture = new BrokerFixture();
const NONE = new Uint8Array(16);
const id = (byte: number) => new Uint8Array(16).fill(byte);

/** Notices as text: `anew` where all before is taken back, the first byte of the schema id, and for which subscriptions. */
function notices(client: RawClient): string[] {
  return client
    .all('unreadable')
    .map(({ anew, schemaId, subscriptions }) =>
      [...(anew ? ['anew'] : []), schemaId[0], ...subscriptions].join(' '),
    );
}

/** Order holds within a subject. */
function bySubject(labels: readonly string[]): string[] {
  const subject = (label: string) => label.slice(0, label.indexOf('#'));
  return labels.toSorted((a, b) => subject(a).localeCompare(subject(b)));
}

describe.each(TRANSPORTS)('a session whose subscriptions read different schemas, over %s', (transport) => {
  async function setting() {
    const broker = await fixture.broker(transport);
    const [consumer, publisher] = await Promise.all([fixture.raw(broker.url), fixture.raw(broker.url)]);
    const publish = async (...frames: Uint8Array[]) => {
      publisher.send(...frames);
      await publisher.settle();
      await consumer.settle();
    };
    return { broker, consumer, publisher, publish };
  }

  it('is told which of them a frame is not for, before the first one and once, whatever its subject', async () => {
    const { consumer, publish } = await setting();
    await consumer.subscribe(1, 'free.>', { reads: [id(1)] });
    await consumer.subscribe(2, '>', { reads: [id(2), id(3)] });
    await consumer.subscribe(3, 'free.a', { reads: [id(3)] });
    const schemas = [1, 2, 2, 3, 1];
    await publish(...schemas.map((byte) => frameOf('free.a', { schemaId: id(byte) })));
    await publish(...schemas.map((byte) => frameOf('free.b', { schemaId: id(byte) })));
    expect(notices(consumer)).toEqual(['1 2 3', '2 1 3', '3 1']);
    for (const byte of [1, 2, 3]) {
      const isNotice = (one: (typeof consumer.received)[number]) =>
        'type' in one && one.type === 'unreadable' && one.schemaId[0] === byte;
      const told = consumer.received.findIndex(isNotice);
      const first = consumer.received.findIndex((one) => !('type' in one) && one.schemaId?.[0] === byte);
      expect(told).toBeLessThan(first);
    }
  });

  it('is told nothing where all of them read a frame, or none does', async () => {
    const { consumer, publish } = await setting();
    await consumer.subscribe(1, 'free', { reads: [id(1)] });
    await consumer.subscribe(2, 'free', { reads: [id(1), id(2)] });
    await consumer.subscribe(3, 'other', { reads: [id(3)] });
    await publish(frameOf('free', { schemaId: id(1) }), frameOf('free', { schemaId: id(4) }));
    await publish(frameOf('other', { schemaId: id(3) }));
    expect(notices(consumer)).toEqual([]);
    expect(consumer.labels).toEqual(['free#1', 'other#1']);
  });

  it('is told anew when what can be read changes', async () => {
    const elsewhere = await fixture.broker(transport);
    await register(elsewhere, 'orders', ORDERS.v1, ORDER);
    const v2 = await register(elsewhere, 'orders', ORDERS.v2, ORDER);

    const { broker, consumer, publish } = await setting();
    const v1 = await register(broker, 'orders', ORDERS.v1, ORDER);
    const replay = new SubscriptionReplay(consumer);
    await replay.subscribe(1, 'free', [fromHex(v1.schemaId)]);
    await replay.subscribe(2, '>');
    // Not registered yet, so nobody knows that v1 reads it.
    await publish(frameOf('free', v2.fields));
    await register(broker, 'orders', ORDERS.v2, ORDER);
    await publish(frameOf('free', v2.fields), frameOf('free'));
    replay.take();
    expect(replay.got(1)).toEqual(['free#2']);
    expect(replay.got(2)).toEqual(['free#1', 'free#2', 'free#3']);
    expect(consumer.all('unreadable').map(({ anew }) => anew)).toEqual([false, true, false]);
  });

  it('is told anew when there is more to tell than a session is to remember', async () => {
    const { consumer, publish } = await setting();
    const replay = new SubscriptionReplay(consumer);
    await replay.subscribe(1, 'free.>', [id(1)]);
    await replay.subscribe(2, '>');
    const schemaOf = (number: number) => {
      const schemaId = id(9);
      new DataView(schemaId.buffer).setUint32(0, number);
      return schemaId;
    };
    const frames = Array.from({ length: 1100 }, (_, number) =>
      frameOf(`free.${number % 30}`, { schemaId: schemaOf(number) }),
    );
    await publish(...frames, frameOf('free.0', { schemaId: id(1) }));
    expect(consumer.all('unreadable').filter(({ anew }) => anew)).toHaveLength(1);
    // Told of already, and taken back since.
    await publish(frameOf('free.0', { schemaId: schemaOf(0) }), frameOf('free.1', { schemaId: schemaOf(1) }));
    replay.take();
    expect(replay.got(1)).toEqual(['free.0#38']);
    expect(replay.got(2)).toHaveLength(1103);
  });

  it('is told after it was slow what it could not be told meanwhile', async () => {
    const limits = { slowConsumerBytes: 256 * 1024, congestedBytes: 64 * 1024, patienceMs: 0 };
    const broker = await fixture.broker(transport, limits);
    const [consumer, publisher] = await Promise.all([fixture.raw(broker.url), fixture.raw(broker.url)]);
    const replay = new SubscriptionReplay(consumer);
    await replay.subscribe(1, 'free', [id(1)]);
    await replay.subscribe(2, 'free', [id(1), id(2)]);
    const healthy = await fixture.raw(broker.url);
    await healthy.subscribe(1, 'free');
    consumer.pause();
    while (broker.stats().slowConsumers === 0) {
      publisher.publish('free', { schemaId: id(1), payload: new Uint8Array(256 * 1024) });
      await publisher.settle();
    }
    publisher.publish('free', { schemaId: id(2) });
    await publisher.settle();
    consumer.resume();
    await consumer.next('gap');
    publisher.publish('free', { schemaId: id(2) });
    await publisher.settle();
    await consumer.settle();
    replay.take();
    const last = healthy.labels.at(-1);
    expect(consumer.labels.at(-1)).toBe(last);
    expect(notices(consumer)).toEqual(['2 1']);
    expect(replay.got(1)).not.toContain(last);
    expect(replay.got(2)).toContain(last);
  });

  it('gives each of them what it reads, and accounts for every frame, whatever comes and goes', async () => {
    const { broker, consumer, publisher } = await setting();
    const other = await fixture.raw(broker.url);
    const ids: Uint8Array[] = [];
    for (const version of ['v1', 'lax'] as const) {
      const { schemaId } = await register(broker, 'orders', ORDERS[version], ORDER);
      ids.push(fromHex(schemaId));
    }
    // Of no contract, and none at all.
    ids.push(id(1), NONE);
    const number = fc.integer({ min: 1, max: 3 });
    const subscribing = fc.record({
      who: fc.constantFrom('consumer' as const, 'other' as const),
      number,
      filter: fc.constantFrom('a', 'b', '*', '>'),
      reads: fc.subarray(ids.slice(0, 3)),
    });
    const publishing = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(ids.length - 1)), {
      maxLength: 12,
    });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(subscribing, publishing), { maxLength: 14 }), async (steps) => {
        const prefix = `r${round++}`;
        const replay = new SubscriptionReplay(consumer);
        const open = new Map<number, { filter: string; reads: readonly Uint8Array[] }>();
        const taken = new Set<number>();
        const expected = new Map<number, string[]>();
        const due = new Map<number, string[]>();
        const counts = new Map<string, number>();
        for (const step of steps) {
          if (!Array.isArray(step)) {
            const { who, number: own, reads } = step;
            const filter = `${prefix}.${step.filter}`;
            const client = who === 'other' ? other : consumer;
            if (who === 'other' ? taken.delete(own) : open.delete(own)) {
              client.control({ type: 'unsubscribe', subscription: own });
              await client.settle();
            } else if (who === 'other') {
              await other.subscribe(own, filter, { reads });
              await other.settle();
              taken.add(own);
            } else {
              await replay.subscribe(own, filter, reads);
              open.set(own, { filter, reads });
            }
            continue;
          }
          const frames = step.map(([token, which]) => {
            const subject = `${prefix}.${token}`;
            const sequence = (counts.get(subject) ?? 0) + 1;
            counts.set(subject, sequence);
            const schemaId = ids[which]!;
            for (const [own, { filter, reads }] of open) {
              if (!matchesFilter(filter, subject)) continue;
              const readable =
                reads.length === 0 || reads.some((one) => broker.registry.reads(toHex(one), toHex(schemaId)));
              const label = `${subject}#${sequence}`;
              due.set(own, [...(due.get(own) ?? []), label]);
              if (readable) expected.set(own, [...(expected.get(own) ?? []), label]);
            }
            return frameOf(subject, schemaId === NONE ? {} : { schemaId });
          });
          if (frames.length > 0) publisher.send(...frames);
          await publisher.settle();
          await consumer.settle();
        }
        replay.take();
        for (const own of open.keys()) consumer.control({ type: 'unsubscribe', subscription: own });
        for (const own of taken) other.control({ type: 'unsubscribe', subscription: own });
        await Promise.all([consumer.settle(), other.settle()]);
        for (const own of [1, 2, 3]) {
          expect(bySubject(replay.got(own)), `what ${own} got`).toEqual(bySubject(expected.get(own) ?? []));
          expect(replay.accounted(own), `what ${own} knows of`).toEqual((due.get(own) ?? []).toSorted());
        }
      }),
      { numRuns: 60 },
    );
  });
});
