const DAY_MS = 24 * 60 * 60_000;

/** Bounds of one durable consumer. A configuration that goes beyond is refused. */
export const CONSUMER_LIMITS = {
  /** Of its name, and of its stream's. Characters. */
  maxNameCharacters: 64,
  /** How long a member may take for a record. Milliseconds. */
  minAckWaitMs: 10,
  maxAckWaitMs: DAY_MS,
  /** Delay before a redelivery, of the list or as a member asks. Milliseconds. */
  maxDelayMs: DAY_MS,
  /** Delays in the list. */
  maxBackoffs: 32,
  /** Attempts. */
  maxMaxDeliver: 1_000,
  /** Records that are delivered and not settled. */
  maxMaxAckPending: 65_536,
  /** A reason that a member gives; the rest is cut off. Characters. */
  maxReasonCharacters: 256,
  /** Attempts that a dead letter tells of, the last ones. */
  maxToldAttempts: 16,
} as const;

/** After a dead letter could not be published it is tried again. Milliseconds. */
export const DEAD_LETTER_RETRY_MS = 1_000;
