import { describe, expect, it } from 'vitest';
import { ContentType } from '../../../src/codec/generated/modwire/content-type.js';
import type { FrameView } from '../../../src/codec/index.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { call, EVENTS, errorOf, eventsOf, JSON_BODY, SlowReader } from '../../support/http-calls.js';
import { ORDER, ORDERS, register } from '../../support/order-schemas.js';
import * as calls from '../../support/raw-calls.js';
import type { RawClient } from '../../support/raw-client.js';

const fixture = new BrokerFixture();

const json = (text: string) => ({ contentType: ContentType.json, payload: Buffer.from(text) });

/** Sends as many parts as are granted, up to `count`; returns how many it has sent so far. */
function streamAsGranted(
  worker: RawClient,
  asked: FrameView,
  count: number,
  payload: Uint8Array,
): () => number {
  let sent = 0;
  const send = () => {
    const granted = Math.max(64, ...worker.all('grant').map(({ replies }) => replies));
    for (; sent < Math.min(granted, count); sent++) {
      calls.replyPart(worker, asked, { contentType: ContentType.bytes, payload });
    }
  };
  send();
  return () => {
    send();
    return sent;
  };
}

describe.each(TRANSPORTS)('a stream of replies as events over %s', (transport) => {
  it('has an event for each reply, and says its end', async () => {
    const broker = await fixture.broker(transport);
    const worker = await fixture.raw(broker.url);
    await calls.serve(worker);
    const answer = call(broker, 's', '{}', EVENTS);
    const asked = await calls.nextHanded(worker);
    calls.replyPart(worker, asked, json('{"token":"a"}'));
    calls.replyPart(worker, asked, json('{\n"token":\r\n"b"\r}'));
    calls.replyPart(worker, asked, { payload: Buffer.from([0, 255, 10]) });
    calls.replyPart(worker, asked, json(''));
    calls.reply(worker, asked, json('"last"'));
    const { status, headers, body } = await answer;
    expect([status, headers['content-type']]).toEqual([200, 'text/event-stream']);
    expect(eventsOf(body)).toEqual([
      { event: 'message', data: '{"token":"a"}' },
      { event: 'message', data: '{\n"token":\n"b"\n}' },
      { event: 'bytes', data: 'AP8K' },
      { event: 'empty', data: '{}' },
      { event: 'message', data: '"last"' },
      { event: 'end', data: '{}' },
    ]);
    await calls.noCallsLeft(broker);
  });

  it('may have no reply at all, and none with the end', async () => {
    const broker = await fixture.broker(transport);
    const worker = await fixture.raw(broker.url);
    await calls.serve(worker);
    const answer = call(broker, 's', '{}', EVENTS);
    calls.reply(worker, await calls.nextHanded(worker));
    expect(eventsOf((await answer).body)).toEqual([{ event: 'end', data: '{}' }]);
  });

  it('transcodes in order, the large ones with the small ones', async () => {
    const broker = await fixture.broker(transport);
    const orders = await register(broker, 'orders', ORDERS.v1, ORDER);
    const worker = await fixture.raw(broker.url);
    await calls.serve(worker);
    const answer = call(broker, 's', '{}', EVENTS);
    const asked = await calls.nextHanded(worker);
    calls.replyPart(worker, asked, orders.fields);
    calls.replyPart(worker, asked, json('1'));
    calls.reply(worker, asked, orders.fields);
    const [first, second, third, end] = eventsOf((await answer).body);
    expect(JSON.parse(first!.data)).toMatchObject(ORDER);
    expect(JSON.parse(third!.data)).toMatchObject(ORDER);
    expect([second!.data, end!.event]).toEqual(['1', 'end']);
  });

  it('is an error with its status when that comes first, and an event afterwards', async () => {
    const broker = await fixture.broker(transport);
    expect(errorOf(await call(broker, 's', '{}', EVENTS)).slice(0, 2)).toEqual([503, 'NO_RESPONDERS']);
    const worker = await fixture.raw(broker.url);
    await calls.serve(worker);
    const answer = call(broker, 's', '{}', EVENTS);
    const asked = await calls.nextHanded(worker);
    calls.replyPart(worker, asked, json('1'));
    calls.fail(worker, asked, 'INTERNAL', 'the model\nburnt');
    expect(eventsOf((await answer).body)).toEqual([
      { event: 'message', data: '1' },
      { event: 'error', data: '{"code":"INTERNAL","message":"the model\\nburnt"}' },
    ]);
  });

  it('ends with an error when a reply does not become JSON, and has the worker give up', async () => {
    const broker = await fixture.broker(transport);
    const orders = await register(broker, 'orders', ORDERS.v1, ORDER);
    const worker = await fixture.raw(broker.url);
    await calls.serve(worker);
    const answer = call(broker, 's', '{}', EVENTS);
    const asked = await calls.nextHanded(worker);
    calls.replyPart(worker, asked, { ...orders.fields, payload: orders.payload.subarray(0, 12) });
    const [only, ...others] = eventsOf((await answer).body);
    expect([only!.event, JSON.parse(only!.data).code, others]).toEqual(['error', 'CONTRACT_VIOLATION', []]);
    await eventually('the cancel', () => calls.cancelled(worker).length === 1);
    calls.reply(worker, asked);
    await calls.noCallsLeft(broker);
  });

  it('holds its worker back while nobody reads, and loses nothing', async () => {
    const broker = await fixture.broker(transport, {
      slowConsumerBytes: 256 * 1024 * 1024,
      maxHttpRequests: 1,
    });
    const worker = await fixture.raw(broker.url);
    await calls.serve(worker);
    const reader = fixture.closing(new SlowReader(broker, 's', EVENTS));
    const asked = await calls.nextHanded(worker);
    const count = 400;
    const sent = streamAsGranted(worker, asked, count, new Uint8Array(64 * 1024).fill(1));
    await eventually('the head', () => reader.begun);
    // What the sockets hold is granted anew: nothing more comes when they are full.
    let before = 0;
    for (let after = sent(); after > before; after = sent()) {
      before = after;
      await worker.settle();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(before).toBeLessThan(count);
    reader.read();
    await eventually('all of them', () => sent() === count);
    calls.reply(worker, asked);
    await eventually('the end', () => reader.ended);
    const events = eventsOf(reader.text);
    expect(events).toHaveLength(count + 1);
    expect(new Set(events.slice(0, -1).map(({ data }) => data)).size).toBe(1);
    expect(events.at(-1)!.event).toBe('end');
    await calls.noCallsLeft(broker);
    // It counted as one until its end.
    expect((await call(broker, 's', '{}', { 'Modwire-Timeout-Ms': '1' })).status).toBe(504);
  });

  it('is cut off with an error when more waits for its reader than may', async () => {
    const broker = await fixture.broker(transport, {
      slowConsumerBytes: 1024 * 1024,
      congestedBytes: 64 * 1024,
    });
    const worker = await fixture.raw(broker.url);
    await calls.serve(worker);
    const reader = fixture.closing(new SlowReader(broker, 's', EVENTS));
    const asked = await calls.nextHanded(worker);
    const sent = streamAsGranted(worker, asked, 10_000, new Uint8Array(256 * 1024));
    await eventually('the cancel', () => sent() > 0 && calls.cancelled(worker).length === 1);
    calls.reply(worker, asked);
    reader.read();
    await eventually('the end', () => reader.ended);
    const last = eventsOf(reader.text).at(-1)!;
    expect([last.event, JSON.parse(last.data).code]).toEqual(['error', 'SLOW_CONSUMER']);
    await calls.noCallsLeft(broker);
  });

  it('is complete before a broker that drains closes', async () => {
    const broker = await fixture.broker(transport, { drainMs: 60_000 });
    const orders = await register(broker, 'orders', ORDERS.v1, ORDER);
    const worker = await fixture.raw(broker.url);
    await calls.serve(worker, { concurrency: 2 });
    const [events, single] = [call(broker, 's', '{}', EVENTS), call(broker, 's')];
    await calls.nextHanded(worker, 2);
    const drained = broker.drain();
    worker.control({ type: 'goodbye', code: 14, message: 'done', graceMs: 0 });
    // The worker pool makes JSON of it when no call is open any more.
    for (const asked of calls.handed(worker)) calls.reply(worker, asked, orders.fields);
    expect(JSON.parse((await single).body)).toMatchObject(ORDER);
    expect(eventsOf((await events).body).map(({ event }) => event)).toEqual(['message', 'end']);
    await drained;
  });

  it('ends for its worker when its reader goes away', async () => {
    const broker = await fixture.broker(transport, { maxHttpRequests: 1 });
    const worker = await fixture.raw(broker.url);
    await calls.serve(worker);
    const reader = fixture.closing(new SlowReader(broker, 's', EVENTS));
    const asked = await calls.nextHanded(worker);
    calls.replyPart(worker, asked, json('1'));
    await eventually('the head', () => reader.begun);
    reader.leave();
    await eventually('the cancel', () => calls.cancelled(worker).length === 1);
    calls.reply(worker, asked);
    await calls.noCallsLeft(broker);
    const next = call(broker, 's', '{}', JSON_BODY);
    calls.reply(worker, await calls.nextHanded(worker, 2));
    expect((await next).status).toBe(200);
  });
});
