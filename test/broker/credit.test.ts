import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { encodeControl } from '../../src/codec/index.js';
import { eventually } from '../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { frameOf, HELLO, type RawClient } from '../support/raw-client.js';

const fixture = new BrokerFixture();

const WINDOW = 65_536;
const LIMITS = { publishWindowBytes: WINDOW, congestedBytes: 65_536, slowConsumerBytes: 4 * 1024 * 1024 };
const PAYLOAD = new Uint8Array(8_000);

function credited(client: RawClient): number {
  return client.all('credit').at(-1)?.bytes ?? 0;
}

describe.each(TRANSPORTS)('credit over %s', (transport) => {
  it('is granted for every byte of every message, control messages included, in steps of the window', async () => {
    const broker = await fixture.broker(transport, LIMITS);
    const client = await fixture.raw(broker.url, { name: HELLO.type });
    let sent = encodeControl({ ...HELLO, clientName: HELLO.type } as typeof HELLO).length;
    const send = (bytes: Uint8Array) => {
      client.send(bytes);
      sent += bytes.length;
    };
    const grants: number[] = [];
    for (let number = 0; number < 40; number++) {
      send(frameOf('a', { payload: PAYLOAD }));
      send(
        encodeControl({
          type: 'subscribe',
          subscription: number + 1,
          filter: 'b',
          resume: false,
          complete: false,
          positions: [],
          reads: [],
          group: '',
          skipHistory: false,
        }),
      );
      await client.next('subscribed', ({ subscription }) => subscription === number + 1);
      const last = credited(client);
      if (grants.at(-1) !== last) {
        // What is granted is exactly what was sent up to that message.
        expect(last).toBeGreaterThan(sent - 2 * WINDOW);
        expect(last).toBeLessThanOrEqual(sent);
        grants.push(last);
      }
      // A client that sends only while less than the window is under way never has to wait for nobody.
      expect(sent - last).toBeLessThan(WINDOW);
    }
    for (let index = 1; index < grants.length; index++) {
      expect(grants[index]! - grants[index - 1]!).toBeGreaterThanOrEqual(WINDOW / 4);
    }
    expect(grants.length).toBeGreaterThan(5);
  });

  it('is withheld while the only consumer is congested, and granted when it reads again', async () => {
    const broker = await fixture.broker(transport, { ...LIMITS, stallMs: 60_000 });
    const consumer = await fixture.raw(broker.url);
    await consumer.subscribe(1, 'a');
    const publisher = await fixture.raw(broker.url);
    consumer.pause();
    let frames = 0;
    const publish = async () => {
      publisher.publish('a', { payload: PAYLOAD });
      frames++;
      await turn();
    };
    while (broker.stats().congested === 0) await publish();
    await publish();
    await publisher.settle();
    const withheld = credited(publisher);
    for (let number = 0; number < 20; number++) await publish();
    await publisher.settle();
    expect(credited(publisher)).toBe(withheld);
    consumer.resume();
    await eventually('credit', () => credited(publisher) > withheld);
    await eventually('all frames', () => consumer.frames.length === frames);
    expect(broker.stats().congested).toBe(0);
  });

  it('is not withheld from publishers of other subjects, nor because of one of several consumers', async () => {
    const broker = await fixture.broker(transport, { ...LIMITS, stallMs: 60_000 });
    const stalled = await fixture.raw(broker.url);
    await stalled.subscribe(1, 'a');
    const reader = await fixture.raw(broker.url);
    await reader.subscribe(1, 'a');
    await reader.subscribe(2, 'b');
    stalled.pause();
    const publisher = await fixture.raw(broker.url);
    for (let number = 0; number < 100; number++) {
      publisher.send(frameOf('a', { payload: PAYLOAD }), frameOf('b', { payload: PAYLOAD }));
      if (number % 10 === 0) await publisher.settle();
    }
    await publisher.settle();
    await reader.settle();
    expect(reader.frames).toHaveLength(200);
    expect(credited(publisher)).toBeGreaterThan(1_500_000);
  });

  it('is granted again when the consumer that was waited for leaves', async () => {
    const broker = await fixture.broker(transport, { ...LIMITS, stallMs: 60_000 });
    const consumer = await fixture.raw(broker.url);
    await consumer.subscribe(1, 'a');
    const publisher = await fixture.raw(broker.url);
    consumer.pause();
    while (broker.stats().congested === 0) {
      publisher.publish('a', { payload: PAYLOAD });
      await turn();
    }
    publisher.publish('a', { payload: PAYLOAD });
    await publisher.settle();
    const withheld = credited(publisher);
    consumer.socket.terminate();
    await eventually('credit', () => credited(publisher) > withheld);
    expect(broker.stats()).toMatchObject({ congested: 0, bufferedBytes: expect.any(Number) as number });
  });
});

describe.each(TRANSPORTS)('the window of a client over %s', (transport) => {
  it('is never exceeded by more than one batch, and publish says when it is full', async () => {
    const broker = await fixture.broker(transport, { ...LIMITS, stallMs: 60_000 });
    const consumer = await fixture.raw(broker.url);
    await consumer.subscribe(1, 'a');
    consumer.pause();
    const batchBytes = 16_384;
    const client = await fixture.client(broker.url, { batchBytes });
    let published = 0;
    let full = 0;
    // Far more than the sockets and the broker's buffers hold.
    for (let number = 0; number < 3_000; number++) {
      if (!client.publish('a', PAYLOAD)) full++;
      published++;
      if (number % 10 === 0) await turn();
    }
    expect(full).toBeGreaterThan(0);
    await eventually('the broker taking what it is sent', () => broker.stats().congested > 0);
    const taken = broker.stats().frameBytes;
    await eventually('nothing more coming', async () => {
      const before = broker.stats().frameBytes;
      for (let number = 0; number < 20; number++) await turn();
      return broker.stats().frameBytes === before;
    });
    expect(broker.stats().frameBytes).toBeLessThan(published * PAYLOAD.length);
    expect(broker.stats().frameBytes - taken).toBeLessThanOrEqual(WINDOW + batchBytes);
    let isReady = false;
    const ready = client.ready().then(() => {
      isReady = true;
    });
    expect(isReady).toBe(false);
    consumer.resume();
    await ready;
    expect(client.publish('a', PAYLOAD)).toBe(true);
    await client.flush();
    await consumer.settle();
    expect(consumer.frames).toHaveLength(published + 1);
  });
});
