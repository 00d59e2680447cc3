import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Broker } from '../../src/broker/index.js';
import { ContentType } from '../../src/codec/generated/modwire/content-type.js';
import { toHex } from '../../src/codec/message-id.js';
import { ERRORS, type ErrorCode } from '../../src/errors.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { ask } from '../support/broker-http.js';
import { ORDER, ORDERS, register, registerOrders } from '../support/order-schemas.js';

const fixture = new BrokerFixture();

async function publish(
  { port }: Broker,
  target: string,
  body: string | Uint8Array,
  headers: Record<string, string> = { 'Content-Type': 'application/json' },
) {
  const answer = await ask(port, `/v1/publish/${target}`, { method: 'POST', headers, body });
  return { status: answer.status, reply: JSON.parse(answer.body) };
}

/** A request whose body of one byte is still to come, on a connection that the broker has taken. */
async function openPublish(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  fixture.closing({ close: async () => socket.destroy() });
  socket.write('GET /healthz HTTP/1.1\r\nHost: b\r\n\r\n');
  await once(socket, 'data');
  const lines = [
    'POST /v1/publish/a HTTP/1.1',
    'Host: b',
    'Content-Type: application/json',
    'Content-Length: 1',
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  // Answered after what came before it on another connection: the head has been read.
  await ask(port, '/healthz');
  return socket;
}

const BYTES = { 'Content-Type': 'application/octet-stream' };

describe.each(TRANSPORTS)('POST /v1/publish over %s', (transport) => {
  it('answers with the place that subscribers see', async () => {
    const broker = await fixture.broker(transport);
    const subscriber = await fixture.raw(broker.url);
    await subscriber.subscribe(1, '>');
    const first = await publish(broker, 'a.b', '1');
    const second = await publish(broker, 'a%2Eb', '2');
    await subscriber.settle();
    const places = subscriber.frames.map(({ subject, sequence, epoch }) => ({ subject, sequence, epoch }));
    expect(places).toEqual([first, second].map(({ reply: { id: _, ...place } }) => place));
    expect(places.map(({ sequence }) => sequence)).toEqual([1, 2]);
    const flags = subscriber.frames.map(({ contentType }) => contentType);
    expect(flags).toEqual([ContentType.json, ContentType.json]);
  });

  it('makes a payload of the latest version that is not deleted, or of the one that was asked for', async () => {
    const broker = await fixture.broker(transport);
    const v1 = await registerOrders(broker);
    const v2 = await register(broker, 'orders', ORDERS.v2, ORDER);
    const used = async (target: string) => (await publish(broker, target, '{"id":"a"}')).reply.schemaId;
    expect(await used('orders.a')).toBe(v2.schemaId);
    expect(await used(`orders.a?schema=${v1.schemaId}`)).toBe(v1.schemaId);
    await broker.registry.deleteVersion('orders', 2);
    expect(await used('orders.a')).toBe(v1.schemaId);
    // The older one does not know what the newer one has.
    expect(await publish(broker, 'orders.a', '{"id":"a","note":"n"}')).toMatchObject({
      status: 400,
      reply: { code: 'INVALID_ARGUMENT', message: expect.stringContaining('note') },
    });
    const deleted = await publish(broker, `orders.a?schema=${v2.schemaId}`, '{"id":"a"}');
    expect(deleted).toMatchObject({ status: 422, reply: { code: 'CONTRACT_VIOLATION' } });
  });

  it('transcodes for a subject without a contract too when it is told the schema', async () => {
    const broker = await fixture.broker(transport);
    const { schemaId } = await registerOrders(broker);
    const subscriber = await fixture.raw(broker.url);
    await subscriber.subscribe(1, 'free');
    expect(await publish(broker, `free?schema=${schemaId}`, '{"id":"a"}')).toMatchObject({ status: 200 });
    await subscriber.settle();
    const [frame] = subscriber.frames;
    expect([frame!.contentType, toHex(frame!.schemaId!)]).toEqual([ContentType.flatbuffer, schemaId]);
  });

  it('takes a large body, which the worker pool transcodes and verifies, in order with small ones', async () => {
    const broker = await fixture.broker(transport, { offloadBytes: 4096 });
    await registerOrders(broker);
    const subscriber = await fixture.raw(broker.url);
    await subscriber.subscribe(1, 'orders.a');
    const items = Array.from({ length: 50_000 }, (_, count) => ({ sku: `sku-${count}`, count }));
    const large = await publish(broker, 'orders.a', JSON.stringify({ id: 'large', items }));
    const small = await publish(broker, 'orders.a', '{"id":"small"}');
    expect([large.status, small.status]).toEqual([200, 200]);
    await subscriber.settle();
    const sizes = subscriber.frames.map(({ payload }) => payload.length > 1_000_000);
    expect(sizes).toEqual([true, false]);
  });

  it('carries the trace of the request', async () => {
    const broker = await fixture.broker(transport);
    const subscriber = await fixture.raw(broker.url);
    await subscriber.subscribe(1, 'a');
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    await publish(broker, 'a', '1', {
      ...{ 'Content-Type': 'application/json', traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
      ...{ tracestate: 'vendor=1', baggage: 'user=7' },
    });
    await subscriber.settle();
    const [frame] = subscriber.frames;
    expect(toHex(frame!.traceId)).toBe(traceId);
    expect([frame!.traceFlags, frame!.tracestate, frame!.baggage]).toEqual([1, 'vendor=1', 'user=7']);
  });

  it.each([
    ['a', '{"a":', {}, 'INVALID_ARGUMENT', 'got the end of the text (at byte 5)'],
    ['orders.a', '{"id":"a","items":[{"count":1}]}', {}, 'INVALID_ARGUMENT', 'items[0].sku'],
    ['a?schema=1', '1', {}, 'INVALID_ARGUMENT', 'query schema'],
    [`a?schema=${'0'.repeat(32)}`, '1', {}, 'NOT_FOUND', 'no such schema'],
    ['a?shema=1', '1', {}, 'INVALID_ARGUMENT', 'expected parameters schema'],
    ['a..b', '1', {}, 'INVALID_ARGUMENT', 'not a subject'],
    ['a/b%', '1', {}, 'INVALID_ARGUMENT', 'percent-encoded'],
    ['', '1', {}, 'INVALID_ARGUMENT', 'not a subject'],
    ['$quarantine.a', '1', {}, 'PERMISSION_DENIED', 'reserved subject'],
    ['orders.a', 'bytes', BYTES, 'CONTRACT_VIOLATION', 'no schema id'],
    ['a', 'x'.repeat(9 * 1024 * 1024), BYTES, 'RESOURCE_EXHAUSTED', 'maxFrameBytes'],
  ] as const)('refuses %s with what is wrong: %#', async (target, body, headers, code, message) => {
    const broker = await fixture.broker(transport);
    await registerOrders(broker);
    const all = { 'Content-Type': 'application/json', ...headers };
    const { status, reply } = await publish(broker, target, body, all);
    expect([reply.code, status]).toEqual([code, ERRORS[code as ErrorCode].httpStatus]);
    expect(reply.message).toContain(message);
    expect(broker.stats().frames).toBe(0);
  });

  it('is refused while the broker drains: surely not published', async () => {
    const broker = await fixture.broker(transport, { drainMs: 60_000 });
    // Keeps the broker draining.
    const client = await fixture.raw(broker.url);
    const socket = await openPublish(broker.port);
    const drained = broker.drain();
    socket.write('1');
    await once(socket, 'data').then(([chunk]) => {
      expect(String(chunk)).toMatch(/^HTTP\/1.1 503 /);
      expect(String(chunk)).toContain('REJECTED');
    });
    expect(broker.stats().frames).toBe(0);
    client.control({ type: 'goodbye', code: 14, message: 'done', graceMs: 0 });
    await drained;
  });
});
