import { describe, expect, it } from 'vitest';
import { WorkerPolicy } from '../../../src/codec/generated/modwire/control/worker-policy.js';
import { ERRORS } from '../../../src/errors.js';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../../support/broker-fixture.js';
import * as calls from '../../support/raw-calls.js';
import type { RawClient } from '../../support/raw-client.js';

const fixture = new BrokerFixture();

/** A caller, and workers with these concurrencies. */
async function scene(transport: TransportName, policy: WorkerPolicy, concurrencies: readonly number[]) {
  const broker = await fixture.broker(transport);
  const caller = await fixture.raw(broker.url, { name: 'caller' });
  const workers: RawClient[] = [];
  for (const [index, concurrency] of concurrencies.entries()) {
    const worker = await fixture.raw(broker.url, { name: `worker ${index}` });
    await calls.serve(worker, { policy, concurrency });
    workers.push(worker);
  }
  const counts = async () => {
    await caller.settle();
    for (const worker of workers) await worker.settle();
    return workers.map((worker) => calls.handed(worker).length);
  };
  return { broker, caller, workers, counts };
}

describe.each(TRANSPORTS)('workers of a group over %s', (transport) => {
  it('with the policy least outstanding share requests by their concurrency, and the busy ones get none', async () => {
    const { caller, workers, counts } = await scene(transport, WorkerPolicy.least_outstanding, [2, 4, 2]);
    for (let number = 0; number < 4; number++) calls.request(caller);
    expect(await counts()).toEqual([1, 2, 1]);
    for (const asked of calls.handed(workers[2]!)) calls.reply(workers[2]!, asked);
    await workers[2]!.settle();
    calls.request(caller);
    expect(await counts()).toEqual([1, 2, 2]);
  });

  it('with the policy round robin get requests in turn', async () => {
    const { caller, workers, counts } = await scene(transport, WorkerPolicy.round_robin, [9, 9, 9]);
    for (let number = 0; number < 7; number++) calls.request(caller);
    expect(await counts()).toEqual([3, 2, 2]);
    for (const asked of calls.handed(workers[0]!)) calls.reply(workers[0]!, asked);
    await workers[0]!.settle();
    for (let number = 0; number < 2; number++) calls.request(caller);
    expect(await counts()).toEqual([3, 3, 3]);
  });

  it('with the policy consistent hash get all requests of a key, also when others come', async () => {
    const { broker, caller, workers, counts } = await scene(
      ...([transport, WorkerPolicy.consistent_hash, [1_000, 1_000, 1_000]] as const),
    );
    const askAll = () => {
      for (let key = 0; key < 60; key++) calls.request(caller, 's', { assignmentKey: `user-${key}` });
    };
    const keysOf = (worker: RawClient, from: number) =>
      new Set(
        calls
          .handed(worker)
          .slice(from)
          .map(({ assignmentKey }) => assignmentKey!),
      );
    askAll();
    const first = await counts();
    expect(Math.min(...first)).toBeGreaterThan(0);
    const before = workers.map((worker) => keysOf(worker, 0));
    askAll();
    await counts();
    expect(workers.map((worker, index) => keysOf(worker, first[index]!))).toEqual(before);
    const newcomer = await fixture.raw(broker.url, { name: 'newcomer' });
    await calls.serve(newcomer, { policy: WorkerPolicy.consistent_hash, concurrency: 1_000 });
    askAll();
    await counts();
    await newcomer.settle();
    const taken = keysOf(newcomer, 0);
    expect(taken.size).toBeGreaterThan(0);
    // Nobody else's keys have moved.
    for (const [index, worker] of workers.entries()) {
      const kept = [...before[index]!].filter((key) => !taken.has(key));
      expect([...keysOf(worker, 2 * first[index]!)].sort()).toEqual(kept.sort());
    }
  });

  it('must ask for the same policy, which is free again when all have left', async () => {
    const { broker, workers } = await scene(transport, WorkerPolicy.round_robin, [1]);
    const other = await fixture.raw(broker.url);
    const message = {
      ...({ type: 'serve', service: 7, subject: 's', group: '', version: '', concurrency: 1 } as const),
      policy: WorkerPolicy.consistent_hash,
      reads: [],
    };
    other.control(message);
    const failure = await other.next('failure');
    expect(failure).toMatchObject({
      ...{ code: ERRORS.FAILED_PRECONDITION.number, call: 7 },
      message: expect.stringContaining('expected round-robin, got consistent-hash') as string,
    });
    await calls.serve(other, { service: 8, group: 'another', policy: WorkerPolicy.consistent_hash });
    workers[0]!.control({ type: 'unserve', service: 1 });
    await workers[0]!.next('unserved');
    await calls.serve(other, { service: 7, policy: WorkerPolicy.consistent_hash });
  });

  it('of a group that has begun anew are not mixed up with those that left it with requests under way', async () => {
    const { broker, caller, workers } = await scene(transport, WorkerPolicy.round_robin, [1]);
    const [old] = workers as [RawClient];
    const first = calls.request(caller);
    await calls.nextHanded(old);
    old.control({ type: 'unserve', service: 1 });
    await old.next('unserved');
    const second = await fixture.raw(broker.url);
    await calls.serve(second, { policy: WorkerPolicy.round_robin });
    await old.close();
    expect(await calls.endOf(caller, first)).toBe('UNAVAILABLE');
    // Were the group forgotten with its former self, this would found another one, with whatever policy.
    const third = await fixture.raw(broker.url);
    await calls.serve(third, { policy: WorkerPolicy.round_robin });
    for (let number = 0; number < 2; number++) calls.request(caller);
    await calls.nextHanded(second);
    await calls.nextHanded(third);
    expect(broker.stats().calls).toMatchObject({ open: 2, waiting: 0, workers: 2 });
  });
});
