import { expect, onTestFinished, test } from 'vitest';
import { startBroker } from '../../src/broker/index.js';
import { connect } from '../../src/index.js';
import { bundleForBrowser } from '../support/browser-bundle.js';
import { orderVersion } from '../support/order-contracts.js';
import { orderModule } from '../support/order-modules.js';
import { ORDERS } from '../support/order-schemas.js';
import { launchChromium } from './launch-chromium.js';
import { servePage } from './page-server.js';

test('a page in Chromium reads and publishes values of a contract, beside services of Node.js', async (context) => {
  const browser = await launchChromium(context);
  const { module } = await orderModule('orders', ORDERS.v1);
  const { code } = await bundleForBrowser(`
    import { publishOrders, readOrders } from './test/browser/contract-page.js';
    import * as code from '${module}';
    window.readOrders = (url) => readOrders(url, code);
    window.publishOrders = () => publishOrders(code);
  `);
  const server = await servePage(code);
  onTestFinished(server.close);
  const broker = await startBroker({ port: 0, allowedOrigins: [server.origin] });
  onTestFinished(() => broker.close());
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(server.url);

  const known = await page.evaluate((url) => window.readOrders(url), broker.url);
  await broker.registry.bind({ pattern: 'orders.>', use: 'message', contract: 'orders' });
  const v1 = await orderVersion('v1');
  const lax = await orderVersion('lax');
  const service = await connect(broker.url, { name: 'service', contracts: [v1.contract] });
  onTestFinished(() => service.close());
  const seen: unknown[] = [];
  await service.subscribe('orders.page', v1.contract, ({ id, items }) => seen.push([id, items[0]!.sku]));
  await service.publish('orders.service', v1.contract, v1.order('o-2'), { ack: true });
  expect((await service.use(lax.contract)).unreadableBy).toEqual(expect.arrayContaining(['page', 'service']));
  await service.publish('orders.lax', lax.contract, lax.order('o-3'), { ack: true });
  const lines = await page.evaluate(() => window.publishOrders());
  await service.flush();

  expect(known).toBe('orders@1');
  expect(lines).toEqual([
    'orders.service o-2: 1 x sku',
    'unreadable orders.lax',
    'orders.page größe 🐘: 2 x tea',
    'CONTRACT_VIOLATION',
  ]);
  expect(seen).toEqual([['größe 🐘', 'tea']]);
  expect(errors).toEqual([]);
});
