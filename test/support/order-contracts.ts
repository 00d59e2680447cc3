import {
  type Client,
  ContentType,
  type Contract,
  defineContract,
  type PublishOptions,
  type TableClass,
  type TableObject,
  type Unreadable,
} from '../../src/index.js';
import { generateCode, generateOrders, type OrderCode, type OrderObject } from './generated-contract.js';
import { ORDERS, type OrderVersion, PING_TEXT } from './order-schemas.js';

/** A version of the contract `orders` as a service has it that was built against it. */
export interface OrderVersionCode extends OrderCode {
  readonly contract: Contract<OrderObject>;
  /** An order with one item. */
  order(id: string, total?: number): OrderObject;
}

export interface PingObject extends TableObject {
  at: bigint;
}

/** The contract `pings`, which has nothing to do with orders. */
export interface PingCode {
  readonly contract: Contract<PingObject>;
  readonly PingT: new (at: bigint) => PingObject;
}

/** The code of a version of the contract `orders`. */
export async function orderVersion(version: OrderVersion): Promise<OrderVersionCode> {
  const code = await generateOrders(ORDERS[version]);
  const contract = defineContract({ name: 'orders', schema: code.schema, root: code.Order });
  const order = (id: string, total = 0) => new code.OrderT(id, total, [new code.ItemT('sku', 1)]);
  return { ...code, contract, order };
}

export async function pingCode(): Promise<PingCode> {
  const { schema, classes } = await generateCode(PING_TEXT);
  const { Ping, PingT } = classes as Pick<PingCode, 'PingT'> & { Ping: TableClass<PingObject> };
  return { contract: defineContract({ name: 'pings', schema, root: Ping }), PingT };
}

/** What a client says of frames that it cannot read. */
export function unreadableOf(client: Client): Unreadable[] {
  const told: Unreadable[] = [];
  client.on('unreadable', (what) => told.push(what));
  return told;
}

/** A payload as somebody publishes it who has no contract, or has another idea of it. */
export function asVersion({ contract }: OrderVersionCode | PingCode): PublishOptions {
  return { contentType: ContentType.flatbuffer, schemaId: contract.id };
}

/** An order whose item has lost its SKU's characters to bytes that are no text. */
export function notUtf8({ contract, order }: OrderVersionCode): Uint8Array {
  const payload = contract.encode(order('o-1'));
  payload[new TextDecoder('latin1').decode(payload).indexOf('sku')] = 0xff;
  return payload;
}
