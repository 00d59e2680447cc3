import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Exposure } from '../../../src/broker/experiments/exposures.js';
import { toHex } from '../../../src/codec/message-id.js';
import type { Client } from '../../../src/index.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { HALVES, putExperiment, serveVersion, userKeys, variantMet } from '../../support/experiments.js';
import * as calls from '../../support/raw-calls.js';

const fixture = new BrokerFixture();

const SUBJECT = '$experiments.ranker.exposures';

/** What somebody who subscribes is told, with the causes. */
async function told(client: Client, group?: string) {
  const exposures: (Exposure & { readonly cause: string })[] = [];
  await client.subscribe(SUBJECT, { ...(group !== undefined && { group }) }, (frame) => {
    exposures.push({ ...(frame.json() as Exposure), cause: toHex(frame.causationId!) });
  });
  return exposures;
}

const hashOf = (key: string) => createHash('sha256').update(`ranker\0${key}`).digest('hex').slice(0, 32);

describe.each(TRANSPORTS)('exposures, over %s', (transport) => {
  async function scene() {
    const broker = await fixture.broker(transport);
    await putExperiment(broker);
    await serveVersion(await fixture.client(broker.url), '1.0.0');
    const caller = await fixture.client(broker.url);
    return { broker, caller };
  }

  it('tell of each request once, by the hash of its key', async () => {
    const { broker, caller } = await scene();
    await serveVersion(await fixture.client(broker.url), '2.0.0');
    const exposures = await told(await fixture.client(broker.url));
    const before = Date.now();
    const met: (string | undefined)[] = [];
    const keys = userKeys(50);
    for (const key of keys) met.push(await variantMet(caller, { key }));
    await eventually('all are told of', () => exposures.length >= keys.length);
    expect(exposures).toHaveLength(keys.length);
    exposures.forEach((exposure, index) => {
      expect(exposure).toEqual({
        ...{ experiment: 'ranker', variant: met[index], reason: 'bucket', subject: 'models.ranker' },
        ...{ bucket: expect.any(Number), keyHash: hashOf(keys[index]!), at: expect.any(Number) },
        ...{ requestId: expect.any(String), cause: exposure.requestId.replaceAll('-', '') },
      });
      expect(exposure.bucket! < 5_000).toBe(met[index] === 'control');
      expect(exposure.at).toBeGreaterThanOrEqual(before);
    });
    expect(new Set(exposures.map(({ requestId }) => requestId)).size).toBe(keys.length);
    expect(JSON.stringify(exposures)).not.toContain('user-');
  });

  it('say why a request is where it is', async () => {
    const { broker, caller } = await scene();
    const exposures = await told(await fixture.client(broker.url));
    const said = { experiment: 'ranker', variant: 'control' };
    const last = async () => {
      await eventually('it is told of', () => exposures.length > 0);
      const [{ variant, reason, bucket, keyHash }] = exposures.splice(0) as unknown as [Exposure];
      return [variant, reason, bucket === null, keyHash === null];
    };
    await variantMet(caller);
    expect(await last()).toEqual(['control', 'default', true, true]);
    await variantMet(caller, { ...said, key: 'user-1' });
    expect(await last()).toEqual(['control', 'kept', true, true]);
    // Nobody serves version 2.
    const candidate = { name: 'candidate', version: '^2', weight: 100 };
    await putExperiment(broker, { ...HALVES, variants: [{ ...HALVES.variants[0]!, weight: 0 }, candidate] });
    await variantMet(caller, { key: 'user-1' });
    expect(await last()).toEqual(['control', 'fallback', false, false]);
  });

  it('tell once more of a request that has to leave its variant later', async () => {
    const { broker, caller } = await scene();
    const exposures = await told(await fixture.client(broker.url));
    const two = await fixture.raw(broker.url);
    await calls.serve(two, { subject: 'models.ranker', version: '2.0.0' });
    const key = 'user-1';
    const candidate = { name: 'candidate', version: '^2', weight: 100 };
    await putExperiment(broker, { ...HALVES, variants: [{ ...HALVES.variants[0]!, weight: 0 }, candidate] });
    void caller.request('models.ranker', {}, { key }).catch(() => undefined);
    await calls.nextHanded(two);
    const waiting = variantMet(caller, { key });
    await eventually('both are told of', () => exposures.length === 2);
    two.control({ type: 'unserve', service: 1 });
    expect(await waiting).toBe('control');
    await eventually('it is told again', () => exposures.length === 3);
    const [, before, after] = exposures as unknown as [Exposure, Exposure, Exposure];
    expect([before.variant, before.reason, after.variant, after.reason]).toEqual([
      ...['candidate', 'bucket', 'control', 'fallback'],
    ]);
    expect(after.requestId).toBe(before.requestId);
  });

  it('go to one of a group, and to nobody who does not ask', async () => {
    const { broker, caller } = await scene();
    const subjects = broker.stats().subjects;
    await variantMet(caller);
    expect(broker.stats().subjects).toBe(subjects);
    const reader = await fixture.client(broker.url);
    const exposures = await told(reader, 'analysts');
    await variantMet(caller);
    await eventually('it is told of', () => exposures.length === 1);
    await reader.close();
    await eventually('the reader is gone', () => broker.stats().subscriptions === 0);
    const { frames } = broker.stats();
    await variantMet(caller);
    expect(broker.stats().frames).toBe(frames);
  });

  it('are told by the broker alone, and of no request made on account of a copy', async () => {
    const { broker, caller } = await scene();
    const exposures = await told(await fixture.client(broker.url));
    await expect(caller.publish(SUBJECT, {}, { ack: true })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    expect(await variantMet(caller, { mirrored: true })).toBe('control');
    await variantMet(caller);
    await eventually('the other is told of', () => exposures.length === 1);
  });
});
