import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { RolloutsOverHttp, serveVersion, Traffic } from '../../support/rollout-scene.js';

const fixture = new BrokerFixture();

const PLAN = {
  ...{ name: 'roll', subject: 'models.score', stable: '^1', candidate: '^2' },
  ...{ strategy: 'rolling', settleMs: 500 },
};

describe.each(TRANSPORTS)('a rolling upgrade over %s', (transport) => {
  it('follows the workers as they are replaced one by one, without a request that fails', async () => {
    const broker = await fixture.broker(transport);
    const rollouts = new RolloutsOverHttp(broker);
    const worker = (name: string, version: string) =>
      fixture.client(broker.url, { name }).then((client) => serveVersion(client, version));
    const old = [await worker('a', '1.0.0'), await worker('b', '1.0.0')];
    const caller = await fixture.client(broker.url);
    const traffic = fixture.closing(new Traffic(caller));
    await rollouts.start(PLAN);
    expect((await rollouts.show('roll')).missing).toBe('2 workers of the old version to leave');
    for (const [index, one] of old.entries()) {
      await one.drain();
      await worker(`new-${index}`, '2.0.0');
      const share = [50, 100][index]!;
      await eventually(`${share} %`, async () => (await rollouts.show('roll')).weights.candidate >= share);
    }
    await eventually('the end', async () => (await rollouts.show('roll')).status === 'completed');
    await traffic.close();
    expect(traffic.failures).toEqual([]);
    const { history } = await rollouts.show('roll');
    expect(history.map(({ to, weight }) => `${to} ${weight}`)).toEqual([
      'following 0',
      'following 50',
      'following 100',
      'completed 100',
    ]);
  });

  it('lets the new version have all requests as soon as the old one is gone, whatever the weight is', async () => {
    const broker = await fixture.broker(transport);
    const rollouts = new RolloutsOverHttp(broker);
    const old = await serveVersion(await fixture.client(broker.url), '1.0.0');
    const caller = await fixture.client(broker.url);
    const traffic = fixture.closing(new Traffic(caller));
    await rollouts.start({ ...PLAN, settleMs: 600_000 });
    await serveVersion(await fixture.client(broker.url), '2.0.0');
    await eventually('requests', () => traffic.count('1.0.0') > 20);
    await old.drain();
    await eventually('requests for the new one', () => traffic.count('2.0.0') > 100);
    await traffic.close();
    expect(traffic.failures).toEqual([]);
    expect((await rollouts.show('roll')).history).toHaveLength(1);
  });
});
