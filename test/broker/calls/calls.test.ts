import { describe, expect, it } from 'vitest';
import { Kind } from '../../../src/codec/generated/modwire/kind.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { frameOf } from '../../support/raw-client.js';

const fixture = new BrokerFixture();

describe.each(TRANSPORTS)('calls over %s', (transport) => {
  it('take a request to a worker and its reply back to the caller', async () => {
    const broker = await fixture.broker(transport);
    const worker = await fixture.raw(broker.url, { name: 'worker' });
    const caller = await fixture.raw(broker.url, { name: 'caller' });
    worker.control({
      ...{ type: 'serve', service: 1, subject: 'models.a', group: '', version: '1.0.0' },
      ...{ concurrency: 1, policy: 0 },
    });
    await worker.next('serving');
    const id = new Uint8Array(16).fill(7);
    caller.send(
      frameOf('models.a', { id, kind: Kind.request, timeout: 1_000_000, payload: new Uint8Array(3) }),
    );
    await caller.settle();
    await worker.settle();
    const [request] = worker.frames;
    expect([request!.kind, request!.sequence, request!.payloadLength]).toEqual([Kind.request, 1, 3]);
    expect(request!.epoch).toBeGreaterThan(0);
    expect(request!.epoch).toBeLessThanOrEqual(1_000_000);
    worker.send(frameOf('models.a', { kind: Kind.reply, correlationId: id, payload: new Uint8Array(5) }));
    await worker.settle();
    await caller.settle();
    expect(caller.frames.map(({ kind, payloadLength }) => [kind, payloadLength])).toEqual([[Kind.reply, 5]]);
    expect(broker.stats().calls).toMatchObject({ open: 0, requests: 1, failed: 0, late: 0, workers: 1 });
  });
});
