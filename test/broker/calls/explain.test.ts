import { describe, expect, it } from 'vitest';
import { FrameFlags } from '../../../src/codec/generated/modwire/frame-flags.js';
import { formatUuid, toHex } from '../../../src/codec/message-id.js';
import type { CallExplanation } from '../../../src/index.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../../support/broker-fixture.js';
import { put, shadowing } from '../../support/mirror-scene.js';
import { ORDER, ORDERS, register } from '../../support/order-schemas.js';
import * as calls from '../../support/raw-calls.js';
import type { RawClient } from '../../support/raw-client.js';

const fixture = new BrokerFixture();
const EXPLAIN = { flags: FrameFlags.explain };

async function scene(transport: TransportName, limits = {}) {
  const broker = await fixture.broker(transport, limits);
  const worker = await fixture.raw(broker.url, { name: 'worker' });
  const caller = await fixture.raw(broker.url, { name: 'caller' });
  return { broker, worker, caller };
}

/** What a caller was told of a request, which comes before its end. */
async function toldOf(caller: RawClient, id: Uint8Array): Promise<CallExplanation> {
  await calls.endOf(caller, id);
  const end = caller.received.indexOf(calls.answersTo(caller, id).at(-1)!);
  const told = caller.received.findIndex(
    (one) => 'type' in one && one.type === 'explanation' && toHex(one.request) === toHex(id),
  );
  expect(told).toBeGreaterThanOrEqual(0);
  expect(told).toBeLessThan(end);
  const explanation = JSON.parse((caller.received[told] as { json: string }).json) as CallExplanation;
  expect(explanation.request).toBe(formatUuid(id));
  return explanation;
}

const whys = ({ attempts }: CallExplanation, attempt = 0) =>
  Object.fromEntries(attempts[attempt]!.candidates.map(({ name, why }) => [name, why]));

