import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { WorkerPolicy } from '../../../src/codec/generated/modwire/control/worker-policy.js';
import { toHex } from '../../../src/codec/message-id.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../../support/broker-fixture.js';
import * as calls from '../../support/raw-calls.js';

const fixture = new BrokerFixture();
const SHORT = { timeout: 30_000 };

async function scene(transport: TransportName) {
  const broker = await fixture.broker(transport);
  const worker = await fixture.raw(broker.url, { name: 'worker' });
  const caller = await fixture.raw(broker.url, { name: 'caller' });
  await calls.serve(worker);
  return { broker, worker, caller };
}

describe.each(TRANSPORTS)('a deadline over %s', (transport) => {
  it('that passes while a worker has the request ends it, and the worker is told', async () => {
    const { broker, worker, caller } = await scene(transport);
    const id = calls.request(caller, 's', SHORT);
    const asked = await calls.nextHanded(worker);
    expect(await calls.endOf(caller, id)).toBe('DEADLINE_EXCEEDED');
    expect(calls.messageOf(caller, id)).toContain('may have been started');
    expect(calls.startedOf(caller, id)).toBe('');
    await worker.settle();
    expect(calls.cancelled(worker)).toEqual([toHex(id)]);
    expect(broker.stats().calls).toMatchObject({ open: 0, lingering: 1 });
    // The worker has its place back only when it has ended it.
    const next = calls.request(caller);
    await caller.settle();
    expect(broker.stats().calls.waiting).toBe(1);
    calls.reply(worker, asked);
    calls.reply(worker, await calls.nextHanded(worker, 2));
    expect(await calls.endOf(caller, next)).toBe('reply');
    expect(calls.endsOf(caller, id)).toHaveLength(1);
    await calls.noCallsLeft(broker);
  });

  it('that leaves less time than calls take is not held against the worker', async () => {
    const broker = await fixture.broker(transport);
    const workers = await Promise.all(['a', 'b'].map((name) => fixture.raw(broker.url, { name })));
    const caller = await fixture.raw(broker.url, { name: 'caller' });
    for (const worker of workers) {
      await calls.serve(worker, { concurrency: 100, policy: WorkerPolicy.round_robin });
    }
    const slow = workers.map(() => calls.request(caller));
    for (const worker of workers) await calls.nextHanded(worker);
    await delay(200);
    for (const worker of workers) calls.reply(worker, calls.handed(worker)[0]!);
    for (const id of slow) expect(await calls.endOf(caller, id)).toBe('reply');
    // Six for each: five in a row would keep one of the two from getting more.
    const short = Array.from({ length: 12 }, () => calls.request(caller, 's', SHORT));
    for (const id of short) expect(await calls.endOf(caller, id)).toBe('DEADLINE_EXCEEDED');
    for (let more = 0; more < 2; more++) calls.request(caller);
    for (const worker of workers) await calls.nextHanded(worker, 8);
  });

  it('that passes at all workers alike is held against none of them', async () => {
    const broker = await fixture.broker(transport);
    const workers = await Promise.all(['a', 'b'].map((name) => fixture.raw(broker.url, { name })));
    const caller = await fixture.raw(broker.url, { name: 'caller' });
    for (const worker of workers) {
      await calls.serve(worker, { concurrency: 100, policy: WorkerPolicy.round_robin });
    }
    const ids = Array.from({ length: 20 }, () => calls.request(caller, 's', SHORT));
    for (const id of ids) expect(await calls.endOf(caller, id)).toBe('DEADLINE_EXCEEDED');
    for (let more = 0; more < 2; more++) calls.request(caller);
    for (const worker of workers) await calls.nextHanded(worker, 11);
  });

  it('that passes in the queue ends the request, which no worker ever gets', async () => {
    const { broker, worker, caller } = await scene(transport);
    calls.request(caller);
    const late = calls.request(caller, 's', SHORT);
    expect(await calls.endOf(caller, late)).toBe('DEADLINE_EXCEEDED');
    expect(calls.messageOf(caller, late)).toContain('surely not started');
    expect(calls.startedOf(caller, late)).toBe('false');
    calls.reply(worker, await calls.nextHanded(worker));
    await worker.settle();
    expect(calls.handed(worker)).toHaveLength(1);
    await calls.noCallsLeft(broker);
  });

  it('is the default of the broker for a request that names none', async () => {
    const broker = await fixture.broker(transport, { requestTimeoutMs: 20 });
    const worker = await fixture.raw(broker.url);
    const caller = await fixture.raw(broker.url);
    await calls.serve(worker);
    const id = calls.request(caller, 's', { timeout: 0 });
    expect(await calls.endOf(caller, id)).toBe('DEADLINE_EXCEEDED');
    expect((await calls.nextHanded(worker)).epoch).toBeLessThanOrEqual(20_000);
  });

  it('passes for many at once, each with its own end', async () => {
    const { broker, worker, caller } = await scene(transport);
    const ids = Array.from({ length: 500 }, (_, number) =>
      calls.request(caller, 's', { timeout: 1_000 + number * 200 }),
    );
    for (const id of ids) expect(await calls.endOf(caller, id)).toBe('DEADLINE_EXCEEDED');
    for (const asked of calls.handed(worker)) calls.reply(worker, asked);
    await worker.settle();
    await calls.noCallsLeft(broker);
  });
});

