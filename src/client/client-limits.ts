const KIB = 1024;
const MIB = 1024 * KIB;

/** Bounds of a client; each can be set in its options. */
export const CLIENT_LIMITS = {
  /** Bytes published and not yet sent. Beyond it `publish` throws RESOURCE_EXHAUSTED. */
  maxPendingBytes: 64 * MIB,
  /** Bytes gathered before a batch leaves within one turn of the event loop. */
  batchBytes: 64 * KIB,
  /** Frames waiting in one subscription's iterator. Beyond it the newest are dropped and reported as a gap. */
  maxQueuedFrames: 65_536,
  /** Subjects whose position is remembered for gaps. Beyond it the oldest are forgotten. */
  maxTrackedSubjects: 65_536,
  /** Time for connecting and the broker's welcome. */
  connectMs: 10_000,
  /** Time for an acknowledgement, a subscription's answer, a flush. */
  answerMs: 10_000,
  /** Time for a request that names none, or its stream of replies. */
  requestMs: 30_000,
  /** First delay before reconnecting; doubled each time, with full jitter. */
  reconnectMs: 50,
  maxReconnectMs: 5_000,
} as const;
