import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { WorkerPolicy } from '../../../src/codec/generated/modwire/control/worker-policy.js';
import { VERSION_HEADER } from '../../../src/codec/version-header.js';
import { ERRORS } from '../../../src/errors.js';
import type { Limits } from '../../../src/limits.js';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../../support/broker-fixture.js';
import * as calls from '../../support/raw-calls.js';
import type { RawClient } from '../../support/raw-client.js';

const fixture = new BrokerFixture();

/** What a request carries that asks for a range, and by which it is known again: the length of its payload. */
const asking = (range: string, byteLength = 0) => ({
  headers: [[VERSION_HEADER, range]] as const,
  payload: new Uint8Array(byteLength),
});

async function scene(transport: TransportName, limits: Partial<Limits> = {}) {
  const broker = await fixture.broker(transport, limits);
  const caller = await fixture.raw(broker.url, { name: 'caller' });
  /** One request at once unless more is said. */
  const worker = async (version: string, more: Parameters<typeof calls.serve>[1] = {}) => {
    const client = await fixture.raw(broker.url, { name: `worker ${version}` });
    await calls.serve(client, { version, ...more });
    return client;
  };
  const sizesAt = async (client: RawClient) => {
    await caller.settle();
    await client.settle();
    return calls.handed(client).map(({ payloadLength }) => payloadLength);
  };
  return { broker, caller, worker, sizesAt };
}

const POLICIES = Object.values(WorkerPolicy).filter((one) => typeof one === 'number');

