import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/codec/message-id.js';
import type { Limits } from '../../../src/limits.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../../support/broker-fixture.js';
import * as calls from '../../support/raw-calls.js';
import type { RawClient } from '../../support/raw-client.js';

const fixture = new BrokerFixture();

/** A caller and so many workers of one request at once each, which get requests in turn. */
async function scene(transport: TransportName, workerCount: number, limits: Partial<Limits> = {}) {
  const broker = await fixture.broker(transport, limits);
  const caller = await fixture.raw(broker.url, { name: 'caller' });
  const workers: RawClient[] = [];
  for (let number = 1; number <= workerCount; number++) {
    const worker = await fixture.raw(broker.url, { name: `worker ${number}` });
    await calls.serve(worker, { policy: 1 });
    workers.push(worker);
  }
  return { broker, caller, workers };
}

describe.each(TRANSPORTS)('a worker that is lost, over %s', (transport) => {
  it('leaves a request that is not idempotent UNAVAILABLE: it may have been started', async () => {
    const { broker, caller, workers } = await scene(transport, 2);
    const id = calls.request(caller);
    await calls.nextHanded(workers[0]!);
    await workers[0]!.close();
    expect(await calls.endOf(caller, id)).toBe('UNAVAILABLE');
    expect(calls.messageOf(caller, id)).toContain('may have been started');
    expect(calls.handed(workers[1]!)).toEqual([]);
    await calls.noCallsLeft(broker);
  });

  it('leaves an idempotent one to another, as another attempt', async () => {
    const { broker, caller, workers } = await scene(transport, 2);
    const id = calls.request(caller, 's', calls.IDEMPOTENT);
    await calls.nextHanded(workers[0]!);
    await workers[0]!.close();
    const asked = await calls.nextHanded(workers[1]!);
    expect([toHex(asked.id), asked.sequence]).toEqual([toHex(id), 2]);
    calls.reply(workers[1]!, asked);
    expect(await calls.endOf(caller, id)).toBe('reply');
    await calls.noCallsLeft(broker);
  });

  it('ends an idempotent one whose caller has seen a part of its stream: it would see it twice', async () => {
    const { caller, workers } = await scene(transport, 2);
    const id = calls.request(caller, 's', calls.IDEMPOTENT);
    calls.replyPart(workers[0]!, await calls.nextHanded(workers[0]!));
    await workers[0]!.settle();
    await workers[0]!.close();
    expect(await calls.endOf(caller, id)).toBe('UNAVAILABLE');
    expect(calls.handed(workers[1]!)).toEqual([]);
  });

  it('ends an idempotent one with UNAVAILABLE when nobody else serves its subject', async () => {
    const { broker, caller, workers } = await scene(transport, 1);
    const [under, waiting] = [calls.request(caller, 's', calls.IDEMPOTENT), calls.request(caller)];
    await calls.nextHanded(workers[0]!);
    await workers[0]!.close();
    expect(await calls.endOf(caller, under)).toBe('UNAVAILABLE');
    expect(await calls.endOf(caller, waiting)).toBe('NO_RESPONDERS');
    await calls.noCallsLeft(broker);
  });

  it('has an idempotent one that nobody else takes end as one that may have been started', async () => {
    const { broker, caller, workers } = await scene(transport, 2, { maxQueuedCalls: 1 });
    const id = calls.request(caller, 's', calls.IDEMPOTENT);
    await calls.nextHanded(workers[0]!);
    calls.request(caller);
    await calls.nextHanded(workers[1]!);
    const waiting = calls.request(caller);
    await caller.settle();
    await workers[0]!.close();
    expect(await calls.endOf(caller, id)).toBe('RESOURCE_EXHAUSTED');
    expect(calls.startedOf(caller, id)).toBe('true');
    // One that nobody had was not.
    const other = calls.request(caller, 's', calls.IDEMPOTENT);
    expect(await calls.endOf(caller, other)).toBe('RESOURCE_EXHAUSTED');
    expect(calls.startedOf(caller, other)).toBe('');
    expect(calls.endsOf(caller, waiting)).toEqual([]);
    expect(broker.stats().calls.open).toBe(2);
  });

  it('is lost for one request at most maxCallAttempts times', async () => {
    const { broker, caller, workers } = await scene(transport, 4, { maxCallAttempts: 3 });
    const id = calls.request(caller, 's', calls.IDEMPOTENT);
    for (const worker of workers.slice(0, 3)) {
      await calls.nextHanded(worker);
      await worker.close();
    }
    expect(await calls.endOf(caller, id)).toBe('UNAVAILABLE');
    expect(calls.handed(workers[3]!)).toEqual([]);
    await calls.noCallsLeft(broker);
  });

  it('after it has taken back its service leaves nothing behind either', async () => {
    const { broker, caller, workers } = await scene(transport, 2);
    const [plain, repeatable] = [calls.request(caller), calls.request(caller, 's', calls.IDEMPOTENT)];
    await calls.nextHanded(workers[0]!);
    await calls.nextHanded(workers[1]!);
    for (const worker of workers) {
      worker.control({ type: 'unserve', service: 1 });
      await worker.next('unserved');
    }
    const third = await fixture.raw(broker.url);
    await calls.serve(third);
    for (const worker of workers) await worker.close();
    expect(await calls.endOf(caller, plain)).toBe('UNAVAILABLE');
    calls.reply(third, await calls.nextHanded(third));
    expect(await calls.endOf(caller, repeatable)).toBe('reply');
    await calls.noCallsLeft(broker);
  });

  it('gets no more requests from the moment that the broker disconnects it', async () => {
    const { broker, caller, workers } = await scene(transport, 2);
    const [going, staying] = workers as [RawClient, RawClient];
    await going.subscribe(1, 'flood');
    for (const worker of workers) {
      worker.control({ type: 'capacity', service: 1, concurrency: 10_000, ready: true });
      await worker.settle();
    }
    // It does not read what is there for it before its end, and so stays.
    going.pause();
    while (broker.stats().bufferedBytes < 1_000_000) {
      caller.publish('flood', { payload: new Uint8Array(100_000) });
      await caller.settle();
    }
    going.socket.send('text');
    // In turn they would never be one after the other at the same worker.
    await eventually('three requests at the other', async () => {
      const before = calls.handed(staying).length;
      for (let number = 0; number < 3; number++) calls.request(caller);
      await caller.settle();
      await staying.settle();
      return calls.handed(staying).length === before + 3;
    });
  });

  it('with requests that are over for their callers leaves nothing behind', async () => {
    const { broker, caller, workers } = await scene(transport, 1);
    const id = calls.request(caller);
    await calls.nextHanded(workers[0]!);
    calls.cancel(caller, id);
    await caller.settle();
    expect(broker.stats().calls.lingering).toBe(1);
    await workers[0]!.close();
    await calls.noCallsLeft(broker);
    expect(calls.answersTo(caller, id)).toEqual([]);
  });
});

