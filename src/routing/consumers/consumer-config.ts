/**
 * A durable consumer as plain data, as it comes from JSON and is kept: `readConsumerConfig` makes one, and refuses what is
 * none.
 */
export interface ConsumerConfig {
  /** One token of a subject; no other consumer of the stream has it. */
  readonly name: string;
  readonly stream: string;
  /** Which records of the stream it gets. `>` stands for all, those of reserved subjects too. */
  readonly filter: string;
  readonly start: ConsumerStart;
  /** How long a member may take for a record, until it is delivered again. Milliseconds. */
  readonly ackWaitMs: number;
  /** Attempts to deliver a record, the first among them; 0 for any number. */
  readonly maxDeliver: number;
  /**
   * Delays before the first, the second, … redelivery; the last of them also before all that follow. Empty: at once.
   * Milliseconds.
   */
  readonly backoffMs: readonly number[];
  /** Records that are delivered and not settled, in all members together. At the bound no new ones are delivered. */
  readonly maxAckPending: number;
  /** Subject for records that are given up; empty for none. */
  readonly deadLetter: string;
  /** Whether nothing is delivered. What has been delivered may be settled meanwhile. */
  readonly paused: boolean;
}

/**
 * Where a new consumer begins: with the oldest record that the stream has, with what comes from now on, with its last record,
 * with the last record of every subject, at an offset, or with the first record of a time (Unix time in milliseconds).
 */
export type ConsumerStart =
  | 'all'
  | 'new'
  | 'last'
  | 'last-per-subject'
  | { readonly offset: number }
  | { readonly time: number };

/** What a configuration has that does not say otherwise. */
export const CONSUMER_DEFAULTS = {
  filter: '>',
  start: 'all',
  ackWaitMs: 30_000,
  maxDeliver: 5,
  backoffMs: [],
  maxAckPending: 1_000,
  deadLetter: '',
  paused: false,
} as const satisfies Omit<ConsumerConfig, 'name' | 'stream'>;
