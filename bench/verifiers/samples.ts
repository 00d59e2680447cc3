import { FEATURES } from '../contracts/schemas.js';

/** What is verified: payloads of one schema, one after the other in one region of memory. */
export interface Sample {
  /** The text of the schema. */
  readonly schema: string;
  /** The root's name without its namespace. */
  readonly root: string;
  /** One payload, as JSON. */
  readonly value: object;
  /** So many of it lie in the region. */
  readonly count: number;
}

const ORDER = `
namespace bench;
table Item { sku:string (required); count:int; price:double; tags:[string]; }
table Order { id:string (required); items:[Item] (required); }
root_type Order;
`;

const item = (index: number) => ({ sku: `sku-${index}`, count: index, price: index / 4, tags: ['new', 'red'] });

export const SAMPLES = {
  /** 64 tables with strings and a vector each, in a vector. */
  nested: {
    schema: ORDER,
    root: 'Order',
    value: { id: 'order-7', items: Array.from({ length: 64 }, (_, index) => item(index)) },
    count: 1,
  },
  /** 64 small payloads, as they come in a batch. */
  region: {
    schema: FEATURES,
    root: 'Features',
    value: { counter: 7, user: 42, model: 'ranker-7', values: Array.from({ length: 48 }, (_, at) => at / 8) },
    count: 64,
  },
} as const satisfies Record<string, Sample>;

export type SampleName = keyof typeof SAMPLES;
