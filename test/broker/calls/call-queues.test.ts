import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { FrameView } from '../../../src/codec/frame-view.js';
import type { Limits } from '../../../src/limits.js';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../../support/broker-fixture.js';
import * as calls from '../../support/raw-calls.js';
import type { RawClient } from '../../support/raw-client.js';

const fixture = new BrokerFixture();

async function scene(transport: TransportName, limits: Partial<Limits> = {}) {
  const broker = await fixture.broker(transport, limits);
  const worker = await fixture.raw(broker.url, { name: 'worker' });
  const caller = await fixture.raw(broker.url, { name: 'caller' });
  return { broker, worker, caller };
}

/** Sizes of the payloads that a worker was handed, which it answers one after the other. */
async function served(worker: RawClient, count: number): Promise<number[]> {
  for (let number = 1; number <= count; number++) {
    calls.reply(worker, await calls.nextHanded(worker, number));
  }
  return calls.handed(worker).map(({ payloadLength }) => payloadLength);
}

const sized = (byteLength: number) => ({ payload: new Uint8Array(byteLength) });

describe.each(TRANSPORTS)('requests that wait, over %s', (transport) => {
  it('are never handed over beyond the concurrency of the worker', async () => {
    const { broker, worker, caller } = await scene(transport);
    await calls.serve(worker, { concurrency: 3 });
    const ids = Array.from({ length: 10 }, () => calls.request(caller));
    await caller.settle();
    await worker.settle();
    expect(calls.handed(worker)).toHaveLength(3);
    expect(broker.stats().calls).toMatchObject({ open: 10, waiting: 7 });
    await served(worker, 10);
    for (const id of ids) expect(await calls.endOf(caller, id)).toBe('reply');
    await calls.noCallsLeft(broker);
  });

  it('are not handed over with less time left than calls take, and leave their turn to others', async () => {
    const { broker, worker, caller } = await scene(transport);
    await calls.serve(worker);
    const first = calls.request(caller);
    const asked = await calls.nextHanded(worker);
    await delay(600);
    calls.reply(worker, asked);
    expect(await calls.endOf(caller, first)).toBe('reply');
    calls.request(caller);
    const busy = await calls.nextHanded(worker, 2);
    const hasty = calls.request(caller, 's', { ...sized(1), timeout: 1_400_000 });
    const patient = calls.request(caller, 's', sized(2));
    await caller.settle();
    expect(broker.stats().calls.waiting).toBe(2);
    // A busy machine may take longer, and end it by its deadline.
    await delay(900);
    calls.reply(worker, busy);
    const next = await calls.nextHanded(worker, 3);
    expect(next.payloadLength).toBe(2);
    calls.reply(worker, next);
    expect(await calls.endOf(caller, patient)).toBe('reply');
    expect(['RESOURCE_EXHAUSTED', 'DEADLINE_EXCEEDED']).toContain(await calls.endOf(caller, hasty));
    await calls.noCallsLeft(broker);
  });

  it('go in the order in which they came, higher priority first', async () => {
    const { worker, caller } = await scene(transport, { callAgeingMs: 60_000 });
    await calls.serve(worker);
    calls.request(caller, 's', sized(1));
    for (const [byteLength, priority] of [
      [2, 0],
      [3, 1],
      [4, 0],
      [5, 9],
      [6, 1],
    ] as const) {
      calls.request(caller, 's', { ...sized(byteLength), priority });
    }
    await caller.settle();
    expect(await served(worker, 6)).toEqual([1, 5, 3, 6, 2, 4]);
  });

  it('keep their own bytes, whatever comes where they lay', async () => {
    const { worker, caller } = await scene(transport);
    await calls.serve(worker);
    const payloads = Array.from({ length: 20 }, (_, index) => new Uint8Array(200).fill(index));
    for (const payload of payloads) {
      calls.request(caller, 's', { payload });
      // Each in a message of its own.
      await caller.settle();
    }
    await served(worker, payloads.length);
    expect(calls.handed(worker).map(({ payload }) => [...payload])).toEqual(
      payloads.map((payload) => [...payload]),
    );
  });

  it('are not starved by those of a higher priority: waiting counts', async () => {
    const { worker, caller } = await scene(transport, { callAgeingMs: 1 });
    await calls.serve(worker);
    calls.request(caller, 's', sized(1));
    calls.request(caller, 's', sized(2));
    await caller.settle();
    await delay(20);
    calls.request(caller, 's', { ...sized(3), priority: 5 });
    await caller.settle();
    expect(await served(worker, 3)).toEqual([1, 2, 3]);
  });

  it('are refused beyond the bounds of the queue, in number and in bytes', async () => {
    const { broker, worker, caller } = await scene(transport, {
      ...{ maxQueuedCalls: 3, maxQueuedCallBytes: 64 * 1024 },
    });
    await calls.serve(worker);
    const ids = Array.from({ length: 5 }, () => calls.request(caller));
    await caller.settle();
    expect(ids.map((id) => calls.endsOf(caller, id))).toEqual([[], [], [], [], ['RESOURCE_EXHAUSTED']]);
    expect(calls.messageOf(caller, ids[4]!)).toContain('maxQueuedCalls = 3');
    for (const id of ids.slice(1)) calls.cancel(caller, id);
    const large = [calls.request(caller, 's', sized(60_000)), calls.request(caller, 's', sized(6_000))];
    await caller.settle();
    expect(large.map((id) => calls.endsOf(caller, id))).toEqual([[], ['RESOURCE_EXHAUSTED']]);
    expect(broker.stats().calls).toMatchObject({ open: 2, waiting: 1, failed: 2 });
  });

  it('are refused at once when their time would be over before it is their turn', async () => {
    const { worker, caller } = await scene(transport);
    await calls.serve(worker);
    calls.request(caller);
    const first = await calls.nextHanded(worker);
    await delay(60);
    calls.reply(worker, first);
    await worker.settle();
    // A call takes 60 ms or more: with two others before it, one that has 100 ms cannot be done.
    const ids = [1, 2, 3, 4].map(() => calls.request(caller, 's', { timeout: 100_000 }));
    await caller.settle();
    expect(calls.endsOf(caller, ids[3]!)).toEqual(['RESOURCE_EXHAUSTED']);
    expect(calls.messageOf(caller, ids[3]!)).toContain('deadline cannot be met');
    const patient = calls.request(caller);
    await caller.settle();
    expect(calls.endsOf(caller, patient)).toEqual([]);
  });

  it('go to a worker that comes, and to one that becomes ready', async () => {
    const { broker, worker, caller } = await scene(transport);
    await calls.serve(worker);
    worker.control({ type: 'capacity', service: 1, concurrency: 1, ready: false });
    await worker.settle();
    const ids = [calls.request(caller, 's', sized(1)), calls.request(caller, 's', sized(2))];
    await caller.settle();
    await worker.settle();
    expect(calls.handed(worker)).toEqual([]);
    const other = await fixture.raw(broker.url);
    await calls.serve(other);
    expect((await calls.nextHanded(other)).payloadLength).toBe(1);
    worker.control({ type: 'capacity', service: 1, concurrency: 1, ready: true });
    expect((await calls.nextHanded(worker)).payloadLength).toBe(2);
    calls.reply(other, calls.handed(other)[0]!);
    calls.reply(worker, calls.handed(worker)[0]!);
    for (const id of ids) expect(await calls.endOf(caller, id)).toBe('reply');
  });

  it('follow the capacity of their worker, up and down', async () => {
    const { worker, caller } = await scene(transport);
    await calls.serve(worker);
    for (let number = 0; number < 6; number++) calls.request(caller);
    await caller.settle();
    worker.control({ type: 'capacity', service: 1, concurrency: 3, ready: true });
    await worker.settle();
    expect(calls.handed(worker)).toHaveLength(3);
    worker.control({ type: 'capacity', service: 1, concurrency: 1, ready: true });
    const answer = (asked: FrameView) => calls.reply(worker, asked);
    calls.handed(worker).slice(0, 2).forEach(answer);
    await worker.settle();
    expect(calls.handed(worker)).toHaveLength(3);
    answer(calls.handed(worker)[2]!);
    await worker.settle();
    expect(calls.handed(worker)).toHaveLength(4);
  });

  it('are answered with NO_RESPONDERS when the last worker leaves', async () => {
    const { broker, worker, caller } = await scene(transport);
    await calls.serve(worker);
    const [under, waiting] = [calls.request(caller), calls.request(caller)];
    await caller.settle();
    worker.control({ type: 'unserve', service: 1 });
    await worker.next('unserved');
    expect(await calls.endOf(caller, waiting)).toBe('NO_RESPONDERS');
    calls.reply(worker, calls.handed(worker)[0]!);
    expect(await calls.endOf(caller, under)).toBe('reply');
    await calls.noCallsLeft(broker);
    expect(broker.stats().calls.workers).toBe(0);
  });
});
