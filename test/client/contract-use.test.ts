import { beforeAll, describe, expect, it } from 'vitest';
import { ModwireError } from '../../src/index.js';
import { BrokerFixture } from '../support/broker-fixture.js';
import { type OrderVersionCode, orderVersion } from '../support/order-contracts.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const fixture = new BrokerFixture();

let v1: OrderVersionCode;
beforeAll(async () => {
  v1 = await orderVersion('v1');
});

describe('what a client takes for a contract', () => {
  it('is what defineContract returns, of another copy of the package too', async () => {
    const other: typeof import('../../src/index.js') = await import(
      /* @vite-ignore */ new URL('../../dist/index.js', import.meta.url).href
    );
    const copied = other.defineContract({ name: 'orders', schema: v1.schema, root: v1.Order });
    const broker = await fixture.broker('ws');
    const client = await fixture.client(broker.url, { contracts: [copied] });
    const seen: unknown[] = [];
    await client.subscribe('orders.>', copied, ({ id }) => seen.push(id));
    client.publish('orders.eu', copied, v1.order('o-1'));
    await client.flush();
    expect(seen).toEqual(['o-1']);
  });

  it('is nothing else', async () => {
    const broker = await fixture.broker('ws');
    for (const contracts of [[{ name: 'orders' }], [undefined], v1.contract]) {
      await expect(fixture.client(broker.url, { contracts: contracts as never })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('an array of what defineContract returns'),
      });
    }
    expect(broker.stats().sessions).toBe(0);
  });
});

describe('asking a broker about a contract', () => {
  it('ends for who gives it up, and for nobody else', async () => {
    const broker = await fixture.broker('ws');
    const client = await fixture.client(broker.url);
    const impatient = new AbortController();
    const given = client.use(v1.contract, { signal: impatient.signal });
    const other = client.use(v1.contract);
    impatient.abort();
    await expect(given).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await other).toMatchObject({ contract: 'orders', version: 1 });
  });

  it('is done once for all who ask at the same time', async () => {
    const broker = await fixture.broker('ws');
    const client = await fixture.client(broker.url);
    const answers = await Promise.all([1, 2, 3].map(() => client.use(v1.contract)));
    expect(answers.map(({ isNew }) => isNew)).toEqual([true, true, true]);
  });

  it('fails at once without a connection, when it is lost, and when the client is closed', async () => {
    const broker = await fixture.broker('ws');
    const proxy = fixture.closing(await TcpProxy.start(broker.port));
    const client = await fixture.client(`ws://127.0.0.1:${proxy.port}`);
    const lost = client.use(v1.contract);
    proxy.cut();
    await expect(lost).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(client.use(v1.contract)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(client.resolve(v1.contract.id)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await client.close();
    await expect(client.use(v1.contract)).rejects.toBeInstanceOf(ModwireError);
  });

  it('is not begun with a schema that is too large for a message', async () => {
    const broker = await fixture.broker('ws', { maxFrameBytes: 2048, maxBatchBytes: 4096 });
    const client = await fixture.client(broker.url);
    await expect(client.use(v1.contract)).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: expect.stringContaining('maxBatchBytes = 4096'),
    });
    expect(client.connected).toBe(true);
  });
});
