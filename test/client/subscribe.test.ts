import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { FrameView, Gap, ModwireError } from '../../src/index.js';
import { eventually, within } from '../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { MuteProxy } from '../support/broker-mute-proxy.js';

const fixture = new BrokerFixture();

describe.each(TRANSPORTS)('subscribing with a client over %s', (transport) => {
  async function setting(limits = {}) {
    const broker = await fixture.broker(transport, limits);
    const client = await fixture.client(broker.url);
    const publisher = await fixture.client(broker.url);
    const errors: ModwireError[] = [];
    client.on('error', (error) => errors.push(error));
    /** Everything published has come to the client, too. */
    const settle = async () => {
      await publisher.flush();
      await client.flush();
    };
    return { broker, client, publisher, errors, settle };
  }

  it('hands frames to listeners, each to those whose filters select it', async () => {
    const { client, publisher, settle } = await setting();
    const seen: string[] = [];
    const note = (name: string) => (frame: FrameView) =>
      seen.push(`${name}:${frame.subject}#${frame.sequence}`);
    await client.subscribe('a.*', note('1'));
    await client.subscribe('a.b', note('2'));
    await client.subscribe('>', note('3'));
    for (const subject of ['a.b', 'a.c', 'd']) publisher.publish(subject, 1);
    await settle();
    expect(seen.sort()).toEqual(['1:a.b#1', '1:a.c#1', '2:a.b#1', '3:a.b#1', '3:a.c#1', '3:d#1']);
  });

  it('gives a listener a cursor, which can be kept by retaining or copying', async () => {
    const { client, publisher, settle } = await setting();
    const cursors: FrameView[] = [];
    const kept: FrameView[] = [];
    await client.subscribe('a', (frame) => {
      cursors.push(frame);
      kept.push(frame.retain(), frame.copy());
    });
    for (let number = 1; number <= 3; number++) publisher.publish('a', { number });
    await settle();
    expect(new Set(cursors).size).toBe(1);
    expect(kept.map((frame) => (frame.json() as { number: number }).number)).toEqual([1, 1, 2, 2, 3, 3]);
  });

  it('hands frames to an iterator, in order, and ends with the subscription', async () => {
    const { client, publisher, broker } = await setting();
    const subscription = await client.subscribe('a');
    for (let number = 1; number <= 5; number++) publisher.publish('a', number);
    const seen: unknown[] = [];
    for await (const frame of subscription) {
      seen.push(frame.json());
      if (seen.length === 3) void subscription.unsubscribe();
    }
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(broker.stats().subscriptions).toBe(0);
  });

  it('ends when iteration is broken off', async () => {
    const { client, publisher, broker } = await setting();
    const subscription = await client.subscribe('a');
    publisher.publish('a', 1);
    for await (const frame of subscription) {
      expect(frame.json()).toBe(1);
      break;
    }
    expect(broker.stats().subscriptions).toBe(0);
    publisher.publish('a', 2);
    await publisher.flush();
    await client.flush();
    expect(subscription.queued).toBe(0);
  });

  it('several readers of one subscription share its frames, and all of them end', async () => {
    const { client, publisher } = await setting();
    const subscription = await client.subscribe('a');
    const seen: unknown[] = [];
    const read = async () => {
      for await (const frame of subscription) seen.push(frame.json());
    };
    const readers = [read(), read(), read()];
    for (let number = 1; number <= 9; number++) publisher.publish('a', number);
    await eventually('all frames', () => seen.length === 9);
    await subscription.unsubscribe();
    await within('all readers ending', Promise.all(readers));
    expect(seen.sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('nothing comes after unsubscribing, and unsubscribing twice is once', async () => {
    const { client, publisher, broker, settle, errors } = await setting();
    const seen: number[] = [];
    const one = await client.subscribe('a', (frame) => seen.push(frame.sequence));
    const other: number[] = [];
    await client.subscribe('a', (frame) => other.push(frame.sequence));
    publisher.publish('a', 1);
    await settle();
    await within('both', Promise.all([one.unsubscribe(), one.unsubscribe()]));
    await one.unsubscribe();
    publisher.publish('a', 2);
    await settle();
    expect(seen).toEqual([1]);
    expect(other).toEqual([1, 2]);
    expect(broker.stats().subscriptions).toBe(1);
    expect(errors).toEqual([]);
  });

  it('rejects with what the broker refuses, and with a filter that is none without asking it', async () => {
    const { client, broker } = await setting({ maxSubscriptions: 1 });
    await expect(client.subscribe('a..b')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await client.subscribe('a');
    await expect(client.subscribe('b')).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: expect.stringContaining('filter b') as string,
    });
    expect(broker.stats()).toMatchObject({ subscriptions: 1, refused: 0 });
  });

  it('a listener that throws harms nobody else, and is told as an error', async () => {
    const { client, publisher, settle, errors } = await setting();
    const seen: number[] = [];
    await client.subscribe('a', () => {
      throw new Error('a bad listener');
    });
    await client.subscribe('a', (frame) => seen.push(frame.sequence));
    for (let number = 1; number <= 3; number++) publisher.publish('a', number);
    await settle();
    expect(seen).toEqual([1, 2, 3]);
    expect(errors.map(({ message }) => message)).toEqual(Array(3).fill('a bad listener'));
  });

  it('a listener of an event that throws harms no other listener, nor the frames that follow', async () => {
    const { client, publisher, broker, settle, errors } = await setting();
    const heard: string[] = [];
    client.on('close', () => {
      throw new Error('a bad listener of events');
    });
    client.on('close', () => heard.push('close'));
    await client.subscribe('a', () => undefined);
    publisher.publish('a', 1);
    await settle();
    await client.close();
    expect(heard).toEqual(['close']);
    expect(errors.map(({ message }) => message)).toEqual(['a bad listener of events']);
    await eventually('the session being gone', () => broker.stats().sessions === 1);
  });

  it('can be ended by a signal, at any time', async () => {
    const { client, publisher, broker, settle } = await setting();
    const before = AbortSignal.abort();
    await expect(client.subscribe('a', { signal: before })).rejects.toMatchObject({ code: 'CANCELLED' });

    const during = new AbortController();
    const pending = client.subscribe('a', { signal: during.signal });
    during.abort();
    await expect(pending).rejects.toMatchObject({ code: 'CANCELLED' });
    // The broker had it by then, and is told that nobody wants it.
    await eventually('no subscription', () => broker.stats().subscriptions === 0);

    const after = new AbortController();
    const seen: number[] = [];
    await client.subscribe('a', (frame) => seen.push(frame.sequence), { signal: after.signal });
    const iterated = await client.subscribe('a', { signal: after.signal });
    const reading = (async () => {
      for await (const _ of iterated);
    })();
    publisher.publish('a', 1);
    await settle();
    after.abort();
    await within('the end of iteration', reading);
    await eventually('no subscription', () => broker.stats().subscriptions === 0);
    publisher.publish('a', 2);
    await settle();
    expect(seen).toEqual([1]);
  });

  it('leaves nothing behind at a signal that lives longer than many subscriptions', async () => {
    const { client } = await setting();
    const warnings: string[] = [];
    const onWarning = (warning: Error) => warnings.push(warning.name);
    process.on('warning', onWarning);
    const { signal } = new AbortController();
    for (let round = 0; round < 30; round++) {
      const subscription = await client.subscribe('a', () => undefined, { signal });
      await subscription.unsubscribe();
    }
    await turn();
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  it('a subscription whose answer is late is not kept by the broker', async () => {
    const broker = await fixture.broker(transport);
    const proxy = fixture.closing(await MuteProxy.start(broker.port));
    const client = await fixture.client(proxy.url, { answerMs: 20 });
    proxy.mute();
    await expect(client.subscribe('a')).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    proxy.unmute();
    await eventually('no subscription', async () => {
      await client.flush().catch(() => undefined);
      return broker.stats().subscriptions === 0;
    });
  });
});

describe.each(TRANSPORTS)('a slow iterator over %s', (transport) => {
  const LIMITS = { congestedBytes: 65_536, slowConsumerBytes: 1_048_576, stallMs: 200 };
  const PAYLOAD = new Uint8Array(4_000);

  it('stops reading when its queue is full: the broker sees it, and nothing goes unaccounted', async () => {
    const broker = await fixture.broker(transport, LIMITS);
    const client = await fixture.client(broker.url, { maxQueuedFrames: 50 });
    const publisher = await fixture.client(broker.url);
    const accounted = new Set<number>();
    client.on('gap', ({ first, last }) => {
      for (let sequence = first; sequence <= last; sequence++) accounted.add(sequence);
    });
    const subscription = await client.subscribe('a');
    let published = 0;
    let most = 0;
    while (broker.stats().slowConsumers === 0) {
      publisher.publish('a', PAYLOAD);
      published++;
      most = Math.max(most, subscription.queued);
      if (published % 20 === 0) await publisher.flush();
    }
    // What had been read when the queue was full may come on top: some 64 KiB, and messages as large as that.
    expect(most).toBeLessThan(50 + 100);
    for await (const frame of subscription) {
      expect(accounted.has(frame.sequence)).toBe(false);
      accounted.add(frame.sequence);
      if (accounted.size === published) {
        if (broker.stats().slowConsumers === 0) break;
      }
    }
    expect(accounted.size).toBe(published);
  });

  it('may await answers of the broker between frames: what does not fit meanwhile is told as a gap', async () => {
    const broker = await fixture.broker(transport, { stallMs: 60_000 });
    const client = await fixture.client(broker.url, { maxQueuedFrames: 10, answerMs: 5_000 });
    const publisher = await fixture.client(broker.url);
    const gaps: Gap[] = [];
    client.on('gap', (gap) => gaps.push(gap));
    const subscription = await client.subscribe('a');
    const total = 400;
    for (let number = 0; number < total; number++) publisher.publish('a', PAYLOAD);
    await publisher.flush();
    await eventually('a full queue', () => subscription.queued >= 10);
    const accounted = new Set<number>();
    let read = 0;
    for await (const frame of subscription) {
      accounted.add(frame.sequence);
      read++;
      // Each of these would wait for itself if the client did not read.
      if (read % 4 === 0) await client.publish('b', frame.sequence, { ack: true });
      if (read % 4 === 1) await client.flush();
      if (read % 4 === 2) await client.ready();
      if (read % 4 === 3) await (await client.subscribe('c')).unsubscribe();
      for (const { first, last, reason } of gaps.splice(0)) {
        expect(reason).toBe('queue');
        for (let sequence = first; sequence <= last; sequence++) {
          expect(accounted.has(sequence)).toBe(false);
          accounted.add(sequence);
        }
      }
      if (accounted.size === total) break;
    }
    expect(accounted.size).toBe(total);
    expect(read).toBeLessThan(total);
  });

  it('can be broken off while its queue is full', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.client(broker.url, { maxQueuedFrames: 10, answerMs: 5_000 });
    const publisher = await fixture.client(broker.url);
    const subscription = await client.subscribe('a');
    for (let number = 0; number < 500; number++) publisher.publish('a', PAYLOAD);
    await publisher.flush();
    await eventually('a full queue', () => subscription.queued >= 10);
    const end = (async () => {
      for await (const _ of subscription) break;
    })();
    await within('the end', end);
    expect(broker.stats().subscriptions).toBe(0);
    expect(subscription.queued).toBe(0);
    await client.flush();
  });

  it('stays bounded after the connection was lost while its queue was full', async () => {
    const broker = await fixture.broker(transport, {
      congestedBytes: 65_536,
      stallMs: 60_000,
      heartbeatMs: 100,
    });
    const proxy = fixture.closing(await MuteProxy.start(broker.port));
    const client = await fixture.client(proxy.url, { maxQueuedFrames: 10 });
    const publisher = await fixture.client(broker.url);
    const subscription = await client.subscribe('a');
    const publishUntilNoticed = async () => {
      while (broker.stats().congested === 0) {
        publisher.publish('a', PAYLOAD);
        await turn();
      }
    };
    await publishUntilNoticed();
    expect(subscription.queued).toBeGreaterThanOrEqual(10);
    const reconnected = new Promise((resolve) => client.on('reconnect', resolve));
    // Who does not read notices with its next heartbeat.
    proxy.drop();
    await within('the reconnect', reconnected);
    const before = subscription.queued;
    await publishUntilNoticed();
    expect(subscription.queued).toBeLessThan(before + 200);
    await subscription.unsubscribe();
  });
});
