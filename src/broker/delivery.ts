import type { Session } from './session.js';

/** What the broker keeps for each audience beside its members. */
export interface Delivery {
  /** Frames gathered in this turn; undefined when there are none. */
  gathered: Uint8Array | undefined;
  /** How much of `gathered` is in use. Bytes. */
  gatheredBytes: number;
  /** Members that are subscribed to the topic: all but the slow ones. */
  activeCount: number;
  /** Whether every active member has more buffered than the limit, so that publishers have to wait. */
  congested: boolean;
  /** Publishers that wait. */
  held: Set<Session> | undefined;
}

export function createDelivery(): Delivery {
  return { gathered: undefined, gatheredBytes: 0, activeCount: 0, congested: false, held: undefined };
}
