import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/codec/message-id.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { considered, put, report, settledReport, shadowing } from '../../support/mirror-scene.js';
import * as calls from '../../support/raw-calls.js';

const fixture = new BrokerFixture();
const S = 'models.ranker';
const EVERY_MS = 200;

/** Two versions, of which the second takes `places` requests at once, and requests that have been answered. */
async function scene(places: number, requests: number, limits = {}) {
  const broker = await fixture.broker(TRANSPORTS[0]!, {
    ...{ mirrorPercent: 100, mirrorEveryMs: EVERY_MS },
    ...limits,
  });
  const [one, two] = [await fixture.raw(broker.url), await fixture.raw(broker.url)];
  const caller = await fixture.raw(broker.url);
  await calls.serve(one, { subject: S, version: '1.0.0', concurrency: 64 });
  await calls.serve(two, { subject: S, version: '2.0.0', concurrency: places });
  await put(broker, shadowing(100));
  const ids: string[] = [];
  for (let count = 0; count < requests; count++) {
    const id = calls.request(caller, S, { timeout: 60_000_000, payload: Uint8Array.of(count) });
    calls.reply(one, await calls.nextHanded(one, count + 1), { payload: new Uint8Array(4) });
    expect(await calls.endOf(caller, id)).toBe('reply');
    ids.push(toHex(id));
  }
  return { broker, one, two, caller, ids };
}

describe('copies of requests', () => {
  it('wait for those of later requests', async () => {
    const { broker, two } = await scene(64, 5, { mirrorEveryMs: 60_000 });
    await two.settle();
    expect(calls.handed(two)).toEqual([]);
    expect(await report(broker)).toMatchObject({ mirrored: 0, pending: 5, skipped: {} });
  });

  it('leave in the order of the requests, with the bytes of each, and with all of its time', async () => {
    const { broker, two, ids } = await scene(64, 30);
    await calls.nextHanded(two, 30);
    const copies = calls.handed(two);
    expect(copies.map(({ causationId }) => toHex(causationId!))).toEqual(ids);
    expect(copies.map(({ payload }) => payload[0])).toEqual(ids.map((_, index) => index));
    // Until the deadline, in microseconds: what they waited for is not part of it.
    for (const { epoch } of copies) expect(epoch).toBeGreaterThan(60_000_000 - 1_000 * EVERY_MS * 0.5);
    for (const copy of copies) calls.reply(two, copy, { payload: new Uint8Array(4) });
    expect(await settledReport(broker)).toMatchObject({
      ...{ mirrored: 30, skipped: {}, differences: { requests: 30, differing: 0 } },
    });
    await calls.noCallsLeft(broker);
  });

  it('are as many at once as their worker takes, and the next ones leave when those have ended', async () => {
    const { broker, two } = await scene(2, 5, { mirrorEveryMs: 1_000 });
    for (let count = 1; count <= 5; count++) {
      const copy = await calls.nextHanded(two, count);
      await two.settle();
      expect(calls.handed(two).length).toBeLessThanOrEqual(count + 1);
      calls.reply(two, copy, { payload: new Uint8Array(4) });
    }
    expect(await settledReport(broker)).toMatchObject({ mirrored: 5, skipped: {} });
  });

  it('are left out when their worker has no room until the next ones leave', async () => {
    const { broker, two } = await scene(1, 3, { mirrorEveryMs: 50 });
    await calls.nextHanded(two);
    await eventually('the others left out', async () => (await report(broker)).pending === 1);
    expect(await report(broker)).toMatchObject({ mirrored: 1, skipped: { full: 2 } });
    calls.reply(two, calls.handed(two)[0]!, { payload: new Uint8Array(4) });
    expect(considered(await settledReport(broker))).toBe(3);
  });

  it('are not made of requests that are given up before, nor of those whose replies are too large to be kept', async () => {
    const { broker, one, two, caller } = await scene(8, 0, { maxMirrorBytes: 64 * 1024 });
    const given = calls.request(caller, S);
    await calls.nextHanded(one);
    calls.cancel(caller, given, S);
    const large = calls.request(caller, S);
    calls.reply(one, await calls.nextHanded(one, 2), { payload: new Uint8Array(9_000) });
    expect(await calls.endOf(caller, large)).toBe('reply');
    await eventually('both left out', async () => considered(await report(broker)) === 2);
    expect(await settledReport(broker)).toMatchObject({ mirrored: 0, skipped: { ended: 1, memory: 1 } });
    expect(calls.handed(two)).toEqual([]);
  });
});