describe.each(TRANSPORTS)('a request that a worker rejects, over %s', (transport) => {
  it('is tried with another, and its caller learns nothing of it', async () => {
    const { broker, caller, workers } = await scene(transport, 2);
    const id = calls.request(caller);
    calls.fail(workers[0]!, await calls.nextHanded(workers[0]!), 'REJECTED');
    const asked = await calls.nextHanded(workers[1]!);
    expect(asked.sequence).toBe(2);
    calls.reply(workers[1]!, asked);
    expect(await calls.endOf(caller, id)).toBe('reply');
    expect(calls.answersTo(caller, id)).toHaveLength(1);
    await calls.noCallsLeft(broker);
  });

  it('waits for another that is busy, while others that wait go to the one that has room', async () => {
    const { broker, caller, workers } = await scene(transport, 2);
    const [first, second] = workers as [RawClient, RawClient];
    const rejected = calls.request(caller);
    const busy = calls.request(caller);
    await calls.nextHanded(second);
    calls.fail(first, await calls.nextHanded(first), 'REJECTED');
    await first.settle();
    expect(broker.stats().calls).toMatchObject({ open: 2, waiting: 1 });
    const passing = calls.request(caller);
    expect(toHex((await calls.nextHanded(first, 2)).id)).toBe(toHex(passing));
    calls.reply(second, calls.handed(second)[0]!);
    expect(toHex((await calls.nextHanded(second, 2)).id)).toBe(toHex(rejected));
    calls.reply(second, calls.handed(second)[1]!);
    calls.reply(first, calls.handed(first)[1]!);
    for (const id of [busy, rejected, passing]) expect(await calls.endOf(caller, id)).toBe('reply');
    await calls.noCallsLeft(broker);
  });

  it('goes back to the same worker when the others have left meanwhile', async () => {
    const { caller, workers } = await scene(transport, 2);
    const [first, second] = workers as [RawClient, RawClient];
    const rejected = calls.request(caller);
    const lost = calls.request(caller);
    await calls.nextHanded(second);
    calls.fail(first, await calls.nextHanded(first), 'REJECTED');
    await first.settle();
    await second.close();
    expect(await calls.endOf(caller, lost)).toBe('UNAVAILABLE');
    calls.reply(first, await calls.nextHanded(first, 2));
    expect(await calls.endOf(caller, rejected)).toBe('reply');
  });

  it('ends so at once when there is nobody else', async () => {
    const { broker, caller, workers } = await scene(transport, 1);
    const id = calls.request(caller);
    calls.fail(workers[0]!, await calls.nextHanded(workers[0]!), 'REJECTED', 'busy');
    expect(await calls.endOf(caller, id)).toBe('REJECTED');
    expect(calls.messageOf(caller, id)).toBe('busy');
    expect(calls.handed(workers[0]!)).toHaveLength(1);
    await calls.noCallsLeft(broker);
  });

  it('ends so after maxCallAttempts workers', async () => {
    const { caller, workers } = await scene(transport, 5, { maxCallAttempts: 3 });
    const id = calls.request(caller);
    for (const worker of workers.slice(0, 3)) {
      calls.fail(worker, await calls.nextHanded(worker), 'REJECTED');
    }
    expect(await calls.endOf(caller, id)).toBe('REJECTED');
    expect(workers.map((worker) => calls.handed(worker).length)).toEqual([1, 1, 1, 0, 0]);
  });

  it('ends so when a part of its stream has come already', async () => {
    const { caller, workers } = await scene(transport, 2);
    const id = calls.request(caller);
    const asked = await calls.nextHanded(workers[0]!);
    calls.replyPart(workers[0]!, asked);
    calls.fail(workers[0]!, asked, 'REJECTED');
    expect(await calls.endOf(caller, id)).toBe('REJECTED');
    expect(calls.handed(workers[1]!)).toEqual([]);
  });
});

describe.each(TRANSPORTS)('a worker that fails five times in a row, over %s', (transport) => {
  it('gets no requests while others do; what is the fault of callers does not count', async () => {
    const { caller, workers } = await scene(transport, 2);
    const [bad, good] = workers as [RawClient, RawClient];
    const turn = async (code: string | undefined) => {
      const id = calls.request(caller);
      await eventually('a worker', () =>
        workers.some((worker) => calls.handed(worker).some((one) => toHex(one.id) === toHex(id))),
      );
      const asked = { id, subject: 's' };
      if (calls.handed(good).some((one) => toHex(one.id) === toHex(id))) calls.reply(good, asked);
      else if (code === undefined) calls.reply(bad, asked);
      else calls.fail(bad, asked, code);
      return calls.endOf(caller, id);
    };
    for (let number = 0; number < 12; number++) await turn('INVALID_ARGUMENT');
    expect(calls.handed(bad)).toHaveLength(6);
    for (let number = 0; number < 20; number++) await turn('INTERNAL');
    expect(calls.handed(bad)).toHaveLength(11);
    expect(calls.handed(good)).toHaveLength(21);
  });
});