describe.each(TRANSPORTS)('a request over %s that asks why', (transport) => {
  it('is told to whom it went, who else might have had it, and how long it took', async () => {
    const { broker, worker, caller } = await scene(transport);
    const other = await fixture.raw(broker.url, { name: 'other' });
    await calls.serve(worker, { group: 'blue', version: '1.2.0', concurrency: 2, policy: 1 });
    await calls.serve(other, { group: 'blue', version: '1.3.0', policy: 1 });
    const id = calls.request(caller, 's', EXPLAIN);
    calls.reply(worker, await calls.nextHanded(worker));
    const told = await toldOf(caller, id);
    expect(told).toMatchObject({
      ...{ subject: 's', contract: null, versions: null, group: null, experiment: null, outcome: 'reply' },
      attempts: [
        {
          worker: { name: 'worker', version: '1.2.0', group: 'blue' },
          ...{ policy: 'round-robin', ahead: null, outcome: 'reply', unnamed: 0 },
          candidates: [
            { name: 'worker', version: '1.2.0', group: 'blue', why: 'chosen' },
            { name: 'other', version: '1.3.0', group: 'blue', why: 'not preferred' },
          ],
        },
      ],
    });
    const [attempt] = told.attempts;
    expect(attempt!.waitedMs).toBeGreaterThanOrEqual(0);
    expect(attempt!.ranMs).toBeLessThanOrEqual(told.tookMs);
  });

  it('is told why each of the others did not get it', async () => {
    const { broker, worker, caller } = await scene(transport);
    const names = ['old', 'busy', 'resting', 'elsewhere'];
    const [old, busy, resting, elsewhere] = await Promise.all(
      names.map((name) => fixture.raw(broker.url, { name })),
    );
    await calls.serve(worker, { version: '2.1.0', concurrency: 2 });
    await calls.serve(old!, { version: '1.9.0' });
    await calls.serve(busy!, { version: '2.0.0' });
    await calls.serve(resting!, { version: '2.0.0' });
    await calls.serve(elsewhere!, { subject: '*', version: '2.0.0' });
    resting!.control({ type: 'capacity', service: 1, concurrency: 1, ready: false });
    await resting!.settle();
    const version: [string, string][] = [['modwire-version', '>=2.0.0 <2.1.0']];
    calls.request(caller, 's', { headers: version });
    await calls.nextHanded(busy!);
    const id = calls.request(caller, 's', { ...EXPLAIN, headers: [['modwire-version', '^2']] });
    calls.reply(worker, await calls.nextHanded(worker));
    const told = await toldOf(caller, id);
    expect(told.versions).toBe('^2');
    expect(whys(told)).toEqual({
      ...{ worker: 'chosen', old: 'not in range', busy: 'full', resting: 'not ready' },
      elsewhere: 'other group',
    });
  });

  it('is told that nobody serves its range, and who serves others', async () => {
    const { worker, caller } = await scene(transport);
    await calls.serve(worker, { version: '1.0.0' });
    const id = calls.request(caller, 's', { ...EXPLAIN, headers: [['modwire-version', '^2']] });
    const told = await toldOf(caller, id);
    expect(told).toMatchObject({
      ...{ outcome: 'NO_RESPONDERS', versions: '^2' },
      attempts: [{ worker: null, policy: null, ranMs: null, outcome: 'NO_RESPONDERS' }],
    });
    expect(whys(told)).toEqual({ worker: 'not in range' });
  });

  it('is told that it had to wait, behind how many and why', async () => {
    const { worker, caller } = await scene(transport);
    await calls.serve(worker);
    calls.request(caller);
    calls.request(caller);
    const id = calls.request(caller, 's', EXPLAIN);
    for (const count of [1, 2, 3]) calls.reply(worker, await calls.nextHanded(worker, count));
    const told = await toldOf(caller, id);
    expect(told.attempts).toMatchObject([{ ahead: 1, worker: { name: 'worker' }, outcome: 'reply' }]);
    expect(told.attempts[0]!.waitedMs).toBeGreaterThan(0);
    // As it was when it began to wait, but for who got it in the end.
    expect(whys(told)).toEqual({ worker: 'chosen' });
  });

  it('is told of every attempt: rejected, lost and answered', async () => {
    const { broker, worker, caller } = await scene(transport, { maxCallAttempts: 3 });
    const others = [await fixture.raw(broker.url), await fixture.raw(broker.url)];
    for (const one of [worker, ...others]) await calls.serve(one, { concurrency: 2 });
    const all = [worker, ...others];
    const id = calls.request(caller, 's', { flags: FrameFlags.explain | FrameFlags.idempotent });
    const next = async (attempt: number) => {
      let found: RawClient | undefined;
      await eventually('it at a worker', () => {
        found = all.find((one) => calls.handed(one).some(({ sequence }) => sequence === attempt));
        return found !== undefined;
      });
      return found!;
    };
    const first = await next(1);
    calls.fail(first, calls.handed(first)[0]!, 'REJECTED');
    const second = await next(2);
    await second.close();
    const third = await next(3);
    calls.reply(third, calls.handed(third).at(-1)!);
    const told = await toldOf(caller, id);
    expect(told.attempts.map(({ outcome }) => outcome)).toEqual(['REJECTED', 'lost', 'reply']);
    expect(Object.values(whys(told, 1)).sort()).toEqual(['chosen', 'has rejected it', 'not preferred']);
    expect(told.attempts[2]!.candidates).toHaveLength(2);
  });

  it('is told of its experiment: key, bucket, variant and reason', async () => {
    const { broker, worker: one, caller: asking } = await scene(transport);
    const two = await fixture.raw(broker.url);
    await calls.serve(one, { subject: 'models.ranker', version: '1.0.0' });
    await calls.serve(two, { subject: 'models.ranker', version: '2.0.0' });
    const assigned = { ...shadowing(0), assign: { key: 'key', salt: 'ranker' } };
    await put(broker, assigned);
    const keyed = calls.request(asking, 'models.ranker', { ...EXPLAIN, assignmentKey: 'user-1' });
    calls.reply(one, await calls.nextHanded(one));
    const told = await toldOf(asking, keyed);
    expect(told.experiment).toEqual({
      ...{ name: 'shadowing', key: 'key', bucket: 2252, variant: 'control', reason: 'bucket' },
    });
    expect([told.versions, Object.values(whys(told))]).toEqual(['^1', ['chosen', 'not in range']]);
    const keyless = calls.request(asking, 'models.ranker', EXPLAIN);
    calls.reply(one, await calls.nextHanded(one, 2));
    expect((await toldOf(asking, keyless)).experiment).toMatchObject({ bucket: null, reason: 'default' });
  });

  it('is told of its contract, where its payload was verified, and who cannot read it', async () => {
    const { broker, worker, caller } = await scene(transport, { offloadBytes: 4_096 });
    const orders = await register(broker, 'orders', ORDERS.v1, ORDER);
    const large = await register(broker, 'orders', ORDERS.v1, { id: 'x'.repeat(5_000) });
    const ping = await register(broker, 'other', ORDERS.v2.replace('shop', 'store'), ORDER);
    await broker.registry.bind({ pattern: 's', use: 'request', contract: 'orders' });
    const reader = await fixture.raw(broker.url, { name: 'reader' });
    await calls.serve(worker, { concurrency: 4 });
    await calls.serve(reader, { reads: [ping.fields.schemaId] });
    const whole = calls.request(caller, 's', { ...EXPLAIN, ...orders.fields });
    calls.reply(worker, await calls.nextHanded(worker));
    const told = await toldOf(caller, whole);
    expect(told.contract).toEqual({ name: 'orders', version: 1, verified: 'broker' });
    expect(whys(told)).toEqual({ worker: 'chosen', reader: 'cannot read the schema' });
    const pooled = calls.request(caller, 's', { ...EXPLAIN, ...large.fields });
    calls.reply(worker, await calls.nextHanded(worker, 2));
    expect((await toldOf(caller, pooled)).contract).toMatchObject({ version: 1, verified: 'pool' });
    const refused = calls.request(caller, 's', { ...EXPLAIN, payload: Uint8Array.of(1) });
    expect(await toldOf(caller, refused)).toMatchObject({
      ...{ outcome: 'CONTRACT_VIOLATION', attempts: [] },
      contract: { name: 'orders', version: null, verified: 'refused' },
    });
  });

  it('is told the names of at most 64, and how many others there are', async () => {
    const { worker, caller } = await scene(transport);
    for (let service = 1; service <= 100; service++) await calls.serve(worker, { service, concurrency: 1 });
    const id = calls.request(caller, 's', EXPLAIN);
    calls.reply(worker, await calls.nextHanded(worker));
    const [attempt] = (await toldOf(caller, id)).attempts;
    expect([attempt!.candidates.length, attempt!.unnamed]).toEqual([64, 36]);
    expect(attempt!.worker).not.toBeNull();
  });

  it('tells nothing to those that do not ask', async () => {
    const { worker, caller } = await scene(transport);
    await calls.serve(worker);
    const id = calls.request(caller);
    calls.reply(worker, await calls.nextHanded(worker));
    await calls.endOf(caller, id);
    await caller.settle();
    expect(caller.all('explanation')).toEqual([]);
  });
});
