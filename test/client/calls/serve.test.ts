import { describe, expect, it } from 'vitest';
import { type CallContext, ModwireError, type Service } from '../../../src/index.js';
import { eventually, within } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { deferred } from '../../support/deferred.js';

const fixture = new BrokerFixture();

describe.each(TRANSPORTS)('services over %s', (transport) => {
  async function pair() {
    const broker = await fixture.broker(transport);
    return { broker, worker: await fixture.client(broker.url), caller: await fixture.client(broker.url) };
  }

  it('answer with what the handler throws: its code, REJECTED, or INTERNAL with the message alone', async () => {
    const { worker, caller } = await pair();
    const errors: ModwireError[] = [];
    worker.on('error', (error) => errors.push(error));
    await worker.serve('table', () => {
      throw new ModwireError('NOT_FOUND', { what: 'no such model', got: 'größe' });
    });
    await worker.serve('busy', (_, context) => context.reject('warming up'));
    await worker.serve('bug', async () => {
      throw new TypeError('x is undefined');
    });
    await worker.serve('outer', () => {
      // As it says that a request of the handler's own was surely not started: the handler was.
      throw new ModwireError('DEADLINE_EXCEEDED', { what: 'no worker took it', mayHaveStarted: false });
    });
    const failure = async (subject: string) =>
      (await caller.request(subject, 1, { retry: false }).catch((thrown: unknown) => thrown)) as ModwireError;
    expect(await failure('table')).toMatchObject({ code: 'NOT_FOUND', message: 'no such model: got größe' });
    expect(await failure('busy')).toMatchObject({
      ...{ code: 'REJECTED', mayHaveStarted: false },
      message: expect.stringContaining('warming up') as string,
    });
    expect(await failure('outer')).toMatchObject({ code: 'DEADLINE_EXCEEDED', mayHaveStarted: true });
    expect(await failure('bug')).toMatchObject({ code: 'INTERNAL', message: 'x is undefined' });
    expect(errors.map(({ message }) => message)).toEqual(['x is undefined']);
  });

  it('that reject a request leave it to another worker', async () => {
    const { broker, worker, caller } = await pair();
    const other = await fixture.client(broker.url);
    const attempts: number[] = [];
    await worker.serve('a', (_, context) => {
      attempts.push(context.attempt);
      return context.reject('not now');
    });
    await other.serve('a', (_, context) => context.attempt);
    for (let number = 0; number < 10; number++) {
      const reply = await caller.request('a', number);
      expect([1, 2]).toContain(reply.json());
      expect(reply.attempts).toBe(1);
    }
    expect(attempts.length).toBeGreaterThan(0);
  });

  it('tell a reply that cannot be sent, to the caller and here', async () => {
    const broker = await fixture.broker(transport, { maxFrameBytes: 4096 });
    const [worker, caller] = [await fixture.client(broker.url), await fixture.client(broker.url)];
    const errors: ModwireError[] = [];
    worker.on('error', (error) => errors.push(error));
    await worker.serve('large', () => new Uint8Array(5000));
    let cleaned = false;
    await worker.serve('odd', async function* () {
      try {
        yield 1;
        yield () => 1;
      } finally {
        cleaned = true;
      }
    });
    await expect(caller.request('large', 1)).rejects.toMatchObject({
      ...{ code: 'INTERNAL', message: expect.stringContaining('frame too large') as string },
    });
    const stream = caller.requestStream('odd', 1);
    expect((await stream.next()).value?.json()).toBe(1);
    await expect(stream.next()).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(errors).toHaveLength(2);
    expect(worker.calls.serving).toBe(0);
    expect(cleaned).toBe(true);
  });

  it('tell their handlers what came with the request, and what belongs with what they cause', async () => {
    const { worker, caller } = await pair();
    const contexts: CallContext[] = [];
    const id = (byte: number, length = 16) => new Uint8Array(length).fill(byte);
    await worker.serve('inner', (_, context) => {
      contexts.push(context);
    });
    await worker.serve('outer.*', async (_, context) => {
      contexts.push(context);
      expect(context.remainingMs).toBeGreaterThan(0);
      expect(context.remainingMs).toBeLessThanOrEqual(5_000);
      worker.publish('audit', 1, context.publishOptions());
      await worker.request('inner', 1, context.requestOptions());
    });
    const audits = await caller.subscribe('audit');
    const trace = { traceId: id(4), spanId: id(5, 8), flags: 1 };
    await caller.request('outer.a', 1, {
      ...{ timeoutMs: 5_000, priority: 3, key: 'user-1', trace, tracestate: 'v=1', baggage: 'b=2' },
      ...{ experiment: 'e', variant: 'blue', correlationId: id(7), headers: [['h', 'v']] },
    });
    const [outer, inner] = contexts as [CallContext, CallContext];
    expect(outer).toMatchObject({ subject: 'outer.a', attempt: 1, priority: 3, variant: 'blue', trace });
    expect(outer.headers).toEqual([['h', 'v']]);
    const { value: audit } = await audits[Symbol.asyncIterator]().next();
    for (const frame of [inner.frame, audit!]) {
      expect(frame).toMatchObject({ causationId: outer.id, correlationId: id(7), traceId: id(4) });
      expect(frame).toMatchObject({ tracestate: 'v=1', baggage: 'b=2', experiment: 'e', variant: 'blue' });
      expect(frame).toMatchObject({ assignmentKey: 'user-1', spanId: id(5, 8), traceFlags: 1 });
    }
    expect(inner.frame.timeout).toBeLessThan(outer.frame.timeout);
  });

  it('never run more handlers than their concurrency, which can change, as can their readiness', async () => {
    const { worker, caller } = await pair();
    let running = 0;
    let most = 0;
    const ends: Array<() => void> = [];
    const service = await worker.serve('a', { concurrency: 2 }, async () => {
      running++;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => ends.push(resolve));
      running--;
    });
    const replies = Array.from({ length: 12 }, () => caller.request('a', 1));
    await eventually('two', () => running === 2);
    service.capacity({ concurrency: 5 });
    await eventually('five', () => running === 5);
    service.capacity({ concurrency: 1 });
    for (const end of ends.splice(0)) end();
    await eventually('one', () => ends.length === 1);
    service.capacity({ ready: false });
    expect(service).toMatchObject({ concurrency: 1, ready: false });
    ends.shift()!();
    await eventually('none', () => service.underWay === 0);
    service.capacity({ ready: true, concurrency: 10 });
    await eventually('the rest', () => ends.length === 6);
    for (const end of ends) end();
    await Promise.all(replies);
    expect(most).toBe(6);
    expect(() => service.capacity({ concurrency: 0 })).toThrowError(/concurrency is not valid/);
  });

  it('do not begin a request whose time was over before its turn came', async () => {
    const { worker, caller } = await pair();
    const begun: unknown[] = [];
    await worker.serve('a', (request) => {
      begun.push(request.json());
      const end = performance.now() + 80;
      while (performance.now() < end);
      return 1;
    });
    const [first, second] = [caller.request('a', 1), caller.request('a', 2, { timeoutMs: 40 })];
    await expect(second).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect((await first).json()).toBe(1);
    await eventually('nothing under way', () => worker.calls.serving === 0);
    expect(begun).toEqual([1]);
  });

  it('drain without losing a call: what is under way is answered, what comes later goes elsewhere', async () => {
    const { broker, worker, caller } = await pair();
    const other = await fixture.client(broker.url);
    const serve = (client: typeof worker, name: string) =>
      client.serve('a', async () => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        return name;
      });
    const [first, second] = [await serve(worker, 'first'), await serve(other, 'second')];
    const answers: unknown[] = [];
    let stop = false;
    const load = Array.from({ length: 8 }, async () => {
      while (!stop) answers.push((await caller.request('a', 1)).json());
    });
    await eventually('answers of both', () => new Set(answers).size === 2);
    await first.drain();
    expect(first).toMatchObject({ underWay: 0, draining: true });
    answers.length = 0;
    await eventually('more answers', () => answers.length > 40);
    // Those of the first that were under way may have arrived since.
    expect(answers.slice(16)).not.toContain('first');
    expect(caller.calls.retries).toBe(0);
    const again = await serve(worker, 'again');
    await second.drain();
    await eventually('answers after that', () => answers.includes('again'));
    stop = true;
    await Promise.all(load);
    expect(again.draining).toBe(false);
  });

  it('are drained by `await using`, by their signal, and with their client', async () => {
    const { worker, caller } = await pair();
    let service: Service;
    service = await worker.serve('a', () => 1);
    await service[Symbol.asyncDispose]();
    await expect(caller.request('a', 1)).rejects.toMatchObject({ code: 'NO_RESPONDERS' });
    const abort = new AbortController();
    service = await worker.serve('a', { signal: abort.signal }, () => 1);
    expect((await caller.request('a', 1)).json()).toBe(1);
    abort.abort();
    await within('the drain', service.drain());
    await expect(caller.request('a', 1)).rejects.toMatchObject({ code: 'NO_RESPONDERS' });
    const end = deferred();
    await worker.serve('a', async () => {
      await end.promise;
      return 2;
    });
    const reply = caller.request('a', 1);
    await eventually('the request', () => worker.calls.serving === 1);
    const drained = worker.drain();
    await worker.flush();
    await expect(caller.request('a', 1)).rejects.toMatchObject({ code: 'NO_RESPONDERS' });
    end.resolve();
    expect((await reply).json()).toBe(2);
    await within('the drain', drained);
    expect(worker.closed).toBe(true);
  });

  it('do not wait at their drain for a handler whose answer is for nobody', async () => {
    const { worker, caller } = await pair();
    const service = await worker.serve('a', () => new Promise<never>(() => undefined));
    await expect(caller.request('a', 1, { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    await within('the drain', service.drain());
    expect(worker.calls.serving).toBe(1);
  });

  it('of one client share subjects by the most specific filter, and no two have the same', async () => {
    const { worker, caller } = await pair();
    await worker.serve('>', () => 'all');
    await worker.serve('a.*', () => 'a.*');
    const exact = await worker.serve('a.b', () => 'a.b');
    const answer = async (subject: string) => (await caller.request(subject, 1)).json();
    expect([await answer('a.b'), await answer('a.c'), await answer('a'), await answer('a.b.c')]).toEqual([
      ...['a.b', 'a.*', 'all', 'all'],
    ]);
    await expect(worker.serve('a.b', { group: 'other' }, () => 1)).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    await exact.drain();
    expect(await answer('a.b')).toBe('a.*');
    await worker.serve('a.b', () => 'again');
    expect(await answer('a.b')).toBe('again');
  });

  it('are refused when they are wrong, here and by the broker, and leave the client as it was', async () => {
    const broker = await fixture.broker(transport, { maxConcurrency: 10 });
    const client = await fixture.client(broker.url);
    const handler = () => 1;
    const wrong = [
      () => client.serve('a b', handler),
      () => client.serve('a', 1 as never),
      () => client.serve('a', { version: '1.0' }, handler),
      () => client.serve('a', { concurrency: 0 }, handler),
      () => client.serve('a', { policy: 'random' as never }, handler),
      () => client.serve('a', { group: 'g'.repeat(257) }, handler),
      () => client.serve('a', { concurrency: 11 }, handler),
    ];
    for (const attempt of wrong) await expect(attempt()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(
      client.serve('a', { signal: AbortSignal.abort(), concurrency: 1 }, handler),
    ).rejects.toMatchObject({ code: 'CANCELLED' });
    await client.serve('a', { concurrency: 1, version: '1.2.3-rc.1+7', policy: 'round-robin' }, handler);
    expect((await client.request('a', 1)).json()).toBe(1);
    await client.close();
    await expect(client.serve('b', handler)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });
});
