import { type Client, connect, defineContract } from 'modwire';
import type { OrderCode } from '../support/generated-contract.js';

declare global {
  interface Window {
    // The page has its own code for the contract.
    readOrders(url: string): ReturnType<typeof readOrders>;
    publishOrders(): ReturnType<typeof publishOrders>;
  }
}

let client: Client;
const lines: string[] = [];

/** Connects with a contract and reads orders with it. Resolves with what the broker knows of it. */
export async function readOrders(url: string, { schema, Order }: OrderCode): Promise<string> {
  const orders = defineContract({ name: 'orders', schema, root: Order });
  client = await connect(url, { name: 'page', contracts: [orders] });
  client.on('error', ({ code }) => lines.push(code));
  client.on('unreadable', ({ subject }) => lines.push(`unreadable ${subject}`));
  await client.subscribe('orders.>', orders, ({ id, items }, { subject }) => {
    lines.push(`${subject} ${id}: ${items.map(({ sku, count }) => `${count} x ${sku}`).join()}`);
  });
  const [{ contract, version }] = client.contracts as [Client['contracts'][number]];
  return `${contract}@${version}`;
}

/** Publishes an order, and what is none; resolves with all that has happened here when the client has ended. */
export async function publishOrders({ schema, Order, OrderT, ItemT }: OrderCode): Promise<readonly string[]> {
  const orders = defineContract({ name: 'orders', schema, root: Order });
  await client.use(orders);
  await client.publish('orders.page', orders, new OrderT('größe 🐘', 0, [new ItemT('tea', 2)]), {
    ack: true,
  });
  client.publish('orders.page', { id: 'JSON' });
  await client.drain();
  return lines;
}
