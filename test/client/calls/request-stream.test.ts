import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ModwireError } from '../../../src/index.js';
import { eventually, within } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { deferred } from '../../support/deferred.js';

const fixture = new BrokerFixture();

describe.each(TRANSPORTS)('streams of replies over %s', (transport) => {
  async function pair() {
    const broker = await fixture.broker(transport);
    return { broker, worker: await fixture.client(broker.url), caller: await fixture.client(broker.url) };
  }

  it('come whole and in order, and end', async () => {
    const { worker, caller } = await pair();
    await worker.serve('count', async function* (request) {
      for (let number = 0; number < (request.json() as number); number++) yield number;
    });
    for (const length of [0, 1, 63, 64, 65, 1_000]) {
      const numbers: unknown[] = [];
      for await (const reply of caller.requestStream('count', length)) numbers.push(reply.json());
      expect(numbers).toEqual(Array.from({ length }, (_, number) => number));
    }
    expect(caller.calls).toMatchObject({ requests: 0, alarms: 0 });
    expect(worker.calls).toMatchObject({ serving: 0, alarms: 0 });
  });

  it('hold their producer back while nobody takes them, and no other', async () => {
    const { worker, caller } = await pair();
    let produced = 0;
    await worker.serve('numbers', async function* () {
      for (; produced < 1_000; produced++) yield produced;
    });
    await worker.serve('quick', () => 1);
    const stream = caller.requestStream('numbers', 1);
    await eventually('a full window', () => stream.queued === 64);
    for (let other = 0; other < 20; other++) await caller.request('quick', other);
    // The 65th waits in the generator for its credit.
    expect(produced).toBeLessThanOrEqual(64);
    for (let taken = 0; taken < 100; taken++) {
      expect((await stream.next()).value?.json()).toBe(taken);
      await turn();
      expect(produced).toBeLessThanOrEqual(taken + 1 + 64);
    }
    let rest = 0;
    for await (const _ of stream) rest++;
    expect(rest).toBe(900);
  });

  it.each([16_384, 1_000_000])(
    'and single replies wait for room at their worker: window %i',
    async (window) => {
      const broker = await fixture.broker(transport, { publishWindowBytes: window });
      const worker = await fixture.client(broker.url, { maxPendingBytes: 20_000 });
      const caller = await fixture.client(broker.url);
      await worker.serve('large', () => new Uint8Array(4_000));
      await worker.serve('larges', async function* () {
        for (let number = 0; number < 20; number++) yield new Uint8Array(4_000).fill(number);
      });
      const singles = Array.from({ length: 50 }, (_, number) => caller.request('large', number));
      const read = async () => {
        const numbers: unknown[] = [];
        for await (const { payload } of caller.requestStream('larges', 1)) numbers.push(payload[3_999]);
        return numbers;
      };
      const streams = await Promise.all(Array.from({ length: 20 }, read));
      const numbers = Array.from({ length: 20 }, (_, number) => number);
      expect(streams).toEqual(streams.map(() => numbers));
      expect(await Promise.all(singles)).toHaveLength(50);
      expect(worker.calls).toMatchObject({ serving: 0, alarms: 0 });
    },
  );

  it('throw what goes wrong in its place', async () => {
    const { worker, caller } = await pair();
    await worker.serve('breaks', async function* () {
      yield 1;
      yield 2;
      throw new ModwireError('RESOURCE_EXHAUSTED', 'out of memory');
    });
    const seen: unknown[] = [];
    const read = async () => {
      for await (const reply of caller.requestStream('breaks', 1)) seen.push(reply.json());
    };
    await expect(read()).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED', message: 'out of memory' });
    expect(seen).toEqual([1, 2]);
    // Something of it had come, so that it was not tried again.
    expect(caller.calls.retries).toBe(0);
    await expect(caller.requestStream('nobody', 1).next()).rejects.toMatchObject({ code: 'NO_RESPONDERS' });
    expect(() => caller.requestStream('a b', 1)).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  it('are cancelled by leaving the loop: the generator is ended, and the signal fires', async () => {
    const { worker, caller } = await pair();
    const told = deferred();
    const cleaned = deferred();
    await worker.serve('endless', async function* (_, { signal }) {
      signal.addEventListener('abort', () => told.resolve());
      try {
        for (let number = 0; ; number++) yield number;
      } finally {
        cleaned.resolve();
      }
    });
    for await (const reply of caller.requestStream('endless', 1)) if (reply.json() === 200) break;
    await within('the signal', told.promise);
    await within('the end of the generator', cleaned.promise);
    await eventually('nothing under way', () => worker.calls.serving + worker.calls.alarms === 0);
    expect(caller.calls).toMatchObject({ requests: 0, alarms: 0 });
  });

  it('end at their deadline and by their signal, also while nobody takes them', async () => {
    const { worker, caller } = await pair();
    await worker.serve('endless', async function* () {
      for (let number = 0; ; number++) yield number;
    });
    const late = caller.requestStream('endless', 1, { timeoutMs: 40 });
    await eventually('its end', () => caller.calls.requests === 0);
    let queued = 0;
    const drain = async () => {
      for await (const _ of late) queued++;
    };
    await expect(drain()).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(queued).toBe(64);
    const abort = new AbortController();
    const stream = caller.requestStream('endless', 1, { signal: abort.signal });
    await stream.next();
    abort.abort();
    const all = async () => {
      for await (const _ of stream);
    };
    await expect(all()).rejects.toMatchObject({ code: 'CANCELLED' });
    await eventually('nothing under way', () => worker.calls.serving + worker.calls.alarms === 0);
  });

  it('and single replies are told apart: each can be asked for as the other, or says why not', async () => {
    const { worker, caller } = await pair();
    await worker.serve('one', () => 'one');
    await worker.serve('none', () => undefined);
    await worker.serve('two', async function* () {
      yield 1;
      yield 2;
    });
    const read = async (subject: string) => {
      const values: unknown[] = [];
      for await (const reply of caller.requestStream(subject, 1)) values.push(reply.json());
      return values;
    };
    expect(await read('one')).toEqual(['one']);
    expect(await read('none')).toEqual([]);
    expect((await caller.request('none', 1)).payload).toHaveLength(0);
    await expect(caller.request('two', 1)).rejects.toMatchObject({
      ...{ code: 'FAILED_PRECONDITION', mayHaveStarted: true },
    });
    await eventually('nothing under way', () => worker.calls.serving === 0);
  });

  it('are received by several takers at once, each reply by one', async () => {
    const { worker, caller } = await pair();
    await worker.serve('three', async function* () {
      yield* [1, 2, 3];
    });
    const stream = caller.requestStream('three', 1);
    const results = await Promise.all(Array.from({ length: 5 }, () => stream.next()));
    expect(results.map(({ value }) => value?.json())).toEqual([1, 2, 3, undefined, undefined]);
    expect(results.map(({ done }) => done)).toEqual([false, false, false, true, true]);
  });
});
