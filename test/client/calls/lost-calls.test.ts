import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ModwireError } from '../../../src/index.js';
import { eventually, within } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { MuteProxy } from '../../support/broker-mute-proxy.js';
import { deferred } from '../../support/deferred.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

const fixture = new BrokerFixture();

describe.each(TRANSPORTS)('calls whose connection is lost, over %s', (transport) => {
  it('are answered UNAVAILABLE when the caller loses it, and the handler is told', async () => {
    const broker = await fixture.broker(transport);
    const proxy = fixture.closing(await TcpProxy.start(broker.port));
    const worker = await fixture.client(broker.url);
    const caller = await fixture.client(`ws://127.0.0.1:${proxy.port}`);
    const told = deferred();
    await worker.serve('slow', async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      told.resolve();
    });
    const reply = caller.request('slow', 1);
    const stream = caller.requestStream('slow', 1).next();
    await eventually('both requests', () => worker.calls.serving === 2);
    proxy.cut();
    for (const outcome of [reply, stream]) {
      await expect(outcome).rejects.toMatchObject({
        ...{ code: 'UNAVAILABLE', mayHaveStarted: true },
        message: expect.stringContaining('may have been started') as string,
      });
    }
    await within('the signal', told.promise);
    await eventually('nothing under way', () => worker.calls.serving === 0);
    expect(caller.calls).toMatchObject({ requests: 0, alarms: 0, retries: 0 });
  });

  it('are made again over the next connection when they are idempotent', async () => {
    const broker = await fixture.broker(transport);
    const proxy = fixture.closing(await TcpProxy.start(broker.port));
    const worker = await fixture.client(broker.url);
    const caller = await fixture.client(`ws://127.0.0.1:${proxy.port}`);
    let begun = 0;
    await worker.serve('a', async (request, { signal }) => {
      if (++begun === 1) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return request.json() as number;
    });
    const reply = caller.request('a', 7, { idempotent: true });
    await eventually('the request', () => begun === 1);
    proxy.cut();
    await eventually('the loss', () => !caller.connected);
    proxy.restore();
    const answer = await within('the reply', reply);
    expect(answer.attempts).toBe(2);
    expect(answer.json()).toBe(7);
    expect(caller.calls).toMatchObject({ requests: 0, alarms: 0, retries: 1 });
  });

  it('attempts of one request belong to one trace', async () => {
    const broker = await fixture.broker(transport);
    const [worker, caller] = [await fixture.client(broker.url), await fixture.client(broker.url)];
    const traces: string[] = [];
    const ids = new Set<string>();
    await worker.serve('a', (_, context) => {
      const { traceId, spanId } = context.trace;
      traces.push([...traceId, ...spanId].join());
      ids.add(context.id.join());
      if (traces.length < 3) context.reject('not yet');
    });
    expect((await caller.request('a', 1, { retry: { firstMs: 1 } })).attempts).toBe(traces.length);
    expect(traces).toHaveLength(3);
    expect(ids.size).toBe(3);
    expect(new Set(traces).size).toBe(1);
  });

  it('that were never sent go over the next connection, without a second attempt', async () => {
    const broker = await fixture.broker(transport);
    const proxy = fixture.closing(await TcpProxy.start(broker.port));
    const worker = await fixture.client(broker.url);
    const caller = await fixture.client(`ws://127.0.0.1:${proxy.port}`);
    await worker.serve('a', (request) => request.payload);
    proxy.cut();
    await eventually('the loss', () => !caller.connected);
    const replies = Array.from({ length: 20 }, (_, number) => caller.request('a', number));
    const late = caller.request('a', 1, { timeoutMs: 20 });
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    proxy.restore();
    for (const [number, reply] of (await Promise.all(replies)).entries()) {
      expect(reply).toMatchObject({ attempts: 1 });
      expect(JSON.parse(reply.text())).toBe(number);
    }
  });

  it('are told apart by whether they were sent: the rest goes over the next connection', async () => {
    const broker = await fixture.broker(transport, { publishWindowBytes: 16_384 });
    const proxy = fixture.closing(await MuteProxy.start(broker.port));
    const worker = await fixture.client(broker.url);
    const caller = await fixture.client(proxy.url, { batchBytes: 4_000 });
    await worker.serve('a', (request) => request.payload.subarray(0, 1));
    proxy.mute();
    const outcomes = Array.from({ length: 40 }, (_, number) =>
      caller.request('a', new Uint8Array(1_000).fill(number)).then(
        ({ payload, attempts }) => [payload[0], attempts],
        (error: ModwireError) => error.code,
      ),
    );
    await turn();
    await turn();
    // The window is full by now: some were sent, most were not.
    proxy.drop();
    const settled = await within('all outcomes', Promise.all(outcomes));
    const lost = settled.filter((outcome) => outcome === 'UNAVAILABLE').length;
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThan(40);
    const expected = settled.map((_, number) => (number < lost ? 'UNAVAILABLE' : [number, 1]));
    expect(settled).toEqual(expected);
  });

  it('reach their worker again when it comes back: its services are served again, before it publishes', async () => {
    const broker = await fixture.broker(transport);
    const proxy = fixture.closing(await TcpProxy.start(broker.port));
    const worker = await fixture.client(`ws://127.0.0.1:${proxy.port}`);
    const caller = await fixture.client(broker.url);
    const signals: ModwireError[] = [];
    const end = deferred();
    const service = await worker.serve('a', { concurrency: 1 }, async (request, { signal }) => {
      signal.addEventListener('abort', () => signals.push(signal.reason as ModwireError));
      if (request.json() === 'hangs') await end.promise;
      return 'done';
    });
    const hanging = caller.request('a', 'hangs');
    await eventually('the request', () => worker.calls.serving === 1);
    const reconnected = new Promise((resolve) => worker.on('reconnect', resolve));
    proxy.cut();
    await expect(hanging).rejects.toMatchObject({ code: 'UNAVAILABLE', mayHaveStarted: true });
    await eventually('the signal', () => signals.length === 1);
    expect(signals[0]!.code).toBe('UNAVAILABLE');
    proxy.restore();
    await reconnected;
    // The handler of the lost connection still runs: the next one waits here until it has ended.
    const next = caller.request('a', 'quick');
    await eventually('the next request', () => service.underWay === 2);
    end.resolve();
    expect((await within('the reply', next)).json()).toBe('done');
    expect(worker.calls).toMatchObject({ serving: 0, alarms: 0 });
  });

  it('may leave thousands waiting for their handlers, which are begun one after the other', async () => {
    const count = 4_000;
    const broker = await fixture.broker(transport);
    const proxy = fixture.closing(await TcpProxy.start(broker.port));
    const worker = await fixture.client(`ws://127.0.0.1:${proxy.port}`);
    const caller = await fixture.client(broker.url);
    const end = deferred();
    await worker.serve('a', { concurrency: count }, (request) =>
      request.json() === 'hangs' ? end.promise : request.payload,
    );
    const hanging = Array.from({ length: count }, () => caller.request('a', 'hangs').catch(() => 'lost'));
    await eventually('all requests', () => worker.calls.serving === count);
    const reconnected = new Promise((resolve) => worker.on('reconnect', resolve));
    proxy.cut();
    await Promise.all(hanging);
    proxy.restore();
    await reconnected;
    const replies = Array.from({ length: count }, (_, number) => caller.request('a', number));
    await eventually('all others', () => worker.calls.serving === 2 * count);
    end.resolve();
    const numbers = (await within('all replies', Promise.all(replies))).map((reply) => reply.json());
    expect(numbers).toEqual(Array.from({ length: count }, (_, number) => number));
  });

  it('keep their readiness over connections', async () => {
    const broker = await fixture.broker(transport);
    const proxy = fixture.closing(await TcpProxy.start(broker.port));
    const worker = await fixture.client(`ws://127.0.0.1:${proxy.port}`);
    const caller = await fixture.client(broker.url);
    const service = await worker.serve('a', () => 1);
    service.capacity({ ready: false });
    const reconnected = new Promise((resolve) => worker.on('reconnect', resolve));
    proxy.cut();
    await eventually('the loss', () => !worker.connected);
    proxy.restore();
    await reconnected;
    await expect(caller.request('a', 1, { timeoutMs: 30 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    service.capacity({ ready: true });
    expect((await caller.request('a', 1)).json()).toBe(1);
  });

  it('of a handler that hangs on are for nobody: what it says later harms no other call', async () => {
    const broker = await fixture.broker(transport);
    const proxy = fixture.closing(await MuteProxy.start(broker.port));
    const worker = await fixture.client(proxy.url);
    const caller = await fixture.client(broker.url);
    const ends: Array<() => void> = [];
    await worker.serve('a', async (request) => {
      await new Promise<void>((resolve) => ends.push(resolve));
      return request.payload;
    });
    const outcomes = [1, 2, 3].map((number) =>
      caller.request('a', number).catch((e: ModwireError) => e.code),
    );
    await eventually('all requests', () => ends.length === 3);
    const reconnected = new Promise((resolve) => worker.on('reconnect', resolve));
    proxy.drop();
    expect(await Promise.all(outcomes)).toEqual(['UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE']);
    await reconnected;
    for (const end of ends.splice(0)) end();
    const reply = caller.request('a', 4);
    await eventually('the next request', () => ends.length === 1);
    ends[0]!();
    expect((await reply).json()).toBe(4);
    await eventually('nothing under way', () => worker.calls.serving === 0);
    await worker.flush();
    expect(broker.stats().calls.late).toBe(0);
    expect(caller.calls.requests).toBe(0);
  });
});

describe.each(TRANSPORTS)('calls while their broker stops, over %s', (transport) => {
  it('are answered, and those made meanwhile wait for the next broker', async () => {
    const first = await fixture.broker(transport);
    const worker = await fixture.client(first.url);
    const caller = await fixture.client(first.url);
    const end = deferred();
    const begun = deferred();
    await worker.serve('a', async (request) => {
      begun.resolve();
      if (request.json() === 'slow') await end.promise;
      return request.payload;
    });
    const slow = caller.request('a', 'slow');
    await begun.promise;
    const goodbyes = Promise.all(
      [worker, caller].map((client) => new Promise((resolve) => client.on('goodbye', resolve))),
    );
    const stopped = first.drain();
    await goodbyes;
    // By now the worker knows that no more requests follow.
    await worker.flush();
    // The caller may find the next broker before the worker does.
    const retry = { noResponders: true, firstMs: 20 };
    const meanwhile = [1, 2, 3].map((number) => caller.request('a', number, { retry }));
    end.resolve();
    expect((await within('the reply', slow)).json()).toBe('slow');
    await within('the stop', stopped);
    expect(first.stats().calls).toMatchObject({ requests: 1, refused: 0, failed: 0 });
    await fixture.broker(transport, {}, { port: first.port });
    const replies = await within('the others', Promise.all(meanwhile));
    expect(replies.map((reply) => reply.json())).toEqual([1, 2, 3]);
    expect(caller.calls).toMatchObject({ requests: 0, alarms: 0 });
  });
});
