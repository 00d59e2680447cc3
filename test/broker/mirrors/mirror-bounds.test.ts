import { describe, expect, it } from 'vitest';
import { FrameFlags } from '../../../src/codec/generated/modwire/frame-flags.js';
import { Kind } from '../../../src/codec/generated/modwire/kind.js';
import { toHex } from '../../../src/codec/message-id.js';
import { eventually, within } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../../support/broker-fixture.js';
import { ask } from '../../support/broker-http.js';
import { considered, put, report, settledReport, shadowing } from '../../support/mirror-scene.js';
import * as calls from '../../support/raw-calls.js';
import { frameOf, type RawClient } from '../../support/raw-client.js';

const fixture = new BrokerFixture();
const S = 'models.ranker';

/** Workers that answer when told to: version 1 takes four requests at once, version 2 `places`. */
async function scene(transport: TransportName, places = 1, limits = {}, candidateWeight = 0) {
  const broker = await fixture.broker(transport, { mirrorPercent: 100, mirrorEveryMs: 0, ...limits });
  const [one, two] = [await fixture.raw(broker.url), await fixture.raw(broker.url)];
  const caller = await fixture.raw(broker.url);
  await calls.serve(one, { subject: S, version: '1.0.0', concurrency: 4 });
  await calls.serve(two, { subject: S, version: '2.0.0', concurrency: places });
  await put(broker, shadowing(100, candidateWeight));
  return { broker, one, two, caller };
}

/** Makes a request and answers it. */
async function answered(caller: RawClient, one: RawClient, fields = {}): Promise<Uint8Array> {
  const before = calls.handed(one).length;
  const id = calls.request(caller, S, { timeout: 60_000_000, ...fields });
  calls.reply(one, await calls.nextHanded(one, before + 1), { payload: new Uint8Array(4) });
  expect(await calls.endOf(caller, id)).toBe('reply');
  return id;
}

