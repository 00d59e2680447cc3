import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Broker } from '../../src/broker/index.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { type Answer, ask } from '../support/broker-http.js';
import { registerOrders } from '../support/order-schemas.js';

const fixture = new BrokerFixture();

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** What of an answer does not depend on time or chance. */
function essence({ status, reason, headers, body }: Answer): readonly unknown[] {
  const timeless = body
    .replace(/"(registeredAt|epoch)":\d+/g, '"$1":0')
    .replace(/"id":"[0-9a-f-]{36}"/g, '"id":""');
  // Digits of the clock may be more or fewer, but not of what has none.
  const length = timeless === body ? headers['content-length'] : 'varies';
  return [status, reason, headers['content-type'], headers.allow, length, timeless];
}

/** What all brokers answer, in essence. */
async function same(brokers: readonly Broker[], { path, ...asked }: Asked): Promise<readonly unknown[]> {
  const [first, ...others] = await Promise.all(brokers.map(({ port }) => ask(port, path, asked)));
  for (const other of others) expect(essence(other), `${asked.method} ${path}`).toEqual(essence(first!));
  return essence(first!);
}

async function brokers(): Promise<Broker[]> {
  const both: Broker[] = [];
  for (const transport of TRANSPORTS) {
    const broker = await fixture.broker(transport);
    await registerOrders(broker);
    both.push(broker);
  }
  return both;
}

describe.runIf(TRANSPORTS.length === 2)('HTTP over uws and over ws', () => {
  const json = { 'Content-Type': 'application/json' };

  it('has the same answers', async () => {
    const both = await brokers();
    const asked: (Asked & { status: number })[] = [
      { method: 'GET', path: '/', status: 404 },
      { method: 'GET', path: '/healthz?x=%', status: 200 },
      { method: 'DELETE', path: '/healthz', status: 405 },
      { method: 'OPTIONS', path: '/v1/contracts', status: 405 },
      { method: 'GET', path: '/v1/contracts', status: 200 },
      { method: 'HEAD', path: '/v1/contracts', status: 200 },
      { method: 'HEAD', path: '/v1/contracts/none', status: 404 },
      { method: 'HEAD', path: '/v1/publish/a', status: 405 },
      { method: 'GET', path: '/v1/contracts/%6Frders/versions/1?format=bfbs', status: 200 },
      { method: 'HEAD', path: '/v1/contracts/orders/versions/1?format=bfbs', status: 200 },
      { method: 'GET', path: '/v1/contracts/%ff', status: 400 },
      { method: 'GET', path: '/v1//contracts', status: 404 },
      { method: 'GET', path: '/v1/contracts?a=b+c&a=%26', status: 400 },
      { method: 'PUT', path: '/v1/bindings', headers: json, body: '{', status: 400 },
      { method: 'PUT', path: '/v1/bindings', body: '{}', status: 415 },
      { method: 'PUT', path: '/v1/contracts/orders/level', headers: json, body: '', status: 400 },
      { method: 'POST', path: '/v1/publish/orders.a', headers: json, body: '{"id":"a"}', status: 200 },
      { method: 'POST', path: '/v1/publish/orders.a', headers: json, body: '{"id":7}', status: 400 },
      { method: 'POST', path: '/v1/publish/f%C3%BCr', headers: json, body: '"\u00e4"', status: 200 },
      {
        ...{ method: 'POST', path: '/v1/publish/a', body: '1', status: 200 },
        headers: { 'content-type': 'Application/JSON; charset=utf-8' },
      },
      {
        ...{ method: 'POST', path: '/v1/publish/a', body: '1', status: 200 },
        headers: { ...json, 'Transfer-Encoding': 'chunked' },
      },
      {
        ...{ method: 'POST', path: '/v1/contracts/orders/versions/1/restore', status: 403 },
        headers: { Origin: 'https://elsewhere.example' },
      },
    ];
    for (const { status, ...one } of asked) {
      const [got] = await same(both, one);
      expect([one.method, one.path, got]).toEqual([one.method, one.path, status]);
    }
  });

  it('has the same answers to anything', async () => {
    const both = await brokers();
    const part = fc.oneof(
      fc.constantFrom('v1', 'contracts', 'bindings', 'publish', 'orders', 'versions', '1', 'check', 'a.b'),
      fc.string({ maxLength: 6 }).map((text) => encodeURIComponent(text)),
      fc.constantFrom('%', '%2F', '%00', '$x', '*'),
    );
    const query = fc.constantFrom('', '?', '?format=bfbs', '?schema=1', '?a', '?a=1&a=2', '?x=%zz');
    const asked: fc.Arbitrary<Asked> = fc.record({
      method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'),
      path: fc
        .tuple(fc.array(part, { maxLength: 6 }), query)
        .map(([parts, rest]) => `/v1/${parts.join('/')}${rest}`),
      headers: fc.record({
        'Content-Type': fc.constantFrom('application/json', 'application/octet-stream', 'text/plain', ''),
        Origin: fc.constantFrom('', 'null', 'http://elsewhere.example'),
      }),
      body: fc.constantFrom('', '{}', '{"id":"a"}', '[1,2', '"x"', 'x'.repeat(70_000)),
    });
    await fc.assert(
      fc.asyncProperty(asked, async (one) => {
        await same(both, one);
      }),
      { numRuns: 300 },
    );
  });
});
