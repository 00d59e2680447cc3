import { createContext, runInContext } from 'node:vm';
import { expect, test } from 'vitest';
import { bundleForBrowser } from '../support/browser-bundle.js';
import { orderVersion } from '../support/order-contracts.js';
import { orderModule } from '../support/order-modules.js';
import { ORDERS } from '../support/order-schemas.js';
import { expectOnlyBrowserModules } from './browser-modules.js';

const KIB = 1024;

/** What the bundle offers to whoever loads it, in a form that crosses from one realm to another. */
interface Bundled {
  readonly hexId: string;
  encode(id: string, skus: readonly string[]): Uint8Array;
  decode(payload: Uint8Array): string;
}

/** A program with a contract and the code that `modwire codegen` has written for it. */
async function bundleContract() {
  const { module } = await orderModule('orders', ORDERS.v1);
  return bundleForBrowser(`
    import { defineContract } from 'modwire';
    import { ItemT, Order, OrderT, schema } from '${module}';
    const orders = defineContract({ name: 'orders', schema, root: Order });
    globalThis.bundled = {
      hexId: orders.hexId,
      encode: (id, skus) => orders.encode(new OrderT(id, 0, skus.map((sku) => new ItemT(sku)))),
      decode(payload) {
        const { id, items } = orders.decode(payload);
        return [id, ...items.map(({ sku }) => sku)].join();
      },
    };
  `);
}

test('a contract in a browser encodes and decodes where there is nothing but the language and text coding', async () => {
  const bundle = await bundleContract();
  expectOnlyBrowserModules(bundle);
  const context = createContext({ TextEncoder, TextDecoder, atob });
  runInContext(bundle.code, context);
  const { bundled } = context as unknown as { bundled: Bundled };

  const { contract, order } = await orderVersion('v1');
  expect(bundled.hexId).toBe(contract.hexId);
  expect(bundled.decode(contract.encode(order('größe 🐘')))).toBe('größe 🐘,sku');
  const payload = new Uint8Array(bundled.encode('o-1', ['a', 'b']));
  expect(contract.decode(payload).items.map(({ sku }) => sku)).toEqual(['a', 'b']);
  expect(() => bundled.decode(payload.subarray(0, payload.length - 4))).toThrow(
    /^id: string runs 4 bytes past/,
  );
});

test('a contract without a client leaves the client out, and so stays small', async () => {
  const { kept, byteLength } = await bundleContract();
  expect(kept.filter((path) => path.startsWith('dist/client/'))).toEqual([]);
  expect(byteLength).toBeLessThan(62 * KIB);
});
