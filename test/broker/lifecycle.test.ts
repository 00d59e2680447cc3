import { describe, expect, it } from 'vitest';
import { type BrokerEventName, type BrokerEvents, listen, startBroker } from '../../src/broker/index.js';
import { FrameFlags } from '../../src/codec/index.js';
import { ERRORS } from '../../src/errors.js';
import { eventually, within } from '../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { ask, HANDSHAKE } from '../support/broker-http.js';
import { frameOf, RawClient } from '../support/raw-client.js';

const fixture = new BrokerFixture();
const GOODBYE = { type: 'goodbye', code: ERRORS.UNAVAILABLE.number, message: 'done', graceMs: 0 } as const;

describe.each(TRANSPORTS)('a broker over %s', (transport) => {
  it('says where it listens, and with what', async () => {
    const broker = await fixture.broker(transport, {}, { host: '127.0.0.1' });
    expect(broker.port).toBeGreaterThan(0);
    expect(broker.url).toBe(`ws://127.0.0.1:${broker.port}`);
    expect(broker.transport).toBe(transport);
  });

  it('fails with UNAVAILABLE on a port that is taken, and the one that has it goes on', async () => {
    const broker = await fixture.broker(transport);
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(startBroker({ port: broker.port, transport })).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringContaining(`127.0.0.1:${broker.port}`) as string,
      });
    }
    await fixture.raw(broker.url);
  });

  it('can be started again on its port at once, also after it had clients', async () => {
    for (const other of TRANSPORTS) {
      const broker = await fixture.broker(other, { drainMs: 10 });
      await fixture.raw(broker.url);
      await broker.drain();
      const next = await fixture.broker(transport, {}, { port: broker.port });
      await fixture.raw(next.url);
      await next.close();
    }
  });

  it('cuts off its clients when it is closed, and closing again changes nothing', async () => {
    const broker = await fixture.broker(transport);
    const clients = [await fixture.raw(broker.url), await fixture.raw(broker.url)];
    await Promise.all([broker.close(), broker.close()]);
    for (const client of clients) await client.closed();
    expect(broker.stats()).toMatchObject({ sessions: 0, subscriptions: 0, audiences: 0 });
    await broker.close();
    await broker.drain();
    await expect(RawClient.open(broker.url)).rejects.toThrow(/ECONNREFUSED/);
  });

  it('is drained when every client has published what it had under way, and delivers all of it', async () => {
    const broker = await fixture.broker(transport, { drainMs: 8_000 });
    const subscriber = await fixture.raw(broker.url);
    await subscriber.subscribe(1, '>');
    const publisher = await fixture.raw(broker.url);
    const drained = broker.drain();
    const goodbye = await publisher.next('goodbye');
    expect(goodbye).toMatchObject({ code: ERRORS.UNAVAILABLE.number, graceMs: 8_000 });
    await subscriber.next('goodbye');
    subscriber.control(GOODBYE);
    publisher.send(frameOf('a'), frameOf('a'));
    publisher.send(frameOf('a', { flags: FrameFlags.ack }));
    publisher.control(GOODBYE);
    await within('the drain, long before drainMs', drained, 5_000);
    expect(await publisher.closed()).toBe(1001);
    expect(await subscriber.closed()).toBe(1001);
    expect(subscriber.labels).toEqual(['a#1', 'a#2', 'a#3']);
    expect(publisher.all('ack')[0]!.entries[0]!.sequence).toBe(3);
    expect(broker.stats().sessions).toBe(0);
  });

  it('delivers what a slow reader has not taken yet before it closes that connection', async () => {
    const broker = await fixture.broker(transport, { drainMs: 8_000 });
    const subscriber = await fixture.raw(broker.url);
    await subscriber.subscribe(1, '>');
    const publisher = await fixture.raw(broker.url);
    subscriber.pause();
    const payload = new Uint8Array(60_000);
    const count = 100;
    for (let number = 0; number < count; number++) publisher.publish('a', { payload });
    await publisher.settle();
    const drained = broker.drain();
    await publisher.next('goodbye');
    publisher.control(GOODBYE);
    subscriber.control(GOODBYE);
    expect(await publisher.closed()).toBe(1001);
    expect(broker.stats().sessions).toBe(1);
    subscriber.resume();
    await within('the drain', drained);
    expect(await subscriber.closed()).toBe(1001);
    expect(subscriber.frames).toHaveLength(count);
  });

  it('takes no new clients while it drains', async () => {
    const broker = await fixture.broker(transport, { drainMs: 8_000 });
    const client = await fixture.raw(broker.url);
    const drained = broker.drain();
    await client.next('goodbye');
    await expect(ask(broker.port, '/', { headers: { ...HANDSHAKE } })).rejects.toThrow(/ECONNREFUSED/);
    client.control(GOODBYE);
    await drained;
  });

  it('does not wait in a drain for a client that is gone, nor for one without a hello', async () => {
    const broker = await fixture.broker(transport, { drainMs: 8_000 });
    const polite = await fixture.raw(broker.url);
    const gone = await fixture.raw(broker.url);
    const speechless = await fixture.raw(broker.url, { hello: false });
    const drained = broker.drain();
    await polite.next('goodbye');
    polite.control(GOODBYE);
    gone.socket.terminate();
    await within('the drain, long before drainMs', drained, 5_000);
    expect(await speechless.closed()).toBe(1001);
  });

  it('gives up waiting in a drain after drainMs, and closes in order all the same', async () => {
    const broker = await fixture.broker(transport, { drainMs: 50 });
    const client = await fixture.raw(broker.url);
    await client.subscribe(1, '>');
    client.publish('a');
    await within('the drain', broker.drain());
    expect(await client.closed()).toBe(1001);
    expect(client.labels).toEqual(['a#1']);
  });

  it('is drained once: every caller waits for the same end', async () => {
    const broker = await fixture.broker(transport, { drainMs: 100 });
    await fixture.raw(broker.url);
    let ended = 0;
    const first = broker.drain().then(() => ended++);
    const second = broker.drain().then(() => ended++);
    expect(broker.stats().sessions).toBe(1);
    await Promise.race([first, second]);
    expect(broker.stats().sessions).toBe(0);
    await Promise.all([first, second]);
    expect(ended).toBe(2);
  });

  it('ends a drain at once when it is closed meanwhile', async () => {
    const broker = await fixture.broker(transport, { drainMs: 60_000 });
    const client = await fixture.raw(broker.url);
    const drained = broker.drain();
    await client.next('goodbye');
    await broker.close();
    await within('the drain', drained);
    await client.closed();
  });

  it('cuts off who is told to go and reads too little of what is buffered for it', async () => {
    const limits = { heartbeatMs: 100, silenceMs: 800, helloMs: 50, slowConsumerBytes: 64 * 1024 * 1024 };
    const broker = await fixture.broker(transport, limits);
    const consumer = await fixture.raw(broker.url);
    await consumer.subscribe(1, 'a');
    consumer.pause();
    const publisher = await fixture.raw(broker.url);
    const pings = setInterval(() => publisher.control({ type: 'ping', nonce: 1 }), 20);
    try {
      const payload = new Uint8Array(50_000);
      for (let number = 0; number < 400; number++) publisher.publish('a', { payload });
      await eventually('its backlog', () => broker.stats().bufferedBytes > 1_000_000);
      consumer.socket.send('a text message, for which it is told to go');
      consumer.resume();
      consumer.pause();
      await eventually('its end', () => broker.stats().sessions === 1);
      consumer.resume();
      // The close, which comes behind the backlog, does not get through.
      expect(await consumer.closed()).toBe(1006);
    } finally {
      clearInterval(pings);
    }
  });

  it('tells its listeners what happens', async () => {
    const names = [
      'modwire:session.open',
      'modwire:session.close',
      'modwire:subscription.open',
      'modwire:subscription.close',
      'modwire:subject.open',
      'modwire:subject.close',
      'modwire:refused',
      'modwire:drain',
    ] as const;
    const told: unknown[] = [];
    const hear = <Name extends BrokerEventName>(name: Name) =>
      listen(name, (detail: BrokerEvents[Name]) => told.push([name.slice(8), detail]));
    const offs = names.map(hear);
    const broker = await fixture.broker(transport, { maxSubjects: 1, subjectIdleMs: 0 });
    const client = await fixture.raw(broker.url, { name: 'teller' });
    const { session } = client.all('welcome')[0]!;
    await client.subscribe(4, 'b.*');
    client.publish('a');
    await client.settle();
    client.publish('c');
    client.publish('c d');
    await client.settle();
    client.control({ type: 'unsubscribe', subscription: 4 });
    await client.settle();
    await client.subscribe(5, 'b');
    await client.close();
    await eventually('the session being gone', () => broker.stats().sessions === 0);
    await broker.drain();
    for (const off of offs) off();
    const subject = (name: string) => ({ subject: name, epoch: expect.any(Number) as number });
    expect(told).toEqual([
      ['session.open', { session, client: 'teller' }],
      ['subscription.open', { session, subscription: 4, filter: 'b.*' }],
      ['subject.open', subject('a')],
      ['subject.close', subject('a')],
      ['subject.open', subject('c')],
      ['refused', { session, code: 'INVALID_ARGUMENT', message: expect.stringContaining('not a subject') }],
      ['subscription.close', { session, subscription: 4, filter: 'b.*' }],
      ['subscription.open', { session, subscription: 5, filter: 'b' }],
      ['subscription.close', { session, subscription: 5, filter: 'b' }],
      ['session.close', { session, client: 'teller', code: 1006 }],
      ['drain', { sessions: 0 }],
    ]);
    await fixture.broker(transport);
    expect(told).toHaveLength(11);
  });

  it('has grown by nothing after 1000 clients have come and gone', async () => {
    const broker = await fixture.broker(transport);
    const cycle = async (number: number) => {
      const client = await RawClient.open(broker.url);
      await client.subscribe(1, `own.${number % 10}`);
      await client.subscribe(2, 'own.*');
      client.send(frameOf(`own.${number % 10}`, { flags: FrameFlags.ack }), frameOf('all'));
      await client.settle();
      await client.close();
    };
    for (let round = 0; round < 50; round++) {
      await Promise.all(Array.from({ length: 20 }, (_, index) => cycle(round * 20 + index)));
    }
    await eventually('all sessions being gone', () => broker.stats().sessions === 0);
    expect(broker.stats()).toMatchObject({
      subscriptions: 0,
      subjects: 11,
      audiences: 0,
      frames: 2000,
      refused: 0,
      bufferedBytes: 0,
      slowConsumers: 0,
      congested: 0,
    });
  });
});

describe('the options of a broker', () => {
  it.each([
    [{ port: -1 }, 'port'],
    [{ port: 1.5 }, 'port'],
    [{ port: 65_536 }, 'port'],
    [{ transport: 'tcp' as 'ws' }, 'transport'],
    [{ slowConsumerPolicy: 'drop' as 'close' }, 'slowConsumerPolicy'],
    [{ limits: { helloMs: 1 } }, 'helloMs'],
    [{ limits: { maxSessions: 1.5 } }, 'maxSessions'],
    [{ limits: { nonsense: 1 } as object }, 'nonsense'],
    [{ limits: { slowConsumerBytes: 65_536 } }, 'congestedBytes'],
    [{ limits: { maxBatchBytes: 4096 } }, 'maxFrameBytes'],
    [{ limits: { silenceMs: 200 } }, 'heartbeatMs'],
  ])('are refused when they are wrong: %j', async (options, name) => {
    await expect(startBroker({ port: 0, ...options })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(name) as string,
    });
  });
});