describe.each(TRANSPORTS)('the copy of a request over %s', (transport) => {
  it('is marked, has an id of its own, and says of which request it is and to which variant it goes', async () => {
    const { broker, two, one, caller } = await scene(transport);
    const id = await answered(caller, one, {
      ...{ flags: FrameFlags.idempotent | FrameFlags.explain, priority: 9, payload: Uint8Array.of(1, 2) },
      headers: [['tenant', 'x']],
    });
    const copy = await calls.nextHanded(two);
    expect(toHex(copy.id)).not.toBe(toHex(id));
    expect(copy).toMatchObject({ subject: S, priority: 0, flags: FrameFlags.mirrored, variant: 'shadow' });
    expect([copy.experiment, copy.headers, [...copy.payload]]).toEqual([
      'shadowing',
      [['tenant', 'x']],
      [1, 2],
    ]);
    expect([toHex(copy.causationId!), toHex(copy.traceId)]).toEqual([toHex(id), toHex(id)]);
    expect(copy.epoch).toBeLessThanOrEqual(60_000_000);
    calls.reply(two, copy, { payload: new Uint8Array(4) });
    expect((await settledReport(broker)).differences).toMatchObject({ requests: 1, differing: 0 });
    await calls.noCallsLeft(broker);
  });

  it('is dropped when no worker has room, and never waits', async () => {
    const { broker, one, two, caller } = await scene(transport);
    for (let count = 0; count < 3; count++) await answered(caller, one);
    await eventually('all considered', async () => considered(await report(broker)) === 3);
    expect(await report(broker)).toMatchObject({ mirrored: 1, skipped: { full: 2 } });
    expect(broker.stats().calls.waiting).toBe(0);
    calls.reply(two, await calls.nextHanded(two), { payload: new Uint8Array(4) });
    await settledReport(broker);
    expect(calls.handed(two)).toHaveLength(1);
  });

  it('leaves a place for requests where some go by themselves', async () => {
    const { broker, one, two, caller } = await scene(transport, 2, {}, 0.01);
    for (let count = 0; count < 2; count++) await answered(caller, one);
    await eventually('both considered', async () => considered(await report(broker)) === 2);
    expect(await report(broker)).toMatchObject({ mirrored: 1, skipped: { full: 1 } });
    const own = calls.request(caller, S, {
      headers: [['modwire-version', '^2']],
      variant: 'shadow',
      experiment: 'shadowing',
    });
    calls.reply(two, await calls.nextHanded(two, 2));
    expect(await calls.endOf(caller, own)).toBe('reply');
  });

  it('is not made of a request that waits for a worker itself', async () => {
    const { broker, one, caller } = await scene(transport, 8);
    const ids = Array.from({ length: 6 }, () => calls.request(caller, S));
    await calls.nextHanded(one, 4);
    await eventually('all considered', async () => considered(await report(broker)) === 6);
    // Nor of one for whose worker others wait.
    expect((await report(broker)).skipped).toEqual({ waiting: 2, full: 4 });
    for (const id of ids) calls.cancel(caller, id, S);
    await caller.settle();
  });

  it('is not made when more is kept than maxMirrorBytes', async () => {
    const { broker, one, two, caller } = await scene(transport, 8, { maxMirrorBytes: 64 * 1024 });
    await answered(caller, one, { payload: new Uint8Array(9_000) });
    expect((await report(broker)).skipped).toEqual({ memory: 1 });
    await answered(caller, one);
    calls.reply(two, await calls.nextHanded(two), { payload: new Uint8Array(9_000) });
    expect((await settledReport(broker)).uncompared).toEqual({ large: 1 });
    await calls.noCallsLeft(broker);
  });

  it('is given up when its request is, and by the deadline of its request', async () => {
    const { broker, one, two, caller } = await scene(transport, 8);
    const id = calls.request(caller, S);
    await calls.nextHanded(one);
    const copy = await calls.nextHanded(two);
    calls.cancel(caller, id, S);
    await eventually('the copy given up', () => calls.cancelled(two).includes(toHex(copy.id)));
    expect((await report(broker)).uncompared).toEqual({ cancelled: 1 });
    await answered(caller, one, { timeout: 1_000_000 }).catch(() => undefined);
    const late = await calls.nextHanded(two, 2);
    await eventually('the copy late', () => calls.cancelled(two).includes(toHex(late.id)));
    const { differences } = await settledReport(broker);
    expect(differences.paths).toMatchObject([{ path: 'outcome', example: { shadow: 'DEADLINE_EXCEEDED' } }]);
  });

  it('is not tried again when its worker rejects it or is lost', async () => {
    const { broker, one, two, caller } = await scene(transport);
    const other = await fixture.raw(broker.url);
    await calls.serve(other, { subject: S, version: '2.0.1' });
    await answered(caller, one, calls.IDEMPOTENT);
    await eventually('a copy', () => calls.handed(two).length + calls.handed(other).length === 1);
    const [first, second] = calls.handed(two).length === 1 ? [two, other] : [other, two];
    calls.fail(first, calls.handed(first)[0]!, 'REJECTED');
    await settledReport(broker);
    expect(calls.handed(second)).toEqual([]);
    await answered(caller, one, calls.IDEMPOTENT);
    await eventually('another copy', () => calls.handed(two).length + calls.handed(other).length === 2);
    await (calls.handed(second).length === 1 ? second : first).close();
    const { uncompared, differences } = await settledReport(broker);
    expect(uncompared).toEqual({ rejected: 1 });
    expect(differences.paths).toMatchObject([{ path: 'outcome', example: { shadow: 'UNAVAILABLE' } }]);
  });

  it('counts neither for its worker nor for its group, and keeps nobody out', async () => {
    const { broker, one, two, caller } = await scene(transport, 8);
    for (let count = 0; count < 6; count++) {
      await answered(caller, one);
      calls.fail(two, await calls.nextHanded(two, count + 1), 'INTERNAL');
    }
    await settledReport(broker);
    const { services } = JSON.parse((await ask(broker.port, '/v1/services')).body);
    expect(services).toMatchObject([{ handed: 6, replied: 6, failed: 0 }]);
    const shadow = services[0].instances.find(({ version }: { version: string }) => version === '2.0.0');
    expect(shadow).toMatchObject({ outstanding: 0, ejected: false, replied: 0, failed: 0 });
    expect(broker.stats().calls).toMatchObject({ requests: 6, failed: 0 });
  });

  it('is not copied again, nor is a request that is made on account of one', async () => {
    const { broker, one, two, caller } = await scene(transport, 8);
    await answered(caller, one, { flags: FrameFlags.mirrored });
    await answered(caller, one);
    await calls.nextHanded(two);
    await two.settle();
    expect(considered(await report(broker))).toBe(1);
    expect(calls.handed(two)).toHaveLength(1);
  });

  it('is made of a request that was answered in the turn in which it came, for workers that read some schemas only', async () => {
    const broker = await fixture.broker(transport, { mirrorPercent: 100, mirrorEveryMs: 5 });
    const [one, two] = [await fixture.raw(broker.url), await fixture.raw(broker.url)];
    const schemaId = new Uint8Array(16).fill(7);
    await calls.serve(one, { subject: S, version: '1.0.0' });
    await calls.serve(two, { subject: S, group: 'two', version: '2.0.0', reads: [schemaId] });
    await put(broker, shadowing(100));
    // It answers its own request, and both are in one message.
    const id = calls.newId();
    const reply = { kind: Kind.reply, correlationId: id };
    one.send(Buffer.concat([calls.requestOf(S, id, { schemaId }), frameOf(S, reply)]));
    expect(await calls.endOf(one, id)).toBe('reply');
    calls.reply(two, await calls.nextHanded(two));
    expect(await settledReport(broker)).toMatchObject({ mirrored: 1, differences: { requests: 1 } });
  });

  it('does not hold up a broker that drains', async () => {
    const { broker, one, two, caller } = await scene(transport, 8);
    await answered(caller, one);
    const copy = await calls.nextHanded(two);
    const drained = broker.drain();
    await eventually('the copy given up', () => calls.cancelled(two).includes(toHex(copy.id)));
    for (const client of [one, two, caller])
      client.control({ type: 'goodbye', code: 0, message: '', graceMs: 0 });
    await within('the broker drained', drained);
  });
});

describe('copies', () => {
  it('take no more than their part of the time of the event loop, and what is left out is counted', async () => {
    const broker = await fixture.broker(TRANSPORTS[0]!, { mirrorPercent: 1, mirrorEveryMs: 20 });
    const client = await fixture.client(broker.url);
    await client.serve(S, { group: 'one', version: '1.0.0', concurrency: 512 }, () => 1);
    await client.serve('models.*', { group: 'two', version: '2.0.0', concurrency: 512 }, () => 1);
    await put(broker, shadowing(100));
    for (let batch = 0; batch < 10; batch++) {
      await Promise.all(Array.from({ length: 500 }, () => client.request(S, 'x'.repeat(500))));
    }
    const found = await settledReport(broker);
    expect(considered(found)).toBe(5_000);
    expect(found.skipped.busy).toBeGreaterThan(0);
    expect(found.differences.requests).toBe(found.mirrored);
  });
});
