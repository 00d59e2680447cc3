import { describe, expect, it } from 'vitest';
import type { ModwireError } from '../../../src/index.js';
import type { Experiment } from '../../../src/routing/experiments/experiment.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { HALVES, putExperiment, serveVersion, variantMet } from '../../support/experiments.js';
import * as calls from '../../support/raw-calls.js';

const fixture = new BrokerFixture();

/** Everyone to the candidate; who may not go there, to the control. */
const ALL: Experiment = {
  ...HALVES,
  variants: [
    { name: 'control', version: '^1', weight: 0 },
    { name: 'candidate', version: '^2', weight: 100 },
  ],
};
const KEYED = { key: 'user-1' };

describe.each(TRANSPORTS)('requests whose variant nobody serves, over %s', (transport) => {
  async function scene() {
    const broker = await fixture.broker(transport);
    await putExperiment(broker, ALL);
    const caller = await fixture.client(broker.url);
    const one = await fixture.client(broker.url);
    await serveVersion(one, '1.0.0');
    return { broker, caller, one };
  }

  it('go to the default, and to their own again as soon as somebody serves it', async () => {
    const { broker, caller } = await scene();
    expect(await variantMet(caller, KEYED)).toBe('control');
    const two = await fixture.client(broker.url);
    await serveVersion(two, '2.0.0');
    expect(await variantMet(caller, KEYED)).toBe('candidate');
    await two.close();
    await eventually('the worker is gone', () => broker.stats().calls.workers === 1);
    expect(await variantMet(caller, KEYED)).toBe('control');
    // Nor does it help to say it.
    const said = { experiment: 'ranker', variant: 'candidate' };
    expect(await variantMet(caller, said)).toBe('control');
  });

  it('go to the default where its workers are not ready, or have been ejected', async () => {
    const { broker, caller } = await scene();
    const two = await fixture.raw(broker.url);
    await calls.serve(two, { subject: 'models.ranker', version: '2.0.0', concurrency: 8 });
    two.control({ type: 'capacity', service: 1, concurrency: 8, ready: false });
    await two.settle();
    expect(await variantMet(caller, KEYED)).toBe('control');
    two.control({ type: 'capacity', service: 1, concurrency: 8, ready: true });
    await two.settle();
    for (let count = 1; count <= 5; count++) {
      const failing = caller.request('models.ranker', {}, KEYED).catch(({ code }: ModwireError) => code);
      calls.fail(two, await calls.nextHanded(two, count), 'INTERNAL');
      expect(await failing).toBe('INTERNAL');
    }
    expect(await variantMet(caller, KEYED)).toBe('control');
  });

  it('do not fail when its last worker leaves while they wait for it', async () => {
    const { broker, caller } = await scene();
    const two = await fixture.raw(broker.url);
    await calls.serve(two, { subject: 'models.ranker', version: '2.0.0' });
    const first = caller.request('models.ranker', {}, KEYED);
    const asked = await calls.nextHanded(two);
    const waiting = [1, 2, 3].map(() => variantMet(caller, KEYED));
    await eventually('three wait', () => broker.stats().calls.waiting === 3);
    two.control({ type: 'unserve', service: 1 });
    expect(await Promise.all(waiting)).toEqual(['control', 'control', 'control']);
    calls.reply(two, asked);
    expect((await first).frame.kind).toBe(2);
    expect(calls.handed(two)).toHaveLength(1);
  });

  it('do not fail when its last worker is lost, where they may be repeated', async () => {
    const { broker, caller } = await scene();
    const two = await fixture.raw(broker.url);
    await calls.serve(two, { subject: 'models.ranker', version: '2.0.0' });
    const lost = variantMet(caller, { ...KEYED, idempotent: true, retry: false });
    await calls.nextHanded(two);
    await two.close();
    expect(await lost).toBe('control');
  });

  it('wait for a worker that they ask for by its version, or are told that there is none', async () => {
    const { broker, caller } = await scene();
    const two = await fixture.client(broker.url);
    await serveVersion(two, '2.0.0');
    // Both is more than anybody serves: the caller's own word counts.
    expect(await variantMet(caller, { ...KEYED, version: '^1' })).toBe('control');
    expect(await variantMet(caller, { ...KEYED, version: '^2' })).toBe('candidate');
    const refused = caller.request('models.ranker', {}, { ...KEYED, version: '^3' });
    await expect(refused).rejects.toMatchObject({ code: 'NO_RESPONDERS' });
  });

  it('have no responders where nobody serves the default either', async () => {
    const { caller, one, broker } = await scene();
    await one.close();
    await eventually('the worker is gone', () => broker.stats().calls.workers === 0);
    await expect(caller.request('models.ranker', {}, KEYED)).rejects.toMatchObject({
      code: 'NO_RESPONDERS',
    });
    const other = await fixture.client(broker.url);
    await serveVersion(other, '3.0.0');
    await expect(caller.request('models.ranker', {}, KEYED)).rejects.toMatchObject({
      code: 'NO_RESPONDERS',
    });
  });
});

describe.each(TRANSPORTS)('requests shortly after the start of a broker, over %s', (transport) => {
  it('wait for a worker, and meet their variant where that comes first', async () => {
    const broker = await fixture.broker(transport, { startupGraceMs: 20_000 });
    await putExperiment(broker, ALL);
    const caller = await fixture.client(broker.url);
    const met = variantMet(caller, KEYED);
    await eventually('it waits', () => broker.stats().calls.waiting === 1);
    await serveVersion(await fixture.client(broker.url), '2.0.0');
    expect(await met).toBe('candidate');
  });

  it('wait for their own variant where another comes first, and go to the default when that time is over', async () => {
    const broker = await fixture.broker(transport, { startupGraceMs: 3_000 });
    await putExperiment(broker, ALL);
    const caller = await fixture.client(broker.url);
    const met = variantMet(caller, KEYED);
    await eventually('it waits', () => broker.stats().calls.waiting === 1);
    await serveVersion(await fixture.client(broker.url), '1.0.0');
    expect(await met).toBe('control');
  });
});
