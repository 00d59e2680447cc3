import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../../../src/version.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { ask } from '../../support/broker-http.js';
import * as calls from '../../support/raw-calls.js';

const fixture = new BrokerFixture();

async function get(port: number, path: string, method = 'GET'): Promise<[status: number, body: unknown]> {
  const { status, body } = await ask(port, `/v2${path}`, { method });
  return [status, body === '' ? '' : JSON.parse(body)];
}

/** A request for health whose body of one byte is still to come: its connection is open when no others are taken. */
async function begin(port: number, health: string): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  fixture.closing({ close: async () => socket.destroy() });
  socket.write('GET /v2/health/live HTTP/1.1\r\nHost: b\r\n\r\n');
  await once(socket, 'data');
  socket.write(`GET /v2/health/${health} HTTP/1.1\r\nHost: b\r\nContent-Length: 1\r\n\r\n`);
  // Answered after what came before it on another connection: the head has been read.
  await ask(port, '/healthz');
  return socket;
}

async function finish(socket: Socket): Promise<string> {
  socket.write('1');
  const [chunk] = await once(socket, 'data');
  return String(chunk);
}

describe.each(TRANSPORTS)('GET /v2 over %s', (transport) => {
  it('tells of the server and its health', async () => {
    const { port } = await fixture.broker(transport, {}, { name: 'edge' });
    const server = { name: 'edge', version: VERSION, extensions: ['binary_tensor_data'] };
    expect(await get(port, '')).toEqual([200, server]);
    expect(await get(port, '/')).toEqual([200, server]);
    expect(await get(port, '/health/live')).toEqual([200, { live: true }]);
    expect(await get(port, '/health/ready')).toEqual([200, { ready: true }]);
    expect(await get(port, '/health/ready', 'HEAD')).toEqual([200, '']);
  });

  it('is live and not ready while the broker drains', async () => {
    const broker = await fixture.broker(transport, { drainMs: 60_000 });
    // Keeps the broker draining.
    const client = await fixture.raw(broker.url);
    const [ready, live] = [await begin(broker.port, 'ready'), await begin(broker.port, 'live')];
    const drained = broker.drain();
    expect(await finish(ready)).toMatch(/^HTTP\/1.1 503 .*\{"ready":false\}\n$/s);
    expect(await finish(live)).toMatch(/^HTTP\/1.1 200 .*\{"live":true\}\n$/s);
    client.control({ type: 'goodbye', code: 14, message: 'done', graceMs: 0 });
    await drained;
  });

  it('knows models by who serves them, and their versions', async () => {
    const broker = await fixture.broker(transport);
    const [worker, other] = [await fixture.raw(broker.url), await fixture.raw(broker.url)];
    expect((await get(broker.port, '/models/m'))[0]).toBe(404);
    await calls.serve(worker, { subject: 'models.m.infer', version: '1.2.0' });
    await calls.serve(other, { subject: 'models.m.infer', version: '1.3.0' });
    await calls.serve(other, { service: 2, subject: 'models.m.versions.7.infer' });
    const known = { platform: 'modwire', inputs: [], outputs: [] };
    expect(await get(broker.port, '/models/m')).toEqual([
      200,
      { name: 'm', versions: ['1.2.0', '1.3.0', '7'], ...known },
    ]);
    expect(await get(broker.port, '/models/m/versions/7')).toEqual([
      200,
      { name: 'm', versions: ['7'], ...known },
    ]);
    for (const path of ['m', 'm/versions/1.2.0', 'm/versions/7']) {
      expect(await get(broker.port, `/models/${path}/ready`)).toEqual([200, { name: 'm', ready: true }]);
    }
    const unknown = { error: expect.stringContaining('no such model') };
    for (const path of ['m/versions/8', 'm/versions/8/ready', 'n', 'n/ready', 'a..b', '%2A']) {
      expect(await get(broker.port, `/models/${path}`)).toEqual([404, unknown]);
    }
  });

  it('is ready for a version as those workers are that say they are of it', async () => {
    const broker = await fixture.broker(transport);
    const [worker, other] = [await fixture.raw(broker.url), await fixture.raw(broker.url)];
    await calls.serve(worker, { subject: 'models.m.infer', version: '1.2.0' });
    await calls.serve(other, { subject: 'models.m.infer', version: '' });
    expect((await get(broker.port, '/models/m/versions/1.3.0/ready'))[0]).toBe(404);
    worker.control({ type: 'capacity', service: 1, concurrency: 1, ready: false });
    await worker.settle();
    expect((await get(broker.port, '/models/m/ready'))[0]).toBe(200);
    expect((await get(broker.port, '/models/m/versions/1.2.0/ready'))[0]).toBe(503);
  });

  it('is not ready for a model whose workers say that they are not', async () => {
    const broker = await fixture.broker(transport);
    const worker = await fixture.raw(broker.url);
    await calls.serve(worker, { subject: 'models.*.infer' });
    expect((await get(broker.port, '/models/any/ready'))[0]).toBe(200);
    worker.control({ type: 'capacity', service: 1, concurrency: 1, ready: false });
    await worker.settle();
    expect(await get(broker.port, '/models/any/ready')).toEqual([503, { name: 'any', ready: false }]);
  });

  it('has the metadata that are served beside a model', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.client(broker.url);
    const inputs = [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }];
    await client.serve('models.m.infer', () => undefined);
    await client.serve('models.m.metadata', (request) => ({
      name: 'other',
      platform: 'onnx',
      inputs,
      of: request.json(),
    }));
    expect(await get(broker.port, '/models/m/versions/2')).toEqual([
      200,
      { name: 'm', versions: ['2'], platform: 'onnx', inputs, outputs: [], of: { name: 'm', version: '2' } },
    ]);
    await client.serve('models.odd.infer', () => undefined);
    await client.serve('models.odd.metadata', () => [1]);
    expect(await get(broker.port, '/models/odd')).toEqual([
      ...[500, { error: expect.stringContaining('models.odd.metadata') }],
    ]);
  });

  it('answers other paths with 404 and other methods with 405, as the protocol has errors', async () => {
    const { port } = await fixture.broker(transport);
    expect(await get(port, '/nothing')).toEqual([404, { error: expect.stringContaining('/v2/nothing') }]);
    expect(await get(port, '/models')).toEqual([404, { error: expect.any(String) }]);
    expect(await get(port, '/models/m/infer')).toEqual([405, { error: expect.stringContaining('POST') }]);
    expect(await get(port, '/models/m', 'DELETE')).toEqual([405, { error: expect.stringContaining('GET') }]);
    expect(await get(port, '/models/%')).toEqual([400, { error: expect.stringContaining('percent') }]);
  });
});
