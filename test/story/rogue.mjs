// A service that sends what nobody has agreed to, as a process of its own: orders of its own version, under that
// version's schema id and under the one of another version, and other bytes. Says what the broker answers to each.
// Arguments: address of the broker, module of its own version, module of the other version.
import { ContentType, connect, defineContract } from 'modwire';

const [url, ownPath, otherPath] = process.argv.slice(2);
const contractOf = ({ schema, Order }) => defineContract({ name: 'orders', schema, root: Order });
const own = await import(ownPath);
const ownOrders = contractOf(own);
const other = await import(otherPath);
const otherOrders = contractOf(other);
const client = await connect(url, { name: 'rogue' });

const order = ownOrders.encode(new own.OrderT(7n, 1, [new own.ItemT('sku', 1)]));
const valid = otherOrders.encode(new other.OrderT('rogue/2', 2, []));
const attempts = {
  'its own schema id': [order, ownOrders.id],
  'another schema id': [order, otherOrders.id],
  'no schema id': [order, undefined],
  'cut off': [valid.subarray(0, valid.length - 4), otherOrders.id],
  'no table': [new Uint8Array(64).fill(0xff), otherOrders.id],
  'no bytes': [new Uint8Array(0), otherOrders.id],
};
const answers = {};
for (const [what, [payload, schemaId]] of Object.entries(attempts)) {
  try {
    const options = { contentType: ContentType.flatbuffer, ack: true, ...(schemaId && { schemaId }) };
    await client.publish('orders.eu', payload, options);
    answers[what] = 'taken';
  } catch (error) {
    answers[what] = `${error.code}: ${error.message}`;
  }
}
await client.close();
process.send({ answers });
process.disconnect();
