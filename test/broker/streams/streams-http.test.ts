import { describe, expect, it } from 'vitest';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { ask } from '../../support/broker-http.js';
import { errorOf, JSON_BODY } from '../../support/http-calls.js';

const fixture = new BrokerFixture();

const ORDERS = { name: 'orders', filters: ['orders.>'], storage: 'memory' } as const;

interface PageJson {
  readonly records: { readonly offset: number; readonly subject: string; readonly payload: unknown }[];
  readonly damaged: unknown[];
  readonly next: number;
  readonly lastOffset: number;
}

describe.each(TRANSPORTS)('/v1/streams over %s', (transport) => {
  async function scene() {
    const broker = await fixture.broker(transport);
    const client = await fixture.client(broker.url);
    const send = (method: string, path: string, value?: unknown) =>
      ask(broker.port, `/v1/streams${path}`, {
        method,
        ...(value !== undefined && { body: JSON.stringify(value), headers: { ...JSON_BODY } }),
      });
    const json = async (method: string, path: string, value?: unknown) => {
      const { status, body } = await send(method, path, value);
      return [status, JSON.parse(body)] as const;
    };
    const page = async (query: string) => {
      const [status, answer] = await json('GET', `/orders/records?${query}`);
      if (status !== 200) throw new Error(JSON.stringify(answer));
      return answer as PageJson;
    };
    return { broker, client, send, json, page };
  }

  it('creates, lists, shows, changes, purges, verifies and removes', async () => {
    const { client, json } = await scene();
    const [status, made] = await json('POST', '', ORDERS);
    expect([status, made.config.name]).toEqual([201, 'orders']);
    for (const text of ['1', '2', '3']) await client.publish('orders.a', text, { ack: true });
    expect(await json('GET', '')).toMatchObject([200, { streams: [{ info: { records: 3 } }] }]);
    expect(await json('GET', '/orders')).toMatchObject([200, { info: { lastOffset: 3 } }]);
    const bounds = { retention: { maxRecords: 2 } };
    expect(await json('PATCH', '/orders', bounds)).toMatchObject([200, { config: bounds }]);
    expect(await json('POST', '/orders/purge', { before: 3 })).toEqual([200, { removed: 1 }]);
    const whole = { records: 1, damaged: [], next: null, lastOffset: 3 };
    expect(await json('POST', '/orders/verify')).toMatchObject([200, whole]);
    expect(await json('POST', '/orders/verify', { from: 4 })).toMatchObject([200, { records: 0 }]);
    expect(await json('POST', '/orders/purge')).toEqual([200, { removed: 1 }]);
    expect((await json('DELETE', '/orders'))[0]).toBe(200);
    expect((await json('GET', '/orders'))[0]).toBe(404);
  });

  it('reads records page by page, from an offset or a time, of some subjects', async () => {
    const { client, json, page } = await scene();
    await json('POST', '', ORDERS);
    for (let n = 1; n <= 9; n++) {
      const payload = n === 9 ? new Uint8Array([1, 2, 255]) : { n, long: 12345678901234567890n.toString() };
      await client.publish(`orders.${'abc'[n % 3]}`, payload, { ack: true });
    }
    const first = await page('count=4');
    expect(first.records.map(({ offset }) => offset)).toEqual([1, 2, 3, 4]);
    expect(first.records[0]).toMatchObject({
      ...{ offset: 1, subject: 'orders.b', sequence: 1, kind: 'message', contentType: 'json' },
      payload: { n: 1 },
    });
    expect(first).toMatchObject({ damaged: [], next: 5, lastOffset: 9 });
    const rest = await page(`from=${first.next}`);
    expect(rest.records.map(({ offset }) => offset)).toEqual([5, 6, 7, 8, 9]);
    expect(rest.records.at(-1)!.payload).toEqual({ base64: 'AQL/' });
    expect(rest.next).toBe(10);
    expect((await page('from=10')).records).toEqual([]);
    const ofA = await page('filter=orders.a&count=2');
    expect(ofA.records.map(({ offset }) => offset)).toEqual([3, 6]);
    expect((await page(`filter=orders.a&from=${ofA.next}`)).records.map(({ offset }) => offset)).toEqual([9]);
    expect((await page('from=2026-01-01')).records.length).toBe(9);
    expect((await page('from=2999-01-01T00:00:00Z')).records).toEqual([]);
  });

  it('has its consumers below it', async () => {
    const { json } = await scene();
    await json('POST', '', ORDERS);
    const path = '/orders/consumers';
    const made = await json('POST', path, { name: 'billing', ackWaitMs: 5_000 });
    const config = { name: 'billing', stream: 'orders', ackWaitMs: 5_000 };
    expect(made).toMatchObject([201, { config }]);
    expect(await json('GET', path)).toMatchObject([200, { consumers: [{ config }] }]);
    expect(await json('PUT', `${path}/billing`, { ackWaitMs: 7_000 })).toMatchObject([
      ...[200, { config: { ...config, ackWaitMs: 7_000 } }],
    ]);
    expect((await json('POST', `${path}/billing/pause`))[0]).toBe(200);
    expect((await json('POST', `${path}/billing/resume`))[0]).toBe(200);
    expect((await json('GET', `${path}/billing`))[0]).toBe(200);
    expect((await json('DELETE', `${path}/billing`))[0]).toBe(200);
    expect((await json('GET', `${path}/billing`))[0]).toBe(404);
    const body = { name: 'other', stream: 'elsewhere' };
    expect(await json('POST', path, body)).toMatchObject([400, { code: 'INVALID_ARGUMENT' }]);
  });

  it('refuses what is not valid', async () => {
    const { json, send } = await scene();
    await json('POST', '', ORDERS);
    const refused = async (method: string, path: string, value?: unknown) => {
      const [status, code, message] = errorOf(await send(method, path, value));
      return `${status} ${code} ${message}`;
    };
    expect(await refused('POST', '')).toMatch(/^415/);
    expect(await refused('POST', '', [])).toMatch(/^400 .*an object/);
    expect(await refused('POST', '', ORDERS)).toMatch(/^409 ALREADY_EXISTS/);
    expect(await refused('PATCH', '/orders', { name: 'other' })).toMatch(/^400 .*in the path alone/);
    expect(await refused('PATCH', '/orders', { kinds: ['reply'] })).toMatch(/^400 .*unknown-member/);
    for (const query of ['from=0', 'from=soon', 'count=0', 'count=1001', 'filter=a..b', 'where=1']) {
      expect(await refused('GET', `/orders/records?${query}`)).toMatch(/^400 INVALID_ARGUMENT/);
    }
    expect(await refused('GET', '/orders/export?to=never')).toMatch(/^400/);
    expect(await refused('POST', '/orders/import', {})).toMatch(/^415/);
    expect(await refused('GET', '/nothing/records')).toMatch(/^404 NOT_FOUND/);
    expect(await refused('PUT', '/orders')).toMatch(/^405/);
    expect(await refused('GET', '/orders/nothing')).toMatch(/^404 .*purge/);
    const page = { Origin: 'https://elsewhere.example', ...JSON_BODY };
    const { broker } = await scene();
    const foreign = await ask(broker.port, '/v1/streams', { method: 'POST', headers: page, body: '{}' });
    expect(foreign.status).toBe(403);
  });
});
