import type { Broker } from '../../src/broker/index.js';
import { ContentType } from '../../src/codec/generated/modwire/content-type.js';
import { fromHex } from '../../src/codec/message-id.js';
import { bfbsOf, payloadOf } from './flatc.js';

const ITEM = 'table Item { sku:string (required); count:int; }';

/** Versions of one contract, each with what it changes. */
export const ORDERS = {
  v1: `namespace shop; ${ITEM} table Order { id:string (required); total:double; items:[Item]; } root_type Order;`,
  /** Another field: readers of either version read the other's data. */
  v2: `namespace shop; ${ITEM} table Order { id:string (required); total:double; items:[Item]; note:string; } root_type Order;`,
  /** The id may be missing: new readers read old data, old readers do not read new data. */
  lax: `namespace shop; ${ITEM} table Order { id:string; total:double; items:[Item]; } root_type Order;`,
  /** The total is a text now: nobody reads the other's data. */
  broken: `namespace shop; ${ITEM} table Order { id:string (required); total:string; items:[Item]; } root_type Order;`,
} as const;

export type OrderVersion = keyof typeof ORDERS;

/** A schema that has nothing to do with orders. */
export const PING_TEXT = 'namespace net; table Ping { at:ulong; } root_type Ping;';

export interface Registered {
  /** Hex. */
  readonly schemaId: string;
  readonly version: number;
  readonly payload: Uint8Array;
  /** What a frame of it says. */
  readonly fields: {
    readonly payload: Uint8Array;
    readonly schemaId: Uint8Array;
    readonly contentType: ContentType;
  };
}

/** Registers a schema with a broker; `value` becomes a payload of it. */
export async function register(
  { registry }: Broker,
  contract: string,
  text: string,
  value: unknown,
): Promise<Registered> {
  const { version } = await registry.register({ contract, bfbs: await bfbsOf(text) });
  const payload = await payloadOf(text, value);
  return {
    schemaId: version.schemaId,
    version: version.version,
    payload,
    fields: { payload, schemaId: fromHex(version.schemaId), contentType: ContentType.flatbuffer },
  };
}

export const ORDER = { id: 'o-1', items: [{ sku: 'a', count: 2 }, { sku: 'b' }] };

/** Registers a version of the contract `orders`, and binds `orders.>` to it. */
export async function registerOrders(broker: Broker, version: OrderVersion = 'v1'): Promise<Registered> {
  const registered = await register(broker, 'orders', ORDERS[version], ORDER);
  await broker.registry.bind({ pattern: 'orders.>', use: 'message', contract: 'orders' });
  return registered;
}
