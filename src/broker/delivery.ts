/** What the broker keeps for each audience beside its members, who are `Party` like the publishers. */
export interface Delivery<Party> {
  /** Frames gathered in this turn; undefined when there are none. */
  gathered: Uint8Array | undefined;
  /** How much of `gathered` is in use. Bytes. */
  gatheredBytes: number;
  /** Members that are subscribed to the topic: all but the slow ones. */
  activeCount: number;
  /** For whom publishers have to wait at this moment. */
  waiting: Waiting;
  /** Members for whom they wait, when it is for some, each with what ends the wait for it. */
  laggards: Map<Party, () => void> | undefined;
  /** Publishers that wait. */
  held: Set<Party> | undefined;
}

/**
 * `all`: every active member has more buffered than `congestedBytes`; publishers wait for the first to catch up.
 * `some`: there are laggards among the members; publishers wait for them, for a short time.
 */
export type Waiting = 'nobody' | 'some' | 'all';

export function createDelivery<Party>(): Delivery<Party> {
  return {
    gathered: undefined,
    gatheredBytes: 0,
    activeCount: 0,
    waiting: 'nobody',
    laggards: undefined,
    held: undefined,
  };
}
