import type { ConsumerConfig } from './consumer-config.js';
import type { ConsumerCounts } from './consumer-cursor.js';

/** What is to be read from the stream next. */
export interface Wanted {
  /**
   * `next`: the first record at `offset` or after it that the filter selects, a new one. `again`: the record at `offset`, which was
   * delivered before.
   */
  readonly kind: 'next' | 'again';
  readonly offset: number;
  /** Of the new ones up to here only those are to be delivered that are the last of their subjects; 0 for nowhere. */
  readonly onlyLastUntil: number;
}

/** What a member says of a record that it could not handle. */
export interface Refusal {
  /** Before the record is delivered again, instead of what the configuration says. Milliseconds. */
  readonly delayMs?: number | undefined;
  readonly reason?: string | undefined;
}

/** How a consumer is doing. */
export interface ConsumerInfo extends ConsumerCounts {
  /** The first offset that it has not seen: what the stream has from here on is its lag. */
  readonly position: number;
  /** Everything up to here is settled, lost, or not for it. */
  readonly ackFloor: number;
  /** Records that members have. */
  readonly pending: number;
  /** Records that are to be delivered again. */
  readonly waiting: number;
  /** Records given up whose dead letters are not published yet. */
  readonly givenUp: number;
  /** Settlements of records that were settled before, or never delivered; since the broker's start. */
  readonly ignored: number;
  /** 0 when it is not paused until a time. Milliseconds. */
  readonly pausedUntilMs: number;
  /** In the order in which they came. */
  readonly members: readonly MemberInfo[];
}

export interface MemberInfo {
  readonly name: string;
  /** Records that it takes at once. */
  readonly concurrency: number;
  /** Records that it has. */
  readonly outstanding: number;
}

/** A durable consumer as its broker tells of it. */
export interface DescribedConsumer {
  readonly config: ConsumerConfig;
  readonly info: ConsumerInfo;
  /** Why it delivers nothing and cannot be joined, when its cursor is damaged: what `info` says is nothing then. */
  readonly failing?: string;
}