describe.each(TRANSPORTS)('requests for a range of versions over %s', (transport) => {
  it.each(POLICIES)('go only to workers in it, by policy %i', async (policy) => {
    const { caller, worker, sizesAt } = await scene(transport);
    const many = { policy, concurrency: 100 };
    const [old, none, pre] = [
      await worker('1.4.0', many),
      await worker('', many),
      await worker('2.1.0-rc.1', many),
    ];
    const [first, second] = [await worker('2.0.0', many), await worker('2.3.1', many)];
    for (let number = 0; number < 40; number++) {
      calls.request(caller, 's', { ...asking('^2.0.0', 2), assignmentKey: `key ${number}` });
      calls.request(caller, 's', { ...asking('^1', 1), assignmentKey: `key ${number}` });
      calls.request(caller, 's', { ...asking('*', 3), assignmentKey: `key ${number}` });
    }
    const at = [await sizesAt(old), await sizesAt(first), await sizesAt(second)];
    expect([await sizesAt(none), await sizesAt(pre)]).toEqual([[], []]);
    expect(at[0]).not.toContain(2);
    expect([...at[1]!, ...at[2]!]).not.toContain(1);
    expect(at.flat()).toHaveLength(120);
  });

  it('wait without holding up those that others may take, and come first where they came first', async () => {
    const { broker, caller, worker, sizesAt } = await scene(transport);
    const [v1, v2] = [await worker('1.0.0'), await worker('2.0.0')];
    calls.request(caller, 's', asking('2', 1));
    calls.request(caller, 's', asking('2', 2));
    calls.request(caller, 's', asking('1', 3));
    calls.request(caller, 's', asking('1', 4));
    calls.request(caller, 's', { payload: new Uint8Array(5) });
    calls.request(caller, 's', asking('>=1', 6));
    expect([await sizesAt(v1), await sizesAt(v2)]).toEqual([[3], [1]]);
    expect(broker.stats().calls).toMatchObject({ open: 6, waiting: 4 });
    const answer = async (client: RawClient, count: number) =>
      calls.reply(client, await calls.nextHanded(client, count));
    await answer(v1, 1);
    await answer(v1, 2);
    await answer(v1, 3);
    expect([await sizesAt(v1), await sizesAt(v2)]).toEqual([[3, 4, 5, 6], [1]]);
    await answer(v2, 1);
    expect(await sizesAt(v2)).toEqual([1, 2]);
  });

  it('are refused when the queue is full, whoever they wait for', async () => {
    const { caller, worker } = await scene(transport, { maxQueuedCalls: 2 });
    const [v1, v2] = [await worker('1.0.0'), await worker('2.0.0')];
    const ids = ['1', '2', '2', '2', '1', '2'].map((range) => calls.request(caller, 's', asking(range)));
    await calls.nextHanded(v1);
    await calls.nextHanded(v2);
    await caller.settle();
    expect(ids.map((id) => calls.endsOf(caller, id)[0])).toEqual([
      ...[undefined, undefined, undefined, undefined, 'RESOURCE_EXHAUSTED', 'RESOURCE_EXHAUSTED'],
    ]);
  });

  it('wait in a bounded number of lanes', async () => {
    const { caller, worker } = await scene(transport);
    await worker('1.0.0');
    calls.request(caller);
    const ids = Array.from({ length: 257 }, (_, lane) => calls.request(caller, 's', asking(`<=1.${lane}`)));
    await caller.settle();
    expect(ids.map((id) => calls.endsOf(caller, id)[0])).toEqual([
      ...Array.from({ length: 256 }, () => undefined),
      'RESOURCE_EXHAUSTED',
    ]);
  });

  it('are refused at once by what those in their range can do, not by what others can', async () => {
    const { caller, worker } = await scene(transport);
    const v1 = await worker('1.0.0');
    await worker('2.0.0', { concurrency: 100 });
    calls.request(caller, 's', asking('1'));
    const first = await calls.nextHanded(v1);
    await delay(60);
    calls.reply(v1, first);
    await v1.settle();
    // A call takes 60 ms or more: with two others before it, one that has 100 ms cannot be done by a single worker.
    const ids = [1, 2, 3, 4].map(() => calls.request(caller, 's', { ...asking('1'), timeout: 100_000 }));
    await caller.settle();
    expect(calls.endsOf(caller, ids[3]!)).toEqual(['RESOURCE_EXHAUSTED']);
    expect(calls.messageOf(caller, ids[3]!)).toContain('deadline cannot be met');
  });

  it('go at once to one who is free, however little time they have, though others wait', async () => {
    const { caller, worker } = await scene(transport);
    const [v1, v2] = [await worker('1.0.0'), await worker('2.0.0')];
    calls.request(caller, 's', asking('1'));
    const first = await calls.nextHanded(v1);
    await delay(300);
    calls.reply(v1, first);
    await v1.settle();
    for (const range of ['2', '2']) calls.request(caller, 's', asking(range));
    await calls.nextHanded(v2);
    // Less than a call takes: who would have to wait is refused.
    const hasty = calls.request(caller, 's', { ...asking('1'), timeout: 200_000 });
    await caller.settle();
    expect(calls.endsOf(caller, hasty)).not.toContain('RESOURCE_EXHAUSTED');
    await calls.nextHanded(v1, 2);
  });

  it('do not count those that wait for other workers as before them', async () => {
    const { caller, worker } = await scene(transport);
    const [v1, v2] = [await worker('1.0.0'), await worker('2.0.0')];
    calls.request(caller, 's', asking('1'));
    const first = await calls.nextHanded(v1);
    await delay(60);
    calls.reply(v1, first);
    await v1.settle();
    for (let number = 0; number < 50; number++) calls.request(caller, 's', asking('2'));
    calls.request(caller, 's', asking('1'));
    const waiting = calls.request(caller, 's', { ...asking('1'), timeout: 1_000_000 });
    await caller.settle();
    expect(calls.endsOf(caller, waiting)).toEqual([]);
    calls.reply(v1, await calls.nextHanded(v1, 2));
    calls.reply(v1, await calls.nextHanded(v1, 3));
    expect(await calls.endOf(caller, waiting)).toBe('reply');
    expect(calls.handed(v2)).toHaveLength(1);
  });

  it('end with NO_RESPONDERS and the versions that there are when nobody is in it', async () => {
    const { broker, caller, worker } = await scene(transport);
    const nobody = calls.request(caller, 's', asking('^1'));
    expect(await calls.endOf(caller, nobody)).toBe('NO_RESPONDERS');
    expect(calls.messageOf(caller, nobody)).toContain('nobody serves this subject');
    for (const version of ['1.10.0', '1.9.0', '']) await worker(version);
    const id = calls.request(caller, 's', asking('^3.0'));
    expect(await calls.endOf(caller, id)).toBe('NO_RESPONDERS');
    expect(calls.messageOf(caller, id)).toContain(
      'expected a worker with a version in ^3.0, got workers without a version, 1.9.0, 1.10.0',
    );
    expect(broker.stats().calls).toMatchObject({ open: 0, waiting: 0 });
  });

  it('that wait end so too when the last worker in it leaves, and the others wait on', async () => {
    const { broker, caller, worker } = await scene(transport);
    const [v1, v2] = [await worker('1.0.0'), await worker('2.0.0')];
    const [, , one, two] = ['1', '2', '1', '2'].map((range) => calls.request(caller, 's', asking(range)));
    await calls.nextHanded(v1);
    await calls.nextHanded(v2);
    v2.control({ type: 'unserve', service: 1 });
    await v2.next('unserved');
    expect(await calls.endOf(caller, two!)).toBe('NO_RESPONDERS');
    expect(calls.endsOf(caller, one!)).toEqual([]);
    expect(broker.stats().calls).toMatchObject({ open: 3, waiting: 1 });
  });

  it('go to the group that has workers in it, and wait there', async () => {
    const { broker, caller, worker, sizesAt } = await scene(transport);
    const first = await worker('1.0.0', { group: 'old' });
    const second = await worker('2.0.0', { group: 'new' });
    for (const [range, size] of [
      ['*', 1],
      ['2', 2],
      ['2', 3],
    ] as const)
      calls.request(caller, 's', asking(range, size));
    expect([await sizesAt(first), await sizesAt(second)]).toEqual([[1], [2]]);
    // The other group gets one that may have it, which is none for those that wait.
    const third = await worker('2.1.0', { group: 'old' });
    expect(await sizesAt(third)).toEqual([]);
    await second.close();
    expect(await calls.nextHanded(third)).toMatchObject({ payloadLength: 3 });
    expect(broker.stats().calls).toMatchObject({ open: 2, waiting: 0 });
  });

  it('are tried again within it only', async () => {
    const { caller, worker } = await scene(transport);
    const [first, second] = [await worker('2.0.0'), await worker('2.1.0')];
    const other = await worker('1.0.0', { concurrency: 9 });
    const id = calls.request(caller, 's', asking('2'));
    calls.fail(first, await calls.nextHanded(first), 'REJECTED');
    calls.fail(second, await calls.nextHanded(second), 'INTERNAL');
    expect(await calls.endOf(caller, id)).toBe('INTERNAL');
    const alone = calls.request(caller, 's', asking('2.0.x'));
    calls.fail(first, await calls.nextHanded(first, 2), 'REJECTED');
    expect(await calls.endOf(caller, alone)).toBe('REJECTED');
    const lost = calls.request(caller, 's', { ...asking('2.1.x'), ...calls.IDEMPOTENT });
    await calls.nextHanded(second, 2);
    await second.close();
    expect(await calls.endOf(caller, lost)).toBe('UNAVAILABLE');
    expect(calls.handed(other)).toEqual([]);
  });

  it('that all reject do not hold up those of other ranges', async () => {
    const { broker, caller, worker, sizesAt } = await scene(transport);
    const [loading, busy] = [await worker('2.0.0', { concurrency: 40 }), await worker('2.1.0')];
    const v1 = await worker('1.0.0');
    calls.request(caller, 's', asking('2.1.x'));
    await calls.nextHanded(busy);
    calls.request(caller, 's', asking('1', 1));
    await calls.nextHanded(v1);
    for (let number = 1; number <= 40; number++) calls.request(caller, 's', asking('2'));
    await calls.nextHanded(loading, 40);
    // One that only rejects would be ejected, and have no room.
    for (const [index, asked] of calls.handed(loading).entries()) {
      if (index % 4 === 3) calls.reply(loading, asked);
      else calls.fail(loading, asked, 'REJECTED');
    }
    await loading.settle();
    expect(broker.stats().calls).toMatchObject({ open: 32, waiting: 30 });
    calls.request(caller, 's', asking('1', 2));
    calls.reply(v1, calls.handed(v1)[0]!);
    expect(await sizesAt(v1)).toEqual([1, 2]);
  });

  it('wait after the start of a broker until somebody in it comes back', async () => {
    const { broker, caller, worker } = await scene(transport, { startupGraceMs: 60_000 });
    await worker('1.0.0', { concurrency: 9 });
    const id = calls.request(caller, 's', asking('2', 2));
    await caller.settle();
    expect(broker.stats().calls).toMatchObject({ open: 1, waiting: 1 });
    const v2 = await worker('2.0.0');
    calls.reply(v2, await calls.nextHanded(v2));
    expect(await calls.endOf(caller, id)).toBe('reply');
  });

  it.each(['', 'latest', '^1.2.x.4'])('are refused when %j is none', async (range) => {
    const { caller, worker } = await scene(transport);
    await worker('1.0.0');
    const id = calls.request(caller, 's', asking(range));
    expect(await calls.endOf(caller, id)).toBe('INVALID_ARGUMENT');
    expect(calls.messageOf(caller, id)).toContain('not a range of versions');
  });
});

describe.each(TRANSPORTS)('the version of a worker over %s', (transport) => {
  it.each(['1', '1.2', 'v1.2.3', 'latest', '01.2.3', '1.2.3-'])('may not be %j', async (version) => {
    const broker = await fixture.broker(transport);
    const client = await fixture.raw(broker.url);
    client.control({
      ...({ type: 'serve', service: 3, subject: 's', group: '', version, concurrency: 1 } as const),
      ...{ policy: 0, reads: [] },
    });
    expect(await client.next('failure')).toMatchObject({ code: ERRORS.INVALID_ARGUMENT.number, call: 3 });
    expect(broker.stats().calls.workers).toBe(0);
  });
});
