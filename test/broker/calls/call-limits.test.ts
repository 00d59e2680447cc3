import { describe, expect, it } from 'vitest';
import type { ControlOf } from '../../../src/codec/control-message.js';
import { Kind } from '../../../src/codec/generated/modwire/kind.js';
import { ERRORS, type ErrorCode } from '../../../src/errors.js';
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

/** Waits for the refusal of a control message. */
async function refused(client: RawClient, call: number): Promise<ErrorCode | undefined> {
  const { code } = await client.next('failure', (message) => (message.call ?? 0) === call);
  return (Object.keys(ERRORS) as ErrorCode[]).find((name) => ERRORS[name].number === code);
}

describe.each(TRANSPORTS)('bounds of requests over %s', (transport) => {
  it.each([
    ['maxCalls', { maxCalls: 2 }],
    ['maxSessionCalls', { maxSessionCalls: 2 }],
  ] as const)(
    '%s: one more without an end is refused, and taken when another has ended',
    async (name, limits) => {
      const { broker, worker, caller } = await scene(transport, limits);
      await calls.serve(worker, { concurrency: 10 });
      const ids = [1, 2, 3].map(() => calls.request(caller));
      await caller.settle();
      expect(ids.map((id) => calls.endsOf(caller, id))).toEqual([[], [], ['RESOURCE_EXHAUSTED']]);
      expect(calls.messageOf(caller, ids[2]!)).toContain(`${name} = 2`);
      expect(broker.stats().calls).toMatchObject({ open: 2, requests: 2, refused: 1 });
      calls.reply(worker, await calls.nextHanded(worker));
      await worker.settle();
      calls.request(caller);
      await calls.nextHanded(worker, 3);
    },
  );

  it('maxCallBytes: requests beyond it are refused, until others have ended', async () => {
    const { worker, caller } = await scene(transport, { maxCallBytes: 1024 * 1024 });
    await calls.serve(worker, { concurrency: 10 });
    const payload = new Uint8Array(400_000);
    const ids = [1, 2, 3].map(() => calls.request(caller, 's', { payload }));
    await caller.settle();
    expect(ids.map((id) => calls.endsOf(caller, id))).toEqual([[], [], ['RESOURCE_EXHAUSTED']]);
    calls.cancel(caller, ids[0]!);
    calls.request(caller, 's', { payload });
    await calls.nextHanded(worker, 3);
  });

  it('maxFrameBytes: a larger request is refused, a larger answer ends its request and frees its worker', async () => {
    const { broker, worker, caller } = await scene(transport, { maxFrameBytes: 1_024 });
    await calls.serve(worker);
    const payload = new Uint8Array(1_024);
    const larger = calls.request(caller, 's', { payload });
    expect(await calls.endOf(caller, larger)).toBe('RESOURCE_EXHAUSTED');
    for (const [index, kind] of [Kind.reply, Kind.error].entries()) {
      const id = calls.request(caller);
      await calls.nextHanded(worker, index + 1);
      worker.publish('s', { kind, correlationId: id, payload });
      expect(await calls.endOf(caller, id)).toBe('PROTOCOL_VIOLATION');
      expect(calls.startedOf(caller, id)).toBe('true');
      expect(calls.messageOf(caller, id)).toContain('maxFrameBytes = 1024');
    }
    await calls.noCallsLeft(broker);
  });

  it('maxSessionCalls leaves others alone', async () => {
    const { broker, worker, caller } = await scene(transport, { maxSessionCalls: 1 });
    await calls.serve(worker, { concurrency: 10 });
    const other = await fixture.raw(broker.url);
    const ids = [calls.request(caller), calls.request(other)];
    await calls.nextHanded(worker, 2);
    expect(ids.map((id, index) => calls.endsOf([caller, other][index]!, id))).toEqual([[], []]);
  });

  it('maxRequestTimeoutMs: a longer time is refused', async () => {
    const { worker, caller } = await scene(transport, { maxRequestTimeoutMs: 1_000 });
    await calls.serve(worker);
    const longer = calls.request(caller, 's', { timeout: 1_000_001 });
    expect(await calls.endOf(caller, longer)).toBe('INVALID_ARGUMENT');
    calls.request(caller, 's', { timeout: 1_000_000 });
    await calls.nextHanded(worker);
  });
});

describe.each(TRANSPORTS)('bounds of services over %s', (transport) => {
  it('maxServices: another service of a session is refused', async () => {
    const { worker } = await scene(transport, { maxServices: 2 });
    await calls.serve(worker, { service: 1 });
    await calls.serve(worker, { service: 2, subject: 'b' });
    worker.control(served({ service: 3 }));
    expect(await refused(worker, 3)).toBe('RESOURCE_EXHAUSTED');
    worker.control({ type: 'unserve', service: 1 });
    await worker.next('unserved');
    await calls.serve(worker, { service: 3 });
  });

  it('maxConcurrency: more is refused, from the start and later', async () => {
    const { broker, worker, caller } = await scene(transport, { maxConcurrency: 2 });
    worker.control(served({ service: 1, concurrency: 3 }));
    expect(await refused(worker, 1)).toBe('INVALID_ARGUMENT');
    expect(broker.stats().calls.workers).toBe(0);
    await calls.serve(worker, { service: 2, concurrency: 1 });
    for (const concurrency of [0, 3]) {
      worker.control({ type: 'capacity', service: 2, concurrency, ready: true });
      await worker.settle();
    }
    expect(worker.all('failure').map(({ call }) => call)).toEqual([1, 2, 2]);
    calls.request(caller);
    calls.request(caller);
    await caller.settle();
    expect(broker.stats().calls.waiting).toBe(1);
  });

  it.each([
    ['the number 0', { service: 0 }, 'INVALID_ARGUMENT'],
    ['a number in use', { service: 5 }, 'ALREADY_EXISTS'],
    ['what is no filter', { subject: 'a..b' }, 'INVALID_ARGUMENT'],
    ['a policy that it does not know', { policy: 77 }, 'INVALID_ARGUMENT'],
    ['a group of too long a name', { group: 'g'.repeat(257) }, 'INVALID_ARGUMENT'],
    ['too long a version', { version: '1'.repeat(257) }, 'INVALID_ARGUMENT'],
  ] as const)('are kept by a broker that is asked for %s', async (_, wrong, code) => {
    const { broker, worker } = await scene(transport);
    await calls.serve(worker, { service: 5, subject: 'taken' });
    const message = served({ service: 6, ...wrong });
    worker.control(message);
    expect(await refused(worker, message.service)).toBe(code);
    expect(broker.stats().calls.workers).toBe(1);
  });

  it('name a service that a session does not have', async () => {
    const { worker } = await scene(transport);
    worker.control({ type: 'unserve', service: 1 });
    worker.control({ type: 'capacity', service: 2, concurrency: 1, ready: true });
    expect(await refused(worker, 1)).toBe('NOT_FOUND');
    expect(await refused(worker, 2)).toBe('NOT_FOUND');
  });
});

function served(more: Partial<ControlOf<'serve'>>): ControlOf<'serve'> {
  return {
    ...({ type: 'serve', service: 1, subject: 's', group: '', version: '' } as const),
    ...{ concurrency: 1, policy: 0, reads: [], ...more },
  };
}
