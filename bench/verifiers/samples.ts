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

/** Orders whose items have these fields. */
const order = (item: string) => `
namespace bench;
table Item { ${item} }
table Order { id:string (required); items:[Item] (required); }
root_type Order;
`;

const items = (item: (index: number) => object) => ({
  id: 'order-7',
  items: Array.from({ length: 64 }, (_, index) => item(index)),
});

export const SAMPLES = {
  /** 64 tables with a text and two numbers each, in a vector. */
  nested: {
    schema: order('sku:string (required); count:int; price:double;'),
    root: 'Order',
    value: items((index) => ({ sku: `sku-${index}`, count: index, price: index / 4 })),
    count: 1,
  },
  /** 64 tables with five texts each. */
  texts: {
    schema: order('sku:string (required); name:string; tags:[string];'),
    root: 'Order',
    value: items((index) => ({ sku: `sku-${index}`, name: `Item ${index}`, tags: ['new', 'red', 'small'] })),
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
