import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ContentType, type IncomingRequest, ModwireError } from '../../../src/index.js';
import { eventually, within } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { MuteProxy } from '../../support/broker-mute-proxy.js';
import { deferred } from '../../support/deferred.js';

const fixture = new BrokerFixture();

describe.each(TRANSPORTS)('requests over %s', (transport) => {
  it('carry any payload there and back, and every option there', async () => {
    const broker = await fixture.broker(transport);
    const [worker, caller] = [await fixture.client(broker.url), await fixture.client(broker.url)];
    const requests: IncomingRequest[] = [];
    await worker.serve('echo', (request) => {
      requests.push(request);
      return request.frame.contentType === ContentType.json ? { got: request.json() } : request.payload;
    });
    const bytes = await caller.request('echo', Uint8Array.from([1, 2, 3]));
    expect([...bytes.payload]).toEqual([1, 2, 3]);
    for (const value of [{ a: [1] }, 'text', 4.5, false, null]) {
      expect((await caller.request('echo', value)).json()).toEqual({ got: value });
    }
    const id = (byte: number) => new Uint8Array(16).fill(byte);
    const reply = await caller.request('echo', new Uint8Array(2), {
      ...{ contentType: ContentType.tensor, priority: 9, key: 'k', timeoutMs: 5_000, idempotent: true },
      ...{ correlationId: id(1), causationId: id(2), schemaId: id(3) },
      trace: { traceId: id(4), spanId: new Uint8Array(8).fill(5), flags: 1 },
      ...{ tracestate: 'v=1', baggage: 'b=2', experiment: 'e', variant: 'v' },
      headers: [['größe', '🐘']],
    });
    expect(requests.at(-1)!.frame).toMatchObject({
      ...{ subject: 'echo', contentType: ContentType.tensor, priority: 9, timeout: 5_000_000 },
      ...{ assignmentKey: 'k', tracestate: 'v=1', baggage: 'b=2', experiment: 'e', variant: 'v' },
      headers: [['größe', '🐘']],
    });
    expect(reply.frame.correlationId).toEqual(requests.at(-1)!.frame.id);
    expect(reply).toMatchObject({ subject: 'echo', attempts: 1 });
    expect(reply.latencyMs).toBeGreaterThan(0);
  });

  it('are each answered with their own reply, whatever the order, and leave nothing behind', async () => {
    const broker = await fixture.broker(transport);
    const [worker, caller] = [await fixture.client(broker.url), await fixture.client(broker.url)];
    const open: Array<() => void> = [];
    await worker.serve('later', { concurrency: 1000 }, async (request) => {
      await new Promise<void>((resolve) => open.push(resolve));
      return request.payload;
    });
    const replies = Array.from({ length: 500 }, (_, number) => caller.request('later', number));
    await eventually('all requests', () => open.length === 500);
    expect(caller.calls).toMatchObject({ requests: 500, alarms: 500 });
    expect(worker.calls).toMatchObject({ serving: 500, alarms: 500 });
    for (const end of open.reverse()) end();
    const numbers = (await Promise.all(replies)).map((reply) => reply.json());
    expect(numbers).toEqual(Array.from({ length: 500 }, (_, number) => number));
    expect(caller.calls).toMatchObject({ requests: 0, alarms: 0, late: 0, retries: 0 });
    expect(worker.calls).toMatchObject({ serving: 0, alarms: 0 });
  });

  it('are answered at once with NO_RESPONDERS where nobody serves, unless they are to be tried again', async () => {
    const broker = await fixture.broker(transport);
    const [worker, caller] = [await fixture.client(broker.url), await fixture.client(broker.url)];
    await expect(caller.request('nobody', 1)).rejects.toMatchObject({ code: 'NO_RESPONDERS' });
    expect(caller.calls.retries).toBe(0);
    const patient = caller.request('soon', 1, { retry: { noResponders: true, firstMs: 20 } });
    await eventually('a second attempt', () => caller.calls.retries > 0);
    await worker.serve('soon', () => 'here');
    expect((await patient).json()).toBe('here');
    expect((await patient).attempts).toBeGreaterThan(1);
  });

  it('end with DEADLINE_EXCEEDED on time, the handler is told, and its answer is dropped', async () => {
    const broker = await fixture.broker(transport);
    const [worker, caller] = [await fixture.client(broker.url), await fixture.client(broker.url)];
    const told = deferred<ModwireError>();
    const end = deferred();
    await worker.serve('slow', async (_, { signal }) => {
      signal.addEventListener('abort', () => told.resolve(signal.reason as ModwireError));
      await end.promise;
      return 'too late';
    });
    const error = await caller.request('slow', 1, { timeoutMs: 30 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', mayHaveStarted: true });
    expect(await within('the signal', told.promise)).toBeInstanceOf(ModwireError);
    expect(worker.calls.serving).toBe(1);
    end.resolve();
    await eventually('the end of the handler', () => worker.calls.serving === 0);
    await caller.flush();
    expect(caller.calls).toMatchObject({ requests: 0, alarms: 0 });
    expect((await caller.request('slow', 2)).json()).toBe('too late');
  });

  it('end with DEADLINE_EXCEEDED also when the broker says nothing any more', async () => {
    const broker = await fixture.broker(transport);
    const proxy = fixture.closing(await MuteProxy.start(broker.port));
    const caller = await fixture.client(proxy.url, { requestMs: 40 });
    proxy.mute();
    await expect(caller.request('a', 1)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await expect(caller.requestStream('a', 1).next()).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(caller.calls).toMatchObject({ requests: 0, alarms: 0 });
  });

  it('are cancelled by their signal, before and after, and the handler is told', async () => {
    const broker = await fixture.broker(transport);
    const [worker, caller] = [await fixture.client(broker.url), await fixture.client(broker.url)];
    const told = deferred<ModwireError>();
    const begun = deferred();
    await worker.serve('slow', async (_, { signal }) => {
      begun.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      told.resolve(signal.reason as ModwireError);
    });
    const abort = new AbortController();
    const reply = caller.request('slow', 1, { signal: abort.signal });
    await begun.promise;
    abort.abort();
    await expect(reply).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await within('the signal', told.promise)).toMatchObject({ code: 'CANCELLED' });
    await expect(caller.request('slow', 1, { signal: abort.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    await eventually('nothing under way', () => worker.calls.serving + worker.calls.alarms === 0);
    expect(caller.calls).toMatchObject({ requests: 0, alarms: 0 });
  });

  it('by the thousand, given up half-way, leave no call, alarm or credit behind', async () => {
    const broker = await fixture.broker(transport);
    const [worker, caller] = [await fixture.client(broker.url), await fixture.client(broker.url)];
    let signals = 0;
    await worker.serve('slow', { concurrency: 2_000 }, async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      signals++;
    });
    await worker.serve('quick', () => 1);
    const abort = new AbortController();
    const replies = Array.from({ length: 2_000 }, () =>
      caller.request('slow', 1, { signal: abort.signal }).catch((error: ModwireError) => error.code),
    );
    await eventually('all requests', () => worker.calls.serving === 2_000);
    abort.abort();
    expect(new Set(await Promise.all(replies))).toEqual(new Set(['CANCELLED']));
    await eventually('all signals', () => signals === 2_000);
    await eventually('nothing under way', () => worker.calls.serving === 0);
    expect(worker.calls).toMatchObject({ serving: 0, alarms: 0 });
    expect(caller.calls).toMatchObject({ requests: 0, alarms: 0 });
    expect((await caller.request('quick', 1)).json()).toBe(1);
  });

  it('are refused at once when they are wrong', async () => {
    const broker = await fixture.broker(transport, { maxFrameBytes: 1024 });
    const client = await fixture.client(broker.url);
    const wrong = [
      () => client.request('a b', 1),
      () => client.request('a.*', 1),
      () => client.request('a', (() => 1) as never),
      () => client.request('a', 1, { timeoutMs: 0 }),
      () => client.request('a', 1, { timeoutMs: 86_400_001 }),
      () => client.request('a', 1, { priority: 256 }),
      () => client.request('a', 1, { retry: { attempts: 6 } }),
      () => client.request('a', 1, { hedge: { delayMs: 5 } }),
      () => client.request('a', 1, { idempotent: true, hedge: { percentile: 100 } }),
    ];
    for (const attempt of wrong) await expect(attempt()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(client.request('a', new Uint8Array(1024))).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
    });
    expect(client.calls).toMatchObject({ requests: 0, alarms: 0, retries: 0 });
    await client.close();
    await expect(client.request('a', 1)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });

  it('that are open when their client is closed reject with CANCELLED', async () => {
    const broker = await fixture.broker(transport);
    const [worker, caller] = [await fixture.client(broker.url), await fixture.client(broker.url)];
    const told = deferred();
    await worker.serve('slow', async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      told.resolve();
    });
    const reply = caller.request('slow', 1);
    await eventually('the request', () => worker.calls.serving === 1);
    await caller.close();
    await expect(reply).rejects.toMatchObject({ code: 'CANCELLED' });
    await within('the signal', told.promise);
  });

  it('can be made by a handler of the same client, and by a slow reader of a full subscription', async () => {
    const broker = await fixture.broker(transport);
    const client = await fixture.client(broker.url, { maxQueuedFrames: 2 });
    const source = await fixture.client(broker.url);
    await client.serve('inner', (request) => request.json() as number);
    await client.serve('outer', async (request, context) => {
      const inner = await client.request('inner', request.json() as number, context.requestOptions());
      return [inner.json()];
    });
    expect((await client.request('outer', 7)).json()).toEqual([7]);
    const subscription = await client.subscribe('numbers');
    for (let number = 0; number < 50; number++) {
      source.publish('numbers', number);
      await turn();
    }
    let read = 0;
    for await (const frame of subscription) {
      const reply = await within('the reply', client.request('outer', frame.json() as number));
      expect(reply.json()).toEqual([frame.json()]);
      if (++read === 2) break;
    }
  });
});
