import { Agent } from 'node:http';
import { describe, expect, it } from 'vitest';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { ask } from '../support/broker-http.js';

const fixture = new BrokerFixture();

describe.each(TRANSPORTS)('plain HTTP over %s', (transport) => {
  it.each(['/healthz', '/readyz', '/readyz?verbose=1'])('%s says that all is well', async (path) => {
    const broker = await fixture.broker(transport);
    const answer = await ask(broker.port, path);
    expect(answer).toMatchObject({ status: 200, reason: 'OK', body: '{"status":"ok"}\n' });
    expect(answer.headers['content-type']).toBe('application/json');
  });

  it('HEAD is answered as GET, without a body, and the connection serves the next request', async () => {
    const broker = await fixture.broker(transport);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    fixture.closing({ close: async () => agent.destroy() });
    for (let round = 0; round < 3; round++) {
      expect(await ask(broker.port, '/healthz', { method: 'HEAD', agent })).toMatchObject({
        status: 200,
        body: '',
      });
      expect((await ask(broker.port, '/healthz', { agent })).body).toBe('{"status":"ok"}\n');
    }
  });

  it('another path is not found, and the answer says what there is', async () => {
    const broker = await fixture.broker(transport);
    const answer = await ask(broker.port, '/metrics/x');
    expect(answer).toMatchObject({ status: 404, reason: 'Not Found' });
    expect(JSON.parse(answer.body)).toEqual({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/^nothing at \/metrics\/x: expected one of \/healthz, /),
    });
  });

  it('another method is refused', async () => {
    const broker = await fixture.broker(transport);
    const answer = await ask(broker.port, '/healthz', { method: 'POST' });
    expect(answer.status).toBe(405);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('a draining broker is alive but not ready, for who is connected already', async () => {
    const broker = await fixture.broker(transport, { drainMs: 5_000 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    fixture.closing({ close: async () => agent.destroy() });
    // Keeps the broker draining.
    const client = await fixture.raw(broker.url);
    expect((await ask(broker.port, '/readyz', { agent })).status).toBe(200);
    const pending = ask(broker.port, '/readyz', { agent });
    const drained = broker.drain();
    // The listening socket goes at once; what this connection gets depends on who is faster.
    const answer = await pending.catch(() => undefined);
    if (answer !== undefined) expect([200, 503]).toContain(answer.status);
    client.control({ type: 'goodbye', code: 14, message: 'done', graceMs: 0 });
    await drained;
  });
});
