import { beforeAll, describe, expect, it } from 'vitest';
import type { Client, ModwireError } from '../../src/index.js';
import { within } from '../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { type OrderVersionCode, orderVersion } from '../support/order-contracts.js';
import { openRegistry, temporaryDirectory } from '../support/registry-fixture.js';

const fixture = new BrokerFixture();

let v1: OrderVersionCode;
let v2: OrderVersionCode;
let broken: OrderVersionCode;
beforeAll(async () => {
  v1 = await orderVersion('v1');
  v2 = await orderVersion('v2');
  broken = await orderVersion('broken');
});

function next(client: Client, name: 'disconnect' | 'reconnect'): Promise<unknown> {
  const event = new Promise((resolve) => client.on(name, resolve));
  return within(`the event ${name}`, event);
}

describe.each(TRANSPORTS)('a client with contracts whose broker is restarted over %s', (transport) => {
  it('makes its contracts known to the new one before anything else, and what waited is taken', async () => {
    const first = await fixture.broker(transport);
    const client = await fixture.client(first.url, { contracts: [v1.contract, v2.contract] });
    const seen: unknown[] = [];
    await client.subscribe('orders.>', v1.contract, ({ id }) => seen.push(id));
    const lost = next(client, 'disconnect');
    await first.close();
    await lost;
    const back = next(client, 'reconnect');
    client.publish('orders.eu', v2.contract, v2.order('while away'));

    const dataDir = await folderWith(v1);
    const options = { port: first.port, requireContracts: true, dataDir };
    const second = await fixture.broker(transport, {}, options);
    await back;
    await client.publish('orders.eu', v1.contract, v1.order('back'), { ack: true });
    await client.flush();

    expect(seen).toEqual(['while away', 'back']);
    expect(client.contracts.map(({ version, isNew }) => [version, isNew])).toEqual([
      [1, false],
      [2, true],
    ]);
    expect(second.stats()).toMatchObject({ frames: 2, refused: 0 });
  });

  it('says that a contract is refused now, and goes on with everything else', async () => {
    const first = await fixture.broker(transport);
    const client = await fixture.client(first.url, { contracts: [v1.contract] });
    const errors: ModwireError[] = [];
    client.on('error', (error) => errors.push(error));
    const seen: unknown[] = [];
    const subscription = await client.subscribe('orders.>', v1.contract, ({ id }) => seen.push(id));
    const plain: unknown[] = [];
    await client.subscribe('plain', (frame) => plain.push(frame.json()));
    const lost = next(client, 'disconnect');
    await first.close();
    await lost;
    const back = next(client, 'reconnect');
    const options = { port: first.port, dataDir: await folderWith(broken) };
    const second = await fixture.broker(transport, {}, options);
    await back;

    expect(errors.map(({ code }) => code)).toEqual(['INCOMPATIBLE_SCHEMA']);
    await client.publish('plain', 1, { ack: true });
    const refused = client.publish('orders.eu', v1.contract, v1.order('o-1'), { ack: true });
    await expect(refused).rejects.toMatchObject({ code: 'CONTRACT_VIOLATION' });
    const other = await fixture.client(second.url, { contracts: [broken.contract] });
    await other.publish('orders.eu', broken.contract, broken.order('o-2', '3' as never), { ack: true });
    await client.flush();
    expect(plain).toEqual([1]);
    expect(seen).toEqual([]);
    expect(subscription.unreadable).toBe(1);
  });

  /** Where a broker finds the contract with this version, and `orders.>` bound to it. */
  async function folderWith({ schema: bfbs }: OrderVersionCode): Promise<string> {
    const directory = await temporaryDirectory();
    const registry = await openRegistry(directory);
    await registry.register({ contract: 'orders', bfbs });
    await registry.bind({ pattern: 'orders.>', use: 'message', contract: 'orders' });
    await registry.close();
    return directory;
  }
});
