// A service that reads orders with one version, as a process of its own, and writes down everything that it is handed
// or told. Arguments: address of the broker, name, module of its version.
import { connect, defineContract } from 'modwire';

const [url, name, modulePath] = process.argv.slice(2);
const { schema, Order } = await import(modulePath);
const orders = defineContract({ name: 'orders', schema, root: Order });
const client = await connect(url, {
  name,
  contracts: [orders],
  register: false,
  reconnectMs: 5,
  maxReconnectMs: 20,
});

const received = [];
const gaps = [];
const unreadable = [];
const errors = [];
client.on('gap', (gap) => gaps.push(gap));
client.on('unreadable', (what) => unreadable.push(what));
client.on('error', (error) => errors.push(error.message));

/** What is wrong with an order, other than that it cannot be read: nothing, if it is one that a producer has made. */
function faultOf({ id, total, items, note }) {
  const number = Number(id.split('/')[1]);
  const [item] = items;
  if (total !== number || items.length !== 1 || item.sku !== `sku-${number}` || item.count !== number)
    return true;
  return !(note === undefined || note === null || note === `note ${number}`);
}

await client.subscribe('orders.>', orders, (order, frame) => {
  const violation = orders.verify(frame.payload);
  const { epoch, sequence } = frame;
  const { id, note = null } = order;
  received.push({ id, note, epoch, sequence, isWrong: violation !== undefined || faultOf(order) });
});

process.on('message', (message) => {
  if (message === 'count') process.send({ count: received.length });
  if (message === 'report') process.send({ report: { received, gaps, unreadable, errors } });
});
process.on('disconnect', () => client.close());
process.send({ ready: true });
