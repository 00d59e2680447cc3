import { describe, expect, it } from 'vitest';
import { ModwireError } from '../../../src/errors.js';
import type { RolloutEvent } from '../../../src/routing/rollouts/rollout-state.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../../support/broker-fixture.js';
import {
  QUICK_CANARY,
  RolloutsOverHttp,
  serveVersion,
  Traffic,
  versionsOf,
  type WorkerOptions,
} from '../../support/rollout-scene.js';

const fixture = new BrokerFixture();

/** Two versions that serve, and somebody who makes requests. */
async function scene(transport: TransportName, candidate: WorkerOptions = {}) {
  const broker = await fixture.broker(transport);
  const [old, young, caller] = [
    await fixture.client(broker.url, { name: 'old' }),
    await fixture.client(broker.url, { name: 'young' }),
    await fixture.client(broker.url, { name: 'caller' }),
  ];
  await serveVersion(old, '1.4.0');
  await serveVersion(young, '2.0.0', candidate);
  return { broker, old, young, caller, rollouts: new RolloutsOverHttp(broker) };
}

describe.each(TRANSPORTS)('a canary over %s', (transport) => {
  it('goes all the way: no request fails, each step is an event, and the old version may be stopped', async () => {
    const { old, caller, rollouts } = await scene(transport);
    const events: RolloutEvent[] = [];
    await caller.subscribe('$rollouts.*.events', (frame) => {
      events.push(frame.json() as RolloutEvent);
    });
    const traffic = fixture.closing(new Traffic(caller));
    const begun = await rollouts.start();
    expect(begun).toMatchObject({
      ...{ status: 'running', stage: 'step-1', inForce: true, mayStop: null },
      weights: { stable: 80, candidate: 20 },
    });
    await eventually('the end', async () => (await rollouts.show()).status !== 'running', 20_000);
    const { status, history, mayStop } = await rollouts.show();
    expect([status, mayStop]).toEqual(['completed', 'stable']);
    expect(history.map(({ to, weight, by }) => `${to} ${weight} ${by}`)).toEqual([
      'step-1 20 start',
      'step-2 50 schedule',
      'step-3 100 schedule',
      'completed 100 schedule',
    ]);
    await eventually('all events', () => events.length === history.length);
    expect(events).toEqual(history);
    // A worker that nobody needs any more leaves in the middle of the traffic.
    const before = traffic.ends.length;
    await old.drain();
    await eventually('more requests', () => traffic.ends.length > before + 50);
    await traffic.close();
    expect(traffic.failures).toEqual([]);
    expect(traffic.ends.slice(before + 4).every(({ end }) => end === '2.0.0')).toBe(true);
    expect(traffic.count('1.4.0')).toBeGreaterThan(0);
  });

  it('moves keys only towards the candidate, as many as its weight says, and divides requests without one', async () => {
    const { caller, rollouts } = await scene(transport);
    await rollouts.start({ ...QUICK_CANARY, holdMs: 600_000 });
    const first = await versionsOf(caller, 400);
    expect(await versionsOf(caller, 400)).toEqual(first);
    await rollouts.command('promote');
    const second = await versionsOf(caller, 400);
    const share = (versions: Map<string, string>) =>
      [...versions.values()].filter((version) => version === '2.0.0').length / versions.size;
    // Three standard deviations of 400 draws; the keys are always the same.
    expect(Math.abs(share(first) - 0.2)).toBeLessThan(0.06);
    expect(Math.abs(share(second) - 0.5)).toBeLessThan(0.075);
    for (const [key, version] of first) if (version === '2.0.0') expect(second.get(key)).toBe('2.0.0');
    const traffic = new Traffic(caller);
    await eventually('requests', () => traffic.ends.length >= 800);
    await traffic.close();
    const unkeyed = traffic.ends.filter(({ key }) => key === undefined);
    const candidates = unkeyed.filter(({ end }) => end === '2.0.0').length;
    // Five of them, since ids are others each time.
    expect(Math.abs(candidates / unkeyed.length - 0.5)).toBeLessThan(0.125);
  });

  it('that fails is taken back within one window, and costs nobody beyond its share', async () => {
    const { caller, rollouts } = await scene(transport, {
      before: () => {
        throw new ModwireError('INTERNAL', 'a bad model');
      },
    });
    const traffic = fixture.closing(new Traffic(caller));
    await rollouts.start();
    await eventually('the rollback', async () => (await rollouts.show()).status === 'rolled-back');
    const { lastEvent, mayStop, weights, stable, history } = await rollouts.show();
    expect(lastEvent.atMs - history[0]!.atMs).toBeLessThan(QUICK_CANARY.gates.windowMs);
    expect(lastEvent).toMatchObject({ from: 'step-1', to: 'rolled-back', by: 'gate', weight: 0 });
    expect(lastEvent.reason).toMatch(/requests failed: more than 5 %/);
    expect([mayStop, weights, stable.figures]).toEqual(['candidate', { stable: 100, candidate: 0 }, null]);
    const before = traffic.ends.length;
    await eventually('more requests', () => traffic.ends.length > before + 100);
    await traffic.close();
    expect(traffic.ends.slice(before + 4).every(({ end }) => end === '1.4.0')).toBe(true);
    const total = before + 4;
    expect(new Set(traffic.failures)).toEqual(new Set(['INTERNAL']));
    expect(traffic.failures.length / total).toBeLessThan(0.2 + 5 * Math.sqrt(0.16 / total));
  });

  it('that is slow is taken back by its gate on latency', async () => {
    const { caller, rollouts } = await scene(transport, {
      before: () => new Promise((resolve) => setTimeout(resolve, 60)),
    });
    const traffic = fixture.closing(new Traffic(caller));
    await rollouts.start({ ...QUICK_CANARY, gates: { maxP99Ms: 40, windowMs: 5_000 }, minRequests: 10 });
    await eventually('the rollback', async () => (await rollouts.show()).status === 'rolled-back');
    const { lastEvent } = await rollouts.show();
    expect(lastEvent).toMatchObject({ by: 'gate', to: 'rolled-back' });
    expect(lastEvent.reason).toMatch(/^99 % of replies took up to .* ms: more than 40 ms$/);
    await traffic.close();
    expect(traffic.failures).toEqual([]);
  });
});
