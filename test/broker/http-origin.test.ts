import { describe, expect, it } from 'vitest';
import { readHead } from '../../src/broker/http-message.js';
import { checkOrigin } from '../../src/broker/http-origin.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { ask } from '../support/broker-http.js';
import { registerOrders } from '../support/order-schemas.js';

const fixture = new BrokerFixture();

function check(method: string, headers: { origin?: string; host?: string }): void {
  checkOrigin(readHead(method, '/', '', (name) => headers[name as 'origin' | 'host']));
}

describe('checkOrigin', () => {
  it.each([
    [{}],
    [{ host: 'broker:7300' }],
    [{ origin: 'http://broker:7300', host: 'broker:7300' }],
    [{ origin: 'https://broker', host: 'broker' }],
    [{ origin: 'https://broker', host: 'broker:443' }],
    [{ origin: 'http://broker', host: 'BROKER:80' }],
    [{ origin: 'http://[::1]:7300', host: '[::1]:7300' }],
  ])('lets programs and pages of the same host through: %j', (headers) => {
    expect(() => check('POST', headers)).not.toThrow();
  });

  it.each([
    [{ origin: 'null', host: 'broker' }],
    [{ origin: 'http://elsewhere', host: 'broker' }],
    [{ origin: 'http://broker:8080', host: 'broker:7300' }],
    [{ origin: 'http://broker' }],
    [{ origin: 'http://broker.elsewhere', host: 'broker' }],
    [{ origin: 'file://', host: '' }],
    [{ origin: '//', host: '' }],
  ])('refuses pages of other origins: %j', (headers) => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      expect(() => check(method, headers)).toThrow(/^a page of another origin: /);
    }
    // What they could read, browsers keep from them.
    for (const method of ['GET', 'HEAD']) expect(() => check(method, headers)).not.toThrow();
  });
});

describe.each(TRANSPORTS)('a page of another origin, over %s', (transport) => {
  const Origin = 'https://elsewhere.example';

  it('cannot change a contract, publish, or read an answer', async () => {
    const broker = await fixture.broker(transport);
    await registerOrders(broker);
    await broker.registry.deleteVersion('orders', 1);
    const before = broker.registry.contracts();
    // What a page may send without asking first: no content type but these, and no method but POST.
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      for (const path of ['contracts/orders/versions/1/restore', 'contracts/orders/versions', 'publish/a']) {
        const asked = { method: 'POST', headers: { Origin, 'Content-Type': type }, body: '{}' };
        expect(await ask(broker.port, `/v1/${path}`, asked)).toMatchObject({ status: 403 });
      }
    }
    // And its question whether it may send something else.
    const headers = { Origin, 'Access-Control-Request-Method': 'PUT' };
    const preflight = await ask(broker.port, '/v1/bindings', { method: 'OPTIONS', headers });
    const read = await ask(broker.port, '/v1/contracts', { headers: { Origin } });
    for (const answer of [preflight, read]) {
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    expect(preflight.status).toBeGreaterThanOrEqual(400);
    expect(broker.registry.contracts()).toEqual(before);
    expect(broker.stats().frames).toBe(0);
  });
});
