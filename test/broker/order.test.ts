import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDelivery } from '../../src/broker/delivery.js';
import { FanOut } from '../../src/broker/fan-out.js';
import type { Session } from '../../src/broker/session.js';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import { AudienceTable } from '../../src/routing/audience.js';
import { eventually } from '../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { frameOf, type RawClient } from '../support/raw-client.js';
import { thoroughly } from '../support/thoroughness.js';

const fixture = new BrokerFixture();

/** Sizes around everything that decides how frames are gathered and sent. Bytes. */
const SIZES = [0, 8, 200, 4_000, 17_000, 20_000, 33_000, 50_000, 70_000];

describe('gathering', () => {
  it('sends the runs of an audience in order, each once, and no message beyond gatherBytes but single runs', () => {
    const gatherBytes = 1024;
    const runs = fc.array(
      fc.record({ audience: fc.nat(3), byteLength: fc.integer({ min: 1, max: 1500 }), flush: fc.boolean() }),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 4 }), (all, gatherBuffers) => {
        const table = new AudienceTable<Session, ReturnType<typeof createDelivery<Session>>>(createDelivery);
        const audiences = [0, 1, 2, 3].map((memberId) =>
          table.of(new Map([[memberId, { memberId } as unknown as Session]])),
        );
        for (const audience of audiences) audience.state.activeCount = 1;
        const sent = new Map<string, number[][]>(audiences.map(({ topic }) => [topic, []]));
        const fanOut = new FanOut(
          { publish: (topic, bytes) => sent.get(topic)!.push([...bytes]) },
          { ...DEFAULT_LIMITS, gatherBytes, gatherBuffers },
          () => undefined,
          () => undefined,
        );
        const expected = new Map<string, number[]>(audiences.map(({ topic }) => [topic, []]));
        all.forEach(({ audience, byteLength, flush }, index) => {
          const bytes = new Uint8Array(byteLength).fill(index);
          fanOut.gather(audiences[audience]!, bytes, 0, byteLength);
          expected.get(audiences[audience]!.topic)!.push(...bytes);
          if (flush) fanOut.flush();
        });
        fanOut.flush();
        for (const { topic } of audiences) {
          const messages = sent.get(topic)!;
          expect(messages.flat()).toEqual(expected.get(topic));
          for (const message of messages) {
            if (message.length > gatherBytes) expect(new Set(message).size).toBe(1);
          }
        }
      }),
      { numRuns: thoroughly(80, 300) },
    );
  });
});

/** Publishes numbered frames of many sizes in bursts, until `count` of them are out. */
async function publishAll(
  publisher: RawClient,
  name: number,
  subjects: readonly string[],
  count: number,
): Promise<void> {
  for (let number = 0; number < count; ) {
    const burst: Uint8Array[] = [];
    const size = 1 + ((number * 7) % 40);
    for (let index = 0; index < size && number < count; index++, number++) {
      // Large ones seldom, or it would take long.
      const payload = new Uint8Array(16 + (number % 17 === 0 ? SIZES[(number / 17) % SIZES.length]! : 32));
      new DataView(payload.buffer).setUint32(0, name);
      new DataView(payload.buffer).setUint32(4, number);
      burst.push(frameOf(subjects[number % subjects.length]!, { payload }));
    }
    publisher.send(...burst);
    await (number % 5 === 0 ? publisher.settle() : turn());
  }
  await publisher.settle();
}

describe.each(TRANSPORTS)('order over %s', (transport) => {
  it('holds for a steady subscriber while others join and leave under load: no loss, no double, no swap', async () => {
    const broker = await fixture.broker(transport);
    const steady = await fixture.raw(broker.url);
    await steady.subscribe(1, '>');
    const publishers = [await fixture.raw(broker.url), await fixture.raw(broker.url)];
    const subjects = ['a', 'a.b', 'a.c', 'b'];
    const perPublisher = 4_000;

    let publishing = true;
    let changes = 0;
    const restless = async (seed: number) => {
      const filters = ['>', 'a', 'a.*', 'a.>', 'b', '*', 'a.b'];
      while (publishing) {
        const client = await fixture.raw(broker.url);
        for (let number = 1; number <= 4; number++) {
          await client.subscribe(number, filters[(seed + number * 3 + changes) % filters.length]!);
          changes++;
        }
        client.control({ type: 'unsubscribe', subscription: 2 });
        client.control({ type: 'unsubscribe', subscription: 3 });
        if (changes % 3 === 0) await client.settle();
        client.socket.terminate();
      }
    };
    const change = [restless(1), restless(2)];
    await Promise.all(publishers.map((one, index) => publishAll(one, index, subjects, perPublisher)));
    publishing = false;
    await Promise.all(change);
    await steady.settle();

    expect(changes).toBeGreaterThan(20);
    expect(steady.frames).toHaveLength(publishers.length * perPublisher);
    for (const subject of subjects) {
      const frames = steady.frames.filter((frame) => frame.subject === subject);
      expect(frames.map(({ sequence }) => sequence)).toEqual(frames.map((_, index) => index + 1));
      for (const name of publishers.keys()) {
        const numbers = frames
          .map(({ payload }) => new DataView(payload.buffer, payload.byteOffset))
          .filter((view) => view.getUint32(0) === name)
          .map((view) => view.getUint32(4));
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      }
    }
    await eventually('the others being gone', () => broker.stats().sessions === 3);
    // Audiences that became equal are one again with the next frame of their subjects.
    publishers[0]!.send(...subjects.map((subject) => frameOf(subject)));
    await publishers[0]!.settle();
    expect(broker.stats()).toMatchObject({ subscriptions: 1, audiences: 1 });
    const before = steady.messageBytes.length;
    publishers[0]!.send(...subjects.map((subject) => frameOf(subject)));
    await publishers[0]!.settle();
    await steady.settle();
    expect(steady.messageBytes.length - before).toBe(2);
  });

  it('holds for one who subscribes in the middle: everything from its position on, and nothing before', async () => {
    const broker = await fixture.broker(transport);
    const publisher = await fixture.raw(broker.url);
    const publishing = publishAll(publisher, 0, ['a'], 3_000);
    const late: Array<{ client: RawClient; first: number }> = [];
    while (late.length < 10) {
      const client = await fixture.raw(broker.url);
      const { positions } = await client.subscribe(1, 'a');
      late.push({ client, first: (positions[0]?.sequence ?? 0) + 1 });
    }
    await publishing;
    for (const { client, first } of late) {
      await client.settle();
      expect(client.frames.map(({ sequence }) => sequence)).toEqual(
        Array.from({ length: 3_000 - first + 1 }, (_, index) => first + index),
      );
    }
  });

  it('holds between frames and answers: nothing comes after the answer to an unsubscription', async () => {
    const broker = await fixture.broker(transport);
    const publisher = await fixture.raw(broker.url);
    const subscriber = await fixture.raw(broker.url);
    const publishing = publishAll(publisher, 0, ['a'], 2_000);
    for (let number = 1; number <= 15; number++) {
      await subscriber.subscribe(number, 'a');
      await turn();
      subscriber.control({ type: 'unsubscribe', subscription: number });
      await subscriber.next('unsubscribed', ({ subscription }) => subscription === number);
    }
    await publishing;
    let subscribed = false;
    for (const one of subscriber.received) {
      if (!('type' in one)) expect(subscribed).toBe(true);
      else if (one.type === 'subscribed') subscribed = true;
      else if (one.type === 'unsubscribed') subscribed = false;
    }
  });
});
