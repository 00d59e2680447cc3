import { describe, expect, it } from 'vitest';
import { eventually, within } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../../support/broker-fixture.js';
import * as calls from '../../support/raw-calls.js';

const fixture = new BrokerFixture();

async function scene(transport: TransportName, drainMs: number) {
  const broker = await fixture.broker(transport, { drainMs });
  const worker = await fixture.raw(broker.url, { name: 'worker' });
  const caller = await fixture.raw(broker.url, { name: 'caller' });
  await calls.serve(worker);
  return { broker, worker, caller };
}

describe.each(TRANSPORTS)('a broker that drains, over %s', (transport) => {
  it('has what was taken answered before it disconnects, and takes nothing new', async () => {
    const { broker, worker, caller } = await scene(transport, 60_000);
    const [under, waiting] = [calls.request(caller), calls.request(caller)];
    await caller.settle();
    const drained = broker.drain();
    for (const client of [worker, caller]) {
      await client.next('goodbye');
      client.control({ type: 'goodbye', code: 0, message: '', graceMs: 0 });
      await client.settle();
    }
    const late = calls.request(caller);
    expect(await calls.endOf(caller, late)).toBe('REJECTED');
    calls.reply(worker, await calls.nextHanded(worker));
    calls.reply(worker, await calls.nextHanded(worker, 2));
    await within('the drain', drained);
    await caller.closed();
    for (const id of [under, waiting]) expect(await calls.endOf(caller, id)).toBe('reply');
  });

  it('does not wait for a worker that hangs beyond drainMs, and ends its requests', async () => {
    const { broker, worker, caller } = await scene(transport, 50);
    const [under, waiting] = [calls.request(caller), calls.request(caller)];
    await calls.nextHanded(worker);
    await within('the drain', broker.drain());
    await eventually('the caller closed', () => caller.closeCode !== undefined);
    expect(caller.closeCode).toBe(1001);
    expect(await calls.endOf(caller, under)).toBe('UNAVAILABLE');
    expect(calls.messageOf(caller, under)).toContain('may have been started');
    expect(await calls.endOf(caller, waiting)).toBe('REJECTED');
    expect(calls.messageOf(caller, waiting)).toContain('surely not started');
  });

  it('goes by when its worker is lost meanwhile', async () => {
    const { broker, worker, caller } = await scene(transport, 60_000);
    const id = calls.request(caller);
    await calls.nextHanded(worker);
    const drained = broker.drain();
    await caller.next('goodbye');
    caller.control({ type: 'goodbye', code: 0, message: '', graceMs: 0 });
    await caller.settle();
    await worker.close();
    await within('the drain', drained);
    expect(await calls.endOf(caller, id)).toBe('UNAVAILABLE');
  });
});
