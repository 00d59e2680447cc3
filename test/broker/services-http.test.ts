import { describe, expect, it } from 'vitest';
import type { ServiceInfo } from '../../src/broker/calls/service-infos.js';
import { toHex } from '../../src/codec/message-id.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { ask } from '../support/broker-http.js';
import * as calls from '../support/raw-calls.js';

const fixture = new BrokerFixture();

const READS = new Uint8Array(16).fill(7);

async function services(port: number): Promise<ServiceInfo[]> {
  const { status, body } = await ask(port, '/v1/services');
  expect(status).toBe(200);
  return (JSON.parse(body) as { services: ServiceInfo[] }).services;
}

describe.each(TRANSPORTS)('GET /v1/services over %s', (transport) => {
  it('tells who serves what, in order, and forgets who has left', async () => {
    const broker = await fixture.broker(transport);
    expect(await services(broker.port)).toEqual([]);
    const [first, second] = [await fixture.raw(broker.url), await fixture.raw(broker.url)];
    await calls.serve(first, { subject: 'b' });
    await calls.serve(second, { subject: 'b' });
    await calls.serve(first, { service: 2, subject: 'b', group: 'a' });
    await calls.serve(first, { service: 3, subject: 'a', policy: 2 });
    const found = await services(broker.port);
    expect(found.map(({ subject, group, policy }) => [subject, group, policy])).toEqual([
      ['a', '', 'consistent-hash'],
      ['b', '', 'least-outstanding'],
      ['b', 'a', 'least-outstanding'],
    ]);
    expect(found.map(({ instances }) => instances.length)).toEqual([1, 2, 1]);
    first.control({ type: 'unserve', service: 1 });
    await first.next('unserved');
    await second.close();
    await expect.poll(async () => (await services(broker.port)).length).toBe(2);
  });

  it('knows percentiles of latency once there are enough calls', async () => {
    const broker = await fixture.broker(transport);
    const [worker, caller] = [await fixture.raw(broker.url), await fixture.raw(broker.url)];
    await calls.serve(worker, { concurrency: 100 });
    for (let number = 0; number < 32; number++) calls.request(caller);
    await calls.nextHanded(worker, 32);
    for (const asked of calls.handed(worker)) calls.reply(worker, asked);
    await worker.settle();
    const [group] = await services(broker.port);
    expect(group!.medianMs).toBeGreaterThan(0);
    expect(group!.p99Ms).toBeGreaterThanOrEqual(group!.medianMs!);
    expect(group).toMatchObject({ handed: 32, replied: 32, failed: 0, waiting: 0 });
  });

  it('tells of each version who serves it, what it has and what it does', async () => {
    const broker = await fixture.broker(transport);
    const caller = await fixture.raw(broker.url);
    const workers = await Promise.all([1, 2, 3, 4].map(() => fixture.raw(broker.url)));
    for (const [index, version] of ['1.10.0', '1.9.0', '', '1.9.0'].entries()) {
      await calls.serve(workers[index]!, { version, concurrency: 2, reads: version === '' ? [READS] : [] });
    }
    workers[3]!.control({ type: 'capacity', service: 1, concurrency: 2, ready: false });
    for (const range of ['1.10.x', '1.10.x', '1.9.x']) {
      calls.request(caller, 's', { headers: [['modwire-version', range]] });
    }
    const [first, second] = [await calls.nextHanded(workers[0]!), await calls.nextHanded(workers[0]!, 2)];
    calls.reply(workers[0]!, first);
    calls.fail(workers[0]!, second);
    await calls.nextHanded(workers[1]!);
    await workers[0]!.settle();
    const none = { perSecond: expect.any(Number), medianMs: null, p99Ms: null };
    const [group] = await services(broker.port);
    expect(group!.versions).toEqual([
      {
        version: '',
        instances: 1,
        concurrency: 2,
        outstanding: 0,
        handed: 0,
        replied: 0,
        failed: 0,
        ...none,
      },
      {
        version: '1.9.0',
        instances: 2,
        concurrency: 2,
        outstanding: 1,
        handed: 1,
        replied: 0,
        failed: 0,
        ...none,
      },
      {
        version: '1.10.0',
        instances: 1,
        concurrency: 2,
        outstanding: 0,
        handed: 2,
        replied: 1,
        failed: 1,
        ...none,
      },
    ]);
    expect(group).toMatchObject({ handed: 3, replied: 1, failed: 1 });
    expect(group!.instances.map(({ reads }) => reads)).toEqual([[], [], [toHex(READS)], []]);
    await workers[0]!.close();
    const remaining = async () => (await services(broker.port))[0]!.versions.map(({ version }) => version);
    await expect.poll(remaining).toEqual(['', '1.9.0']);
  });

  it('shows a worker that is ejected', async () => {
    const broker = await fixture.broker(transport);
    const bad = await fixture.raw(broker.url, { name: 'bad' });
    const good = await fixture.raw(broker.url, { name: 'good' });
    const caller = await fixture.raw(broker.url);
    await calls.serve(bad, { concurrency: 5, policy: 1 });
    for (let number = 0; number < 5; number++) calls.request(caller);
    await calls.nextHanded(bad, 5);
    await calls.serve(good, { policy: 1 });
    for (const asked of calls.handed(bad)) calls.fail(bad, asked);
    await bad.settle();
    const [group] = await services(broker.port);
    expect(group!.instances.map(({ client, ejected, failed }) => [client, ejected, failed])).toEqual([
      ['bad', true, 5],
      ['good', false, 0],
    ]);
  });

  it('answers other methods with 405, and parameters with 400', async () => {
    const { port } = await fixture.broker(transport);
    expect(await ask(port, '/v1/services', { method: 'DELETE' })).toMatchObject({ status: 405 });
    expect(await ask(port, '/v1/services?a=1')).toMatchObject({ status: 400 });
    expect(await ask(port, '/v1/services', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
  });
});
