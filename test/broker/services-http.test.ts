import { describe, expect, it } from 'vitest';
import type { ServiceInfo } from '../../src/broker/calls/service-infos.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { ask } from '../support/broker-http.js';
import * as calls from '../support/raw-calls.js';

const fixture = new BrokerFixture();

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
