import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../../support/broker-fixture.js';
import { call, JSON_BODY } from '../../support/http-calls.js';
import { RolloutsOverHttp, serveVersion, Traffic, versionFor } from '../../support/rollout-scene.js';

const fixture = new BrokerFixture();

const SUBJECT = 'models.score';
const SWITCHED = {
  ...{ name: 'green', subject: 'models.*', stable: '^1', candidate: '^2' },
  ...{ strategy: 'blueGreen', keepMs: 600_000 },
};

async function scene(transport: TransportName, versions: readonly string[]) {
  const broker = await fixture.broker(transport);
  for (const version of versions) await serveVersion(await fixture.client(broker.url), version);
  return { broker, caller: await fixture.client(broker.url), rollouts: new RolloutsOverHttp(broker) };
}

describe.each(TRANSPORTS)('with a rollout over %s', (transport) => {
  it('workers without a version, and of others than the two, get nothing', async () => {
    const { caller, rollouts } = await scene(transport, ['', '3.0.0', '2.1.0']);
    await rollouts.start(SWITCHED);
    const traffic = new Traffic(caller, SUBJECT);
    await eventually('requests', () => traffic.ends.length > 100);
    await traffic.close();
    expect(new Set(traffic.ends.map(({ end }) => end))).toEqual(new Set(['2.1.0']));
  });

  it('a caller that asks for a range gets a version that is in it', async () => {
    const { caller, rollouts } = await scene(transport, ['1.4.0', '2.0.0', '2.1.0']);
    await rollouts.start(SWITCHED);
    const asking = async (version: string) => (await caller.request(SUBJECT, {}, { version })).json();
    expect(await asking('^1')).toBe('1.4.0');
    for (let round = 0; round < 10; round++) expect(await asking('>=2.1')).toBe('2.1.0');
    await expect(asking('^3')).rejects.toMatchObject({ code: 'NO_RESPONDERS' });
  });

  it('a request that says where it was once keeps that only while the rollout goes on', async () => {
    const { caller, rollouts } = await scene(transport, ['1.0.0', '2.0.0']);
    await rollouts.start(SWITCHED);
    const replayed = async () => {
      const reply = await caller.request(
        SUBJECT,
        {},
        { experiment: 'green', variant: 'stable', key: 'user-1' },
      );
      return [reply.json(), reply.variant];
    };
    expect(await replayed()).toEqual(['1.0.0', 'stable']);
    await rollouts.command('promote', {}, 'green');
    expect(await replayed()).toEqual(['2.0.0', 'candidate']);
  });

  it('a key has the same version over HTTP as in the SDK, and replies say which', async () => {
    const { broker, caller, rollouts } = await scene(transport, ['1.0.0', '2.0.0']);
    const { keepMs: _, ...move } = SWITCHED;
    const canary = { strategy: 'canary', steps: [50, 100], holdMs: 600_000, gates: { maxErrorRate: 0.1 } };
    await rollouts.start({ ...move, ...canary });
    const seen = new Set<string>();
    for (let user = 0; user < 20; user++) {
      const version = await versionFor(caller, SUBJECT, `user-${user}`);
      const answer = await call(broker, SUBJECT, '{}', { ...JSON_BODY, 'Modwire-Key': `user-${user}` });
      expect(JSON.parse(answer.body)).toBe(version);
      expect(answer.headers).toMatchObject({
        'modwire-experiment': 'green',
        'modwire-variant': version === '1.0.0' ? 'stable' : 'candidate',
      });
      seen.add(version);
    }
    expect(seen.size).toBe(2);
  });

  it('subjects that it does not select go to whoever serves, and count for nothing', async () => {
    const { broker, caller, rollouts } = await scene(transport, ['2.0.0']);
    await serveVersion(await fixture.client(broker.url), '1.0.0', { subject: 'other' });
    await rollouts.start(SWITCHED);
    for (let round = 0; round < 5; round++) expect(await versionFor(caller, 'other', 'user-1')).toBe('1.0.0');
    for (let round = 0; round < 3; round++) await versionFor(caller, SUBJECT, 'user-1');
    const { stable, candidate } = await rollouts.show('green');
    expect([stable.figures?.requests, stable.workers.workers]).toEqual([0, 0]);
    expect([candidate.figures?.requests, candidate.workers.workers]).toEqual([3, 1]);
  });

  it('a recorded request that is made again goes where it is sent, and no gate hears of its end', async () => {
    const { broker, caller, rollouts } = await scene(transport, ['1.0.0']);
    const failing = await fixture.client(broker.url);
    failing.on('error', () => undefined);
    const before = () => {
      throw new Error('no');
    };
    await serveVersion(failing, '2.0.0', { before });
    const canary = { strategy: 'canary', steps: [1, 100], holdMs: 600_000, gates: { maxErrorRate: 0.1 } };
    const { keepMs: _, ...move } = SWITCHED;
    await rollouts.start({ ...move, ...canary });
    const was = { experiment: 'green', variant: 'candidate', key: 'user-1' };
    const again = (version: string) => caller.request(SUBJECT, {}, { ...was, version, replayed: true });
    for (let round = 0; round < 3; round++) {
      expect((await again('^1')).json()).toBe('1.0.0');
      await expect(again('^2')).rejects.toMatchObject({ code: 'INTERNAL' });
    }
    const counted = async () => {
      const { stable, candidate } = await rollouts.show('green');
      return [stable.figures?.requests, candidate.figures?.requests];
    };
    expect(await counted()).toEqual([0, 0]);
    await expect(caller.request(SUBJECT, {}, was)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(await counted()).toEqual([0, 1]);
  });
});
