import { beforeAll, describe, expect, it } from 'vitest';
import type { ModwireError } from '../../../src/index.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { type OrderVersionCode, orderVersion } from '../../support/order-contracts.js';
import { temporaryDirectory } from '../../support/registry-fixture.js';

const fixture = new BrokerFixture();

let v1: OrderVersionCode;
let lax: OrderVersionCode;
beforeAll(async () => {
  [v1, lax] = await Promise.all([orderVersion('v1'), orderVersion('lax')]);
});

describe.each(TRANSPORTS)('versions of services over %s', (transport) => {
  async function fleet() {
    const broker = await fixture.broker(transport);
    const caller = await fixture.client(broker.url);
    for (const version of ['1.4.0', '2.0.0', '2.1.0']) {
      const worker = await fixture.client(broker.url, { name: version });
      await worker.serve('score', { version, concurrency: 1_000 }, () => version);
      await worker.serve('words', { version }, async function* () {
        for (const number of [1, 2, 3]) yield `${version} ${number}`;
      });
    }
    return { broker, caller };
  }

  it('are asked for by a range, in requests, streams, retries and hedges', async () => {
    const { caller } = await fleet();
    const versionsOf = async (version: string, more: Parameters<typeof caller.request>[2] = {}) => {
      const replies = Array.from({ length: 30 }, () => caller.request('score', 1, { version, ...more }));
      return [...new Set((await Promise.all(replies)).map((reply) => reply.json()))].sort();
    };
    expect(await versionsOf('^1.2')).toEqual(['1.4.0']);
    expect(await versionsOf('>=1.4 <2.1')).toEqual(['1.4.0', '2.0.0']);
    expect(await versionsOf('*', { headers: [['a', 'b']] })).toEqual(['1.4.0', '2.0.0', '2.1.0']);
    expect(await versionsOf('2.0.x', { idempotent: true, hedge: { delayMs: 0.01 } })).toEqual(['2.0.0']);
    const words: unknown[] = [];
    for await (const reply of caller.requestStream('words', 1, { version: '~2.1' })) words.push(reply.json());
    expect(words).toEqual(['2.1.0 1', '2.1.0 2', '2.1.0 3']);
  });

  it('that nobody has are NO_RESPONDERS, which names those that there are', async () => {
    const { caller } = await fleet();
    const refused = await caller
      .request('score', 1, { version: '^3' })
      .catch((thrown: ModwireError) => thrown);
    expect(refused).toMatchObject({ code: 'NO_RESPONDERS', mayHaveStarted: false });
    expect((refused as ModwireError).message).toContain('got 1.4.0, 2.0.0, 2.1.0');
  });

  it('are refused here or by the broker when they are no range', async () => {
    const { caller } = await fleet();
    for (const version of ['', '1'.repeat(257), 'newest', 7 as never]) {
      await expect(caller.request('score', 1, { version })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
    }
  });

  it('that read other versions of a contract get what they can read, also after a reconnect', async () => {
    const dataDir = await temporaryDirectory();
    const broker = await fixture.broker(transport, {}, { dataDir });
    const old = await fixture.client(broker.url, { name: 'old' });
    const upgraded = await fixture.client(broker.url, { name: 'upgraded' });
    const caller = await fixture.client(broker.url, { contracts: [v1.contract, lax.contract] });
    const concurrency = 100;
    await old.serve('price', { request: v1.contract, concurrency }, () => 'old');
    const ask = async (code: OrderVersionCode) =>
      (await caller.request('price', code.contract, code.order('o-1'))).json();
    expect(await ask(v1)).toBe('old');
    await expect(ask(lax)).rejects.toMatchObject({ code: 'CONTRACT_VIOLATION', mayHaveStarted: false });
    await upgraded.serve('price', { request: lax.contract, concurrency }, () => 'upgraded');
    const all = async (code: OrderVersionCode) =>
      [...new Set(await Promise.all(Array.from({ length: 20 }, () => ask(code))))].sort();
    expect(await all(lax)).toEqual(['upgraded']);
    // A new reader reads old data.
    expect(await all(v1)).toEqual(['old', 'upgraded']);
    await broker.close();
    await fixture.broker(transport, {}, { port: broker.port, dataDir });
    await expect.poll(() => ask(lax).catch(() => undefined), { timeout: 10_000 }).toBe('upgraded');
    await expect.poll(() => all(v1).catch(() => undefined), { timeout: 10_000 }).toEqual(['old', 'upgraded']);
    expect(await all(lax)).toEqual(['upgraded']);
  });
});
