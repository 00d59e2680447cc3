import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';

const fixture = new BrokerFixture();
const folders: string[] = [];

afterAll(() => {
  for (const one of folders) rmSync(one, { recursive: true });
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'modwire-operations-'));
  folders.push(path);
  return path;
}

const ORDERS = { name: 'orders', filters: ['orders.>'], storage: 'memory' } as const;

describe.each(TRANSPORTS)('the operations of streams over %s', (transport) => {
  async function scene() {
    const broker = await fixture.broker(transport);
    const client = await fixture.client(broker.url);
    return { broker, client, streams: client.streams };
  }

  it('create, describe, list, change, purge and remove', async () => {
    const { client, streams } = await scene();
    const made = await streams.create(ORDERS);
    expect(made).toMatchObject({ config: { ...ORDERS, sync: 'none' }, info: { records: 0, lastOffset: 0 } });
    await streams.create({ ...ORDERS, name: 'bills', filters: ['bills.>'] });
    for (let n = 0; n < 10; n++) await client.publish(`orders.${n % 2}`, String(n), { ack: true });
    const { info } = await streams.info('orders');
    expect(info).toMatchObject({ records: 10, subjects: 2, firstOffset: 1, lastOffset: 10 });
    expect((await streams.list()).map(({ config }) => config.name)).toEqual(['bills', 'orders']);
    expect(await streams.purge('orders', { filter: 'orders.0', keep: 2 })).toBe(3);
    expect(await streams.purge('orders', { before: 3 })).toBe(1);
    const changed = await streams.update('orders', { dedupMs: 5, retention: { maxRecords: 4 } });
    expect(changed.config).toMatchObject({
      dedupMs: 5,
      retention: { maxRecords: 4, maxBytes: made.config.retention.maxBytes },
    });
    // What is too much goes at once, and with every message from now on.
    expect(changed.info.records).toBe(4);
    await client.publish('orders.1', 'more', { ack: true });
    expect((await streams.info('orders')).info).toMatchObject({ records: 4, lastOffset: 11 });
    expect((await streams.remove('orders')).info.records).toBe(4);
    await expect(streams.info('orders')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('refuse what is not valid with its path, and change nothing', async () => {
    const { streams } = await scene();
    await streams.create(ORDERS);
    const before = await streams.info('orders');
    const refused = async (doing: Promise<unknown>) => {
      const error = await doing.then(
        () => undefined,
        (thrown: Error & { code: string }) => thrown,
      );
      return `${error?.code} ${error?.message}`;
    };
    const wrong = (value: unknown) => value as never;
    expect(await refused(streams.create(ORDERS))).toMatch(/^ALREADY_EXISTS/);
    expect(await refused(streams.create(wrong({ name: 'a b', filters: ['a'] })))).toMatch(/name-form.*name/);
    expect(await refused(streams.update('orders', wrong({ filters: ['b'] })))).toMatch(/unknown-member/);
    expect(await refused(streams.update('orders', { retention: wrong(5) }))).toMatch(/value-type.*retention/);
    expect(await refused(streams.update('orders', { retention: wrong({ maxBytes: '1' }) }))).toMatch(
      /value-type.*retention\.maxBytes/,
    );
    expect(await refused(streams.update('orders', { retention: { maxBytes: 0 } }))).toMatch(
      /memory-unbounded/,
    );
    expect(await refused(streams.update('orders', { retention: { maxPerSubject: 1 } }))).toMatch(
      /^FAILED_PRECONDITION/,
    );
    expect(await refused(streams.purge('orders', { before: 0 }))).toMatch(/^INVALID_ARGUMENT.*before/);
    expect(await refused(streams.purge('orders', { filter: 'a..b' }))).toMatch(/^INVALID_ARGUMENT/);
    expect(await refused(streams.purge('nothing', {}))).toMatch(/^NOT_FOUND/);
    expect(await streams.info('orders')).toEqual(before);
  });

  it('are refused under names that are none, with what is no JSON, and without a data directory to write to', async () => {
    const { broker } = await scene();
    const raw = await fixture.raw(broker.url);
    const answer = async (call: number, operation: string, json: string) => {
      raw.control({ type: 'manage', call, operation, json });
      const failure = await raw.next('failure', (one) => one.call === call);
      return [failure.call, failure.message];
    };
    expect(await answer(7, 'streams.frobnicate', '{}')).toEqual([
      7,
      expect.stringContaining('streams.create'),
    ]);
    expect(await answer(8, 'streams.list', '{')).toEqual([8, expect.stringContaining('expected JSON')]);
    const onDisk = JSON.stringify({ name: 'a', filters: ['a'] });
    expect(await answer(9, 'streams.create', onDisk)).toEqual([9, expect.stringContaining('--data-dir')]);
    raw.control({ type: 'manage', call: 10, operation: 'streams.list', json: '' });
    expect(await raw.next('managed')).toMatchObject({ call: 10, json: '{"streams":[]}' });
  });
});

describe('a stream whose bounds were changed', () => {
  it('has them after a restart, and forgets message ids with a window of none', async () => {
    const dataDir = folder();
    const first = await fixture.broker(TRANSPORTS[0]!, {}, { dataDir });
    const client = await fixture.client(first.url);
    await client.streams.create({ name: 'orders', filters: ['orders.>'] });
    const id = new Uint8Array(16).fill(9);
    await client.publish('orders.a', '1', { ack: true, id });
    await client.streams.update('orders', { dedupMs: 0, retention: { maxAgeMs: 3_600_000 } });
    await client.publish('orders.a', '1', { ack: true, id });
    await client.streams.update('orders', { dedupMs: 60_000 });
    await client.publish('orders.a', '2', { ack: true, id });
    const last = { epoch: expect.any(Number), sequence: 3 };
    expect(await client.publish('orders.a', '3', { ack: true, id })).toMatchObject(last);
    const { config, info } = await client.streams.info('orders');
    expect(info.records).toBe(3);
    await client.close();
    await first.close();
    const second = await fixture.broker(TRANSPORTS[0]!, {}, { dataDir });
    expect(second.streams.get('orders')).toMatchObject({ config, info: { records: 3 } });
  });
});
