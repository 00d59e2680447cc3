import { describe, expect, it } from 'vitest';
import type { Limits } from '../../../src/limits.js';
import { eventually, within } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../../support/broker-fixture.js';
import { call } from '../../support/http-calls.js';
import * as calls from '../../support/raw-calls.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

const fixture = new BrokerFixture();
/** Longer than any test. */
const LONG_MS = 600_000;
const SHORT_MS = 200;

async function scene(transport: TransportName, limits: Partial<Limits> = {}) {
  const broker = await fixture.broker(transport, { startupGraceMs: LONG_MS, ...limits });
  const worker = await fixture.raw(broker.url, { name: 'worker' });
  const caller = await fixture.raw(broker.url, { name: 'caller' });
  return { broker, worker, caller };
}

const sized = (byteLength: number) => ({ payload: new Uint8Array(byteLength) });

describe.each(TRANSPORTS)('shortly after the start of a broker, over %s', (transport) => {
  it('requests wait for whoever serves their subject, by a filter too, and others wait on', async () => {
    const { broker, worker, caller } = await scene(transport);
    const subjects = ['a.b', 'a.c', 'd'];
    const [first, second, third] = subjects.map((subject) => calls.request(caller, subject));
    await caller.settle();
    expect(broker.stats().calls).toMatchObject({ open: 3, waiting: 3, failed: 0 });
    await calls.serve(worker, { subject: 'a.b' });
    calls.reply(worker, await calls.nextHanded(worker));
    expect(await calls.endOf(caller, first!)).toBe('reply');
    const other = await fixture.raw(broker.url);
    await calls.serve(other, { subject: 'a.*' });
    calls.reply(other, await calls.nextHanded(other));
    expect(await calls.endOf(caller, second!)).toBe('reply');
    await caller.settle();
    expect(calls.endsOf(caller, third!)).toEqual([]);
    expect(broker.stats().calls).toMatchObject({ open: 1, waiting: 1 });
    expect([calls.handed(worker).length, calls.handed(other).length]).toEqual([1, 1]);
  });

  it('those that waited go in the order in which they came, higher priority first, all of a filter alike', async () => {
    const { worker, caller } = await scene(transport, { callAgeingMs: 60_000 });
    for (const [subject, byteLength, priority] of [
      ['a.b', 1, 0],
      ['a.c', 2, 0],
      ['a.b', 3, 9],
      ['a.c', 4, 1],
      ['a.b', 5, 0],
    ] as const) {
      calls.request(caller, subject, { ...sized(byteLength), priority });
    }
    await caller.settle();
    await calls.serve(worker, { subject: 'a.*' });
    for (let number = 1; number <= 5; number++) calls.reply(worker, await calls.nextHanded(worker, number));
    expect(calls.handed(worker).map(({ payloadLength }) => payloadLength)).toEqual([3, 4, 1, 2, 5]);
  });

  it('a request over HTTP waits too', async () => {
    const { broker, worker } = await scene(transport);
    const answer = call(broker, 's');
    await eventually('the request', () => broker.stats().calls.waiting === 1);
    await calls.serve(worker);
    calls.reply(worker, await calls.nextHanded(worker), sized(3));
    expect(await answer).toMatchObject({ status: 200, body: '\0\0\0' });
  });

  it('those for whom nobody has come get NO_RESPONDERS in the end, and others from then on at once', async () => {
    const { broker, worker, caller } = await scene(transport, { startupGraceMs: SHORT_MS });
    await calls.serve(worker, { subject: 'other' });
    const ids = ['s', 's', 't'].map((subject) => calls.request(caller, subject));
    for (const id of ids) expect(await calls.endOf(caller, id)).toBe('NO_RESPONDERS');
    await calls.noCallsLeft(broker);
    // The clock may have said a moment before that it is not over yet.
    const next = calls.request(caller);
    expect(await calls.endOf(caller, next)).toBe('NO_RESPONDERS');
    const late = calls.request(caller);
    await caller.settle();
    expect(calls.endsOf(caller, late)).toEqual(['NO_RESPONDERS']);
  });

  it('requests whose time runs out, that are given up, or whose caller is lost, wait no longer', async () => {
    const { broker, worker, caller } = await scene(transport, { maxQueuedCalls: 2 });
    const short = calls.request(caller, 's', { timeout: 30_000 });
    expect(await calls.endOf(caller, short)).toBe('DEADLINE_EXCEEDED');
    expect(calls.startedOf(caller, short)).toBe('false');
    const given = calls.request(caller);
    calls.cancel(caller, given);
    const leaver = await fixture.raw(broker.url);
    calls.request(leaver);
    await leaver.settle();
    await leaver.close();
    await calls.noCallsLeft(broker);
    // Their room is free again.
    const ids = [calls.request(caller), calls.request(caller)];
    await calls.serve(worker, { concurrency: 2 });
    await calls.nextHanded(worker, 2);
    for (const asked of calls.handed(worker)) calls.reply(worker, asked);
    for (const id of ids) expect(await calls.endOf(caller, id)).toBe('reply');
    expect(calls.answersTo(caller, given)).toEqual([]);
  });

  it.each([
    ['maxQueuedCalls', { maxQueuedCalls: 3 }, 10],
    ['maxQueuedCallBytes', { maxQueuedCallBytes: 64 * 1024 }, 20_000],
  ] as const)('no more wait than %s allows', async (name, limits, byteLength) => {
    const { broker, caller } = await scene(transport, limits);
    const ids = ['a', 'b', 'c', 'd'].map((subject) => calls.request(caller, subject, sized(byteLength)));
    await caller.settle();
    const refused = calls.request(caller, 'e', sized(byteLength));
    expect(await calls.endOf(caller, refused)).toBe('RESOURCE_EXHAUSTED');
    expect(calls.messageOf(caller, refused)).toContain(name);
    expect(ids.flatMap((id) => calls.endsOf(caller, id))).toEqual(['RESOURCE_EXHAUSTED']);
    expect(broker.stats().calls.waiting).toBe(3);
  });

  it('a broker that drains ends those that still wait as surely not started', async () => {
    const { broker, caller } = await scene(transport, { drainMs: 50 });
    const id = calls.request(caller);
    await caller.settle();
    await within('the drain', broker.drain());
    await eventually('the caller closed', () => caller.closeCode !== undefined);
    expect(await calls.endOf(caller, id)).toBe('REJECTED');
  });

  it('a caller that is back before its worker gets its reply', async () => {
    const first = await fixture.broker(transport);
    const proxy = fixture.closing(await TcpProxy.start(first.port));
    const worker = await fixture.client(`ws://127.0.0.1:${proxy.port}`);
    const caller = await fixture.client(first.url);
    await worker.serve('a', (request) => request.payload);
    const reconnected = new Promise((resolve) => caller.on('reconnect', resolve));
    proxy.cut();
    await first.close();
    const second = await fixture.broker(transport, { startupGraceMs: LONG_MS }, { port: first.port });
    await within('the caller', reconnected);
    const reply = caller.request('a', 7, { retry: false });
    await eventually('the request', () => second.stats().calls.waiting === 1);
    proxy.restore();
    expect((await within('the reply', reply)).json()).toBe(7);
  });
});

describe.each(TRANSPORTS)('later, over %s', (transport) => {
  it('a subject whose last worker has just been lost is one that nobody serves: that is told at once', async () => {
    const { broker, worker, caller } = await scene(transport, { startupGraceMs: 0 });
    await calls.serve(worker);
    await worker.close();
    await eventually('the worker forgotten', () => broker.stats().calls.workers === 0);
    const id = calls.request(caller);
    await caller.settle();
    expect(calls.endsOf(caller, id)).toEqual(['NO_RESPONDERS']);
  });
});
