import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { registerOrders } from '../support/order-schemas.js';

const fixture = new BrokerFixture();
const JSON_HEADERS = { 'Content-Type': 'application/json' };

interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function post(
  port: number,
  path: string,
  body: string | Uint8Array,
  headers: Record<string, string> = JSON_HEADERS,
): Promise<Reply> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers,
    body: body as BodyInit,
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

describe.each(TRANSPORTS)('HTTP with bodies over %s', (transport) => {
  it('publishes JSON as a payload of the contract, and answers with its place', async () => {
    const broker = await fixture.broker(transport);
    const orders = await registerOrders(broker);
    const subscriber = await fixture.raw(broker.url);
    await subscriber.subscribe(1, 'orders.*');
    const order = { id: 'o-7', total: 12.5, items: [{ sku: 'x', count: 3 }] };
    const { status, body } = await post(broker.port, '/v1/publish/orders.eu', JSON.stringify(order));
    expect(status).toBe(200);
    expect(body).toMatchObject({ subject: 'orders.eu', sequence: 1, schemaId: orders.schemaId });
    await subscriber.settle();
    const [frame] = subscriber.frames;
    expect(frame!.contentType).toBe(1);
    expect(Buffer.from(frame!.payload).includes('o-7')).toBe(true);
  });

  it.each([
    ['{"id":"a","total":"much"}', 400, /total/],
    ['{"total":1}', 400, /id/],
    ['{"id":"a","nonsense":1}', 400, /nonsense/],
    ['{"id":', 400, /JSON/],
    ['[]', 400, /./],
  ])('refuses %s for a contract, with the place', async (text, status, message) => {
    const broker = await fixture.broker(transport);
    await registerOrders(broker);
    const answer = await post(broker.port, '/v1/publish/orders.eu', text);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(answer.body.message).toMatch(message);
    expect(broker.stats().frames).toBe(0);
  });

  it('publishes JSON as it is where there is no contract, and bytes of a schema when told which', async () => {
    const broker = await fixture.broker(transport);
    const orders = await registerOrders(broker);
    const subscriber = await fixture.raw(broker.url);
    await subscriber.subscribe(1, '>');
    expect((await post(broker.port, '/v1/publish/free', '{"a":1}')).status).toBe(200);
    expect((await post(broker.port, '/v1/publish/free', '{"a":')).status).toBe(400);
    const bytes = { 'Content-Type': 'application/octet-stream' };
    const path = `/v1/publish/orders.eu?schema=${orders.schemaId}`;
    expect((await post(broker.port, path, orders.payload, bytes)).status).toBe(200);
    expect((await post(broker.port, path, orders.payload.subarray(0, 20), bytes)).status).toBe(422);
    expect((await post(broker.port, '/v1/publish/free', 'x', { 'Content-Type': 'text/plain' })).status).toBe(
      415,
    );
    expect((await post(broker.port, '/v1/publish/a..b', '{}')).status).toBe(400);
    await subscriber.settle();
    expect(subscriber.frames.map(({ subject }) => subject)).toEqual(['free', 'orders.eu']);
    expect(subscriber.frames[0]!.json()).toEqual({ a: 1 });
  });

  it('refuses a body larger than maxHttpBodyBytes, and goes on', async () => {
    const broker = await fixture.broker(transport, { maxHttpBodyBytes: 4096 });
    const large = JSON.stringify('x'.repeat(5000));
    const answer = await post(broker.port, '/v1/publish/free', large).catch(() => undefined);
    // A client that still sends may find the connection closed before it reads the answer.
    if (answer !== undefined) expect(answer.status).toBe(413);
    expect((await post(broker.port, '/v1/publish/free', '1')).status).toBe(200);
  });

  it('refuses more than maxHttpRequests at once, and has room again when they are done', async () => {
    const broker = await fixture.broker(transport, { maxHttpRequests: 2 });
    const slow = [0, 1].map(() => {
      const socket = connect({ host: '127.0.0.1', port: broker.port });
      socket.on('error', () => undefined);
      socket.write(
        'POST /v1/publish/free HTTP/1.1\r\nHost: b\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n12',
      );
      return socket;
    });
    const status = async () => (await post(broker.port, '/v1/publish/free', '1')).status;
    await eventually('a refusal', async () => (await status()) === 503);
    // Orchestrators that ask for its health must not take it for dead.
    expect((await fetch(`http://127.0.0.1:${broker.port}/healthz`)).status).toBe(200);
    for (const socket of slow) socket.destroy();
    await eventually('room', async () => (await status()) === 200);
  });

  it('gives up a body that does not come', async () => {
    const broker = await fixture.broker(transport, { silenceMs: 300, heartbeatMs: 100 });
    const socket = connect({ host: '127.0.0.1', port: broker.port });
    let answer = '';
    socket.on('data', (chunk) => {
      answer += String(chunk);
    });
    socket.on('error', () => undefined);
    socket.write('POST /v1/publish/free HTTP/1.1\r\nHost: b\r\nContent-Length: 9\r\n\r\n12');
    await eventually('the answer', () => answer.startsWith('HTTP/1.1 408'));
    socket.destroy();
  });

  it('serves the contracts', async () => {
    const broker = await fixture.broker(transport);
    await registerOrders(broker);
    const answer = await fetch(`http://127.0.0.1:${broker.port}/v1/contracts`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ contracts: [{ name: 'orders', level: 'BACKWARD' }] });
  });
});
