// Compiled by a test as a user's program: it only has to type-check, in a project without the types of Node.js.
import {
  type Client,
  type Contract,
  connect,
  defineContract,
  type FrameView,
  type TableObject,
} from 'modwire';
import { BatchReader, type ControlMessage, decodeControl, type FrameFields, Memory } from 'modwire/codec';
import { InferRequest, InferRequestRoot, inferenceSchema, tensor } from 'modwire/tensors';

export async function show(url: string, element: HTMLElement): Promise<void> {
  const client = await connect(url, { reconnect: true });
  await client.subscribe('prices.*', (frame: FrameView) => {
    element.textContent = `${frame.subject}: ${frame.json()}`;
  });
  client.on('disconnect', ({ code, willReconnect }) => {
    element.hidden = code !== 1000 && !willReconnect;
  });

  // @ts-expect-error A listener of frames is no listener of text.
  await client.subscribe('prices.*', (text: string) => element.append(text));
}

export function typesOf(bytes: Uint8Array, fields: FrameFields): string[] {
  const memory = new Memory(bytes);
  const batch = new BatchReader();
  batch.reset(memory);
  const types: string[] = [fields.subject];
  while (batch.next()) {
    const message = decodeControl(memory, batch.start, batch.end);
    if ('type' in message) types.push((message satisfies ControlMessage).type);
  }
  return types;
}

interface Order extends TableObject {
  id: string | null;
}

/** A class as flatc generates it, as far as a contract looks at it. */
declare class OrderTable {
  __init(at: number, bytes: object): OrderTable;
  unpack(): Order;
}

export async function useContract(client: Client, schema: Uint8Array, order: Order): Promise<string | null> {
  const orders: Contract<Order> = defineContract({ name: 'orders', schema, root: OrderTable });
  await client.subscribe('orders.>', orders, ({ id }, { sequence }) => console.log(id, sequence));
  const { sequence } = await client.publish('orders.eu', orders, order, { ack: true });
  for await (const { value, frame } of await client.subscribe('orders.>', orders)) {
    if (frame.sequence > sequence) return value.id;
  }

  // @ts-expect-error A value of another type.
  client.publish('orders.eu', orders, { id: 'o-1' });
  // @ts-expect-error The contract says what the content type is.
  client.publish('orders.eu', orders, order, { contentType: 1 });
  // @ts-expect-error A listener of other values.
  await client.subscribe('orders.>', orders, (value: { at: bigint }) => console.log(value));
  return orders.decode(orders.encode(order)).id;
}

export async function useTensors(client: Client): Promise<number> {
  const requests = defineContract({ name: 'scoring', schema: inferenceSchema, root: InferRequestRoot });
  await client.subscribe('score.>', requests, ({ inputs }) => {
    for (const input of inputs) {
      if (input.datatype === 'FP64') console.log(input.data satisfies Float64Array);
    }
  });
  const inputs = [tensor('FP16', [1, 2], [0.5, 1], { name: 'x' })];
  client.publish('score.eu', requests, new InferRequest({ modelName: 'ranker', inputs }));

  // @ts-expect-error No such datatype.
  tensor('FP8', [1], [1]);
  // @ts-expect-error Values of another kind.
  tensor('FP32', [1], ['1']);
  const first: Float32Array = tensor('FP32', [2], [1, 2]).data;
  return first[0]!;
}