describe.each(TRANSPORTS)('a caller that gives up, over %s', (transport) => {
  it('reaches the worker, and is sent nothing more', async () => {
    const { broker, worker, caller } = await scene(transport);
    const id = calls.request(caller);
    const asked = await calls.nextHanded(worker);
    calls.replyPart(worker, asked);
    await worker.settle();
    calls.cancel(caller, id);
    await caller.settle();
    await worker.settle();
    expect(calls.cancelled(worker)).toEqual([toHex(id)]);
    calls.replyPart(worker, asked);
    calls.fail(worker, asked, 'CANCELLED');
    await worker.settle();
    await caller.settle();
    expect(calls.answersTo(caller, id)).toHaveLength(1);
    await calls.noCallsLeft(broker);
  });

  it('takes its request out of the queue', async () => {
    const { broker, worker, caller } = await scene(transport);
    calls.request(caller);
    const waiting = calls.request(caller);
    calls.cancel(caller, waiting);
    await caller.settle();
    expect(broker.stats().calls).toMatchObject({ open: 1, waiting: 0 });
    calls.reply(worker, await calls.nextHanded(worker));
    await worker.settle();
    expect(calls.handed(worker)).toHaveLength(1);
    await calls.noCallsLeft(broker);
  });

  it('by losing its connection gives up everything that it has under way', async () => {
    const { broker, worker, caller } = await scene(transport);
    const ids = [calls.request(caller), calls.request(caller), calls.request(caller)];
    const asked = await calls.nextHanded(worker);
    await caller.close();
    await eventually('a cancel', () => calls.cancelled(worker).length > 0);
    expect(calls.cancelled(worker)).toEqual([toHex(ids[0]!)]);
    expect(broker.stats().calls).toMatchObject({ open: 0, waiting: 0, lingering: 1 });
    calls.reply(worker, asked);
    await worker.settle();
    expect(calls.handed(worker)).toHaveLength(1);
    await calls.noCallsLeft(broker);
  });
});

describe.each(TRANSPORTS)('10,000 requests given up half-way over %s', (transport) => {
  it('reach their workers and leave nothing behind', { timeout: 60_000 }, async () => {
    const broker = await fixture.broker(transport);
    const workers = await Promise.all([1, 2].map(() => fixture.raw(broker.url)));
    for (const worker of workers) await calls.serve(worker, { concurrency: 2_000 });
    const callers = await Promise.all([1, 2, 3, 4].map(() => fixture.raw(broker.url)));
    const ids = callers.map((caller) =>
      Array.from({ length: 2_500 }, () => calls.request(caller, 's', { payload: new Uint8Array(64) })),
    );
    for (const caller of callers) await caller.settle();
    expect(broker.stats().calls).toMatchObject({ open: 10_000, waiting: 6_000 });
    for (const [index, caller] of callers.slice(1).entries()) {
      for (const id of ids[index + 1]!) calls.cancel(caller, id);
      await caller.settle();
    }
    await callers[0]!.close();
    await eventually('all given up', () => broker.stats().calls.open === 0);
    expect(broker.stats().calls).toMatchObject({ waiting: 0, lingering: 4_000 });
    for (const worker of workers) {
      await worker.settle();
      const had = calls.handed(worker);
      expect(calls.cancelled(worker).sort()).toEqual(had.map(({ id }) => toHex(id)).sort());
      for (const asked of had) calls.fail(worker, asked, 'CANCELLED');
      await worker.settle();
    }
    await calls.noCallsLeft(broker);
    const again = calls.request(callers[1]!);
    await callers[1]!.settle();
    const worker = workers.find((one) => calls.handed(one).some(({ id }) => toHex(id) === toHex(again)))!;
    calls.reply(worker, { id: again, subject: 's' });
    expect(await calls.endOf(callers[1]!, again)).toBe('reply');
  });
});
