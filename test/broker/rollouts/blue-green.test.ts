import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { RolloutsOverHttp, serveVersion, Traffic, versionFor } from '../../support/rollout-scene.js';

const fixture = new BrokerFixture();

const SUBJECT = 'models.score';
const PLAN = {
  ...{ name: 'green', subject: SUBJECT, stable: '1.x', candidate: '2.x' },
  ...{ strategy: 'blueGreen', keepMs: 600_000 },
};

describe.each(TRANSPORTS)('blue and green over %s', (transport) => {
  it('switch at once, and back at once, without a request that fails', async () => {
    const broker = await fixture.broker(transport);
    const rollouts = new RolloutsOverHttp(broker);
    await serveVersion(await fixture.client(broker.url), '1.0.0');
    await serveVersion(await fixture.client(broker.url), '2.0.0');
    const caller = await fixture.client(broker.url);
    const traffic = fixture.closing(new Traffic(caller));
    const settled = async (version: string) => {
      // Those under way at the switch may be with the other one.
      const from = traffic.ends.length + 4;
      await eventually('more requests', () => traffic.ends.length > from + 100);
      expect(new Set(traffic.ends.slice(from).map(({ end }) => end))).toEqual(new Set([version]));
    };
    await rollouts.start(PLAN);
    await settled('2.0.0');
    const back = await rollouts.command('rollback', { reason: 'scores drift' }, 'green');
    expect(back).toMatchObject({ status: 'rolled-back', mayStop: 'candidate' });
    expect(back.lastEvent).toMatchObject({ from: 'switched', by: 'operator', reason: 'scores drift' });
    await settled('1.0.0');
    await traffic.close();
    expect(traffic.failures).toEqual([]);
  });

  it('keep the old version ready: it takes over when nobody of the new one is left, until that is completed', async () => {
    const broker = await fixture.broker(transport);
    const rollouts = new RolloutsOverHttp(broker);
    await serveVersion(await fixture.client(broker.url), '1.0.0');
    const young = await serveVersion(await fixture.client(broker.url), '2.0.0');
    const caller = await fixture.client(broker.url);
    await rollouts.start(PLAN);
    expect(await versionFor(caller, SUBJECT, 'user-1')).toBe('2.0.0');
    await young.drain();
    expect(await versionFor(caller, SUBJECT, 'user-1')).toBe('1.0.0');
    await rollouts.command('promote', {}, 'green');
    expect(await versionFor(caller, SUBJECT, 'user-1')).toBe('NO_RESPONDERS');
  });

  it('are completed once the old version was kept for its time, however few requests there were', async () => {
    const broker = await fixture.broker(transport);
    const rollouts = new RolloutsOverHttp(broker);
    await rollouts.start({ ...PLAN, keepMs: 1_000 });
    await eventually('the end', async () => (await rollouts.show('green')).status === 'completed');
  });

  it('wait for their own version after a start of the broker, when there is time for that', async () => {
    const broker = await fixture.broker(transport, { startupGraceMs: 60_000 });
    await serveVersion(await fixture.client(broker.url), '1.0.0');
    const caller = await fixture.client(broker.url);
    await new RolloutsOverHttp(broker).start(PLAN);
    const hurried = await caller.request(SUBJECT, {}, { timeoutMs: 5_000 });
    expect(hurried.json()).toBe('1.0.0');
    const patient = caller.request(SUBJECT, {}, { timeoutMs: 120_000 });
    await eventually('a request that waits', () => broker.stats().calls.waiting === 1);
    await serveVersion(await fixture.client(broker.url), '2.0.0');
    expect((await patient).json()).toBe('2.0.0');
  });

  it('wait no longer than that: then the old version stands in', async () => {
    const broker = await fixture.broker(transport, { startupGraceMs: 500 });
    await serveVersion(await fixture.client(broker.url), '1.0.0');
    const caller = await fixture.client(broker.url);
    await new RolloutsOverHttp(broker).start(PLAN);
    expect(await versionFor(caller, SUBJECT, 'user-1')).toBe('1.0.0');
  });
});
