import { describe, expect, it } from 'vitest';
import { type Client, type ErrorCode, ModwireError, type RequestOptions } from '../../../src/index.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';

const fixture = new BrokerFixture();

/** Quick enough for a test. */
const retry = { firstMs: 1 };

describe.each(TRANSPORTS)('attempts after one that failed, over %s', (transport) => {
  /** A client, and what its worker sees; every request fails with `code`. */
  async function failing(code: ErrorCode) {
    const broker = await fixture.broker(transport, { maxCallAttempts: 1 });
    const [worker, caller] = [await fixture.client(broker.url), await fixture.client(broker.url)];
    const seen = { attempts: 0 };
    await worker.serve('a', () => {
      seen.attempts++;
      throw new ModwireError(code, 'no');
    });
    return { caller, seen };
  }

  const outcome = async (caller: Client, options: RequestOptions) =>
    ((await caller.request('a', 1, options).catch((thrown: unknown) => thrown)) as ModwireError).code;

  it.each([
    ['REJECTED', false, 5],
    ['RESOURCE_EXHAUSTED', false, 5],
    ['UNAVAILABLE', false, 1],
    ['UNAVAILABLE', true, 5],
    ['INTERNAL', true, 1],
    ['INVALID_ARGUMENT', true, 1],
    ['CANCELLED', true, 1],
  ] as const)('of %s with idempotent: %s are %i in all', async (code, idempotent, attempts) => {
    const { caller, seen } = await failing(code);
    expect(await outcome(caller, { idempotent, retry })).toBe(code);
    expect(seen.attempts).toBe(attempts);
    expect(caller.calls).toMatchObject({ retries: attempts - 1, requests: 0, alarms: 0 });
  });

  it('are as many as the request or its client says, and end with the deadline', async () => {
    const { caller, seen } = await failing('REJECTED');
    await outcome(caller, { retry: { ...retry, attempts: 2 } });
    expect(seen.attempts).toBe(2);
    await outcome(caller, { retry: false });
    expect(seen.attempts).toBe(3);
    // The second attempt would come after the deadline: its failure is the outcome.
    expect(await outcome(caller, { timeoutMs: 500, retry: { firstMs: 1_000 } })).toBe('REJECTED');
    expect(seen.attempts).toBe(4);
  });

  it('are at most a fifth of the requests, and ten more', async () => {
    const { caller, seen } = await failing('REJECTED');
    for (let number = 0; number < 100; number++) await outcome(caller, { retry });
    expect(seen.attempts).toBe(100 + caller.calls.retries);
    expect(caller.calls.retries).toBeLessThanOrEqual(30);
    expect(caller.calls.retries).toBeGreaterThan(10);
  });

  it('are not made for a stream of which something has come', async () => {
    const broker = await fixture.broker(transport, { maxCallAttempts: 1 });
    const [worker, caller] = [await fixture.client(broker.url), await fixture.client(broker.url)];
    let attempts = 0;
    await worker.serve('a', async function* (_, context) {
      if (++attempts > 2) yield attempts;
      context.reject('no');
    });
    const stream = caller.requestStream('a', 1, { retry });
    expect((await stream.next()).value?.json()).toBe(3);
    await expect(stream.next()).rejects.toMatchObject({ code: 'REJECTED' });
    expect(attempts).toBe(3);
  });
});

describe.each(TRANSPORTS)('attempts beside one that is slow, over %s', (transport) => {
  it('win when they are quicker; the slow one is cancelled', async () => {
    const broker = await fixture.broker(transport);
    const [slow, quick] = [await fixture.client(broker.url), await fixture.client(broker.url)];
    const caller = await fixture.client(broker.url, { hedge: { delayMs: 10 } });
    let cancelled = 0;
    await slow.serve('a', { policy: 'round-robin' }, async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      cancelled++;
    });
    await quick.serve('a', { policy: 'round-robin' }, () => 'quick');
    for (let number = 0; number < 4; number++) {
      const reply = await caller.request('a', number, { idempotent: true });
      expect(reply.json()).toBe('quick');
    }
    expect(caller.calls.hedges).toBeGreaterThan(0);
    await eventually('the cancels', () => cancelled === caller.calls.hedges);
    expect(caller.calls).toMatchObject({ requests: 0, alarms: 0, retries: 0 });
    // Not idempotent, so that the client's rule does not apply.
    await expect(
      Promise.all([1, 2].map((number) => caller.request('a', number, { timeoutMs: 50 }))),
    ).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  it('come after the percentile of what the subject took so far', async () => {
    const broker = await fixture.broker(transport);
    const [worker, caller] = [await fixture.client(broker.url), await fixture.client(broker.url)];
    const hedge = { percentile: 90 };
    let hang = false;
    await worker.serve('a', async (_, { signal }) => {
      if (!hang) return 'quick';
      hang = false;
      return new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve('cancelled')));
    });
    for (let number = 0; number < 64; number++) await caller.request('a', 1, { idempotent: true, hedge });
    hang = true;
    expect((await caller.request('a', 1, { idempotent: true, hedge })).json()).toBe('quick');
    expect(caller.calls.hedges).toBeGreaterThan(0);
  });
});
