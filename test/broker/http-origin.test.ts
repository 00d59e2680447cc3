import { describe, expect, it } from 'vitest';
import { readHead } from '../../src/broker/http-message.js';
import { AllowedOrigins, isOrigin } from '../../src/broker/http-origin.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { ask, HANDSHAKE } from '../support/broker-http.js';
import { registerOrders } from '../support/order-schemas.js';

const fixture = new BrokerFixture();

interface Headers {
  readonly origin?: string;
  readonly host?: string;
}

function check(method: string, headers: Headers, origins: readonly string[] = []): void {
  new AllowedOrigins(origins).check(readHead(method, '/', '', (name) => headers[name as 'origin' | 'host']));
}

/** Whether a WebSocket handshake is let through. */
function connects({ origin = '', host = '' }: Headers, origins: readonly string[] = []): boolean {
  return new AllowedOrigins(origins).refuseHandshake({ origin, host }) === undefined;
}

describe('allowed origins', () => {
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
    expect(connects(headers)).toBe(true);
  });

  it.each([
    [{ origin: 'null', host: 'broker' }],
    [{ origin: 'http://elsewhere', host: 'broker' }],
    [{ origin: 'http://broker:8080', host: 'broker:7300' }],
    [{ origin: 'http://broker' }],
    [{ origin: 'http://broker.elsewhere', host: 'broker' }],
    [{ origin: 'file://', host: '' }],
    [{ origin: '//', host: '' }],
  ])('refuse pages of other origins: %j', (headers) => {
    expect(connects(headers)).toBe(false);
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      expect(() => check(method, headers)).toThrow(/^a page of another origin: /);
    }
    // What they could read, browsers keep from them.
    for (const method of ['GET', 'HEAD']) expect(() => check(method, headers)).not.toThrow();
    expect(connects(headers, ['*'])).toBe(true);
    expect(() => check('POST', headers, ['https://else', '*'])).not.toThrow();
  });

  it.each([
    ['https://app.example', 'https://app.example', true],
    ['HTTPS://App.Example:443', 'https://app.example', true],
    ['https://app.example:8443', 'https://app.example:8443', true],
    ['app://main', 'app://main', true],
    ['https://app.example', 'http://app.example', false],
    ['https://app.example', 'https://app.example:8443', false],
    ['https://app.example', 'https://app.example.evil', false],
    ['https://app.example', 'https://other.app.example', false],
  ])('with %s on the list let through %s: %s', (listed, origin, isLetThrough) => {
    const headers = { origin, host: 'broker:7300' };
    expect(connects(headers, ['http://first', listed])).toBe(isLetThrough);
    const post = () => check('POST', headers, [listed]);
    if (isLetThrough) expect(post).not.toThrow();
    else expect(post).toThrow(/^a page of another origin: .*allowedOrigins/);
  });

  it('are a scheme and a host, with a port or without, or *', () => {
    for (const text of ['*', 'http://a', 'https://a.b:1', 'http://[::1]:7300'])
      expect(isOrigin(text)).toBe(true);
    for (const text of [
      ...[
        '',
        'null',
        'a',
        'a:1',
        '//a',
        'http://',
        'http://a/',
        'http://a/b',
        'http://a?b',
        'http://u@a',
        'http://*.a',
      ],
      ...['http://a,http://b', ' http://a', 'http://a:99999', 7, undefined],
    ]) {
      expect([text, isOrigin(text)]).toEqual([text, false]);
    }
  });
});

describe('allowedOrigins of a broker', () => {
  it('are refused when they are none', async () => {
    for (const allowedOrigins of [['http://a/b'], 'http://a', [7]]) {
      const started = fixture.broker('ws', {}, { allowedOrigins: allowedOrigins as string[] });
      await expect(started).rejects.toThrow(/^allowedOrigins is not valid/);
    }
  });
});

describe.each(TRANSPORTS)('a page of another origin, over %s', (transport) => {
  const Origin = 'https://elsewhere.example';

  it('cannot connect, unless it is on the list or all are allowed', async () => {
    const handshake = (port: number, more: Record<string, string>) =>
      ask(port, '/', { headers: { ...HANDSHAKE, ...more } });
    const { port } = await fixture.broker(transport);
    const refused = await handshake(port, { Origin });
    expect([refused.status, refused.headers['content-type']]).toEqual([403, 'text/plain']);
    expect(refused.body).toMatch(
      /^PERMISSION_DENIED: a page of another origin: .*got "https:\/\/elsewhere.example"; add it to allowedOrigins.*\n$/,
    );
    // Nobody is let in by what else is right or wrong with the handshake.
    expect((await handshake(port, { Origin, 'Sec-WebSocket-Protocol': 'other' })).status).toBe(403);
    expect((await handshake(port, { Origin: 'null' })).status).toBe(403);
    expect((await handshake(port, { Origin: `http://127.0.0.1:${port}` })).status).toBe(101);
    expect((await handshake(port, {})).status).toBe(101);
    for (const allowedOrigins of [['https://other.example', Origin], ['*']]) {
      const { port } = await fixture.broker(transport, {}, { allowedOrigins });
      expect((await handshake(port, { Origin })).status).toBe(101);
      const asked = { method: 'POST', headers: { Origin, 'Content-Type': 'application/json' }, body: '1' };
      expect((await ask(port, '/v1/publish/a', asked)).status).toBe(200);
    }
  });

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
