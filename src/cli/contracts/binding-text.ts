import type { Binding } from '../../registry/contract-records.js';

/** `orders.>`, or `orders.> (reply)` for another use than messages. */
export function bindingText({ pattern, use }: Pick<Binding, 'pattern' | 'use'>): string {
  return use === 'message' ? pattern : `${pattern} (${use})`;
}
