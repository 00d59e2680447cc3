// A service that publishes orders of one version, as a process of its own, one after the other, until it is told to
// stop; then says which orders the broker has taken and of which it does not know.
// Arguments: address of the broker, name, module of its version.
import { connect, defineContract } from 'modwire';

const [url, name, modulePath] = process.argv.slice(2);
const { schema, Order, OrderT, ItemT } = await import(modulePath);
const orders = defineContract({ name: 'orders', schema, root: Order });
const client = await connect(url, {
  name,
  contracts: [orders],
  register: false,
  reconnectMs: 5,
  maxReconnectMs: 20,
});

/** Where the broker has put each order, by the order's id. */
const taken = {};
/** Orders whose answer was lost together with the connection. */
const unknown = [];
const errors = [];
client.on('error', (error) => errors.push(error.message));

let stopped = false;
process.on('message', (message) => {
  if (message === 'count') process.send({ count: Object.keys(taken).length });
  if (message === 'stop') stopped = true;
});
process.send({ ready: true });

for (let number = 1; !stopped; number++) {
  const order = new OrderT(`${name}/${number}`, number, [new ItemT(`sku-${number}`, number)]);
  if ('note' in order) order.note = `note ${number}`;
  try {
    const { epoch, sequence } = await client.publish('orders.eu', orders, order, { ack: true });
    taken[order.id] = { epoch, sequence };
  } catch (error) {
    if (error.code === 'UNAVAILABLE') unknown.push(order.id);
    else errors.push(error.message);
  }
  // Others have their turn, and so has what the broker says.
  await new Promise((resolve) => setTimeout(resolve, 1));
}
await client.drain();
process.send({ report: { taken, unknown, errors } });
process.disconnect();
