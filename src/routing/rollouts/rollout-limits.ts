const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Bounds of rollouts. A plan that goes beyond is refused. */
export const ROLLOUT_LIMITS = {
  /** Of one broker, those that have ended included. At the bound another one is refused until one is deleted. */
  maxRollouts: 256,
  /** Steps of a canary. */
  maxSteps: 100,
  /** Events that are kept. At the bound the oldest is forgotten, and counted. */
  maxHistory: 1_000,
  /** A reason that an operator gives. Characters. */
  maxReasonCharacters: 256,
  /** The window that gates judge. Milliseconds. */
  minWindowMs: SECOND_MS,
  maxWindowMs: 10 * MINUTE_MS,
  /** How long a step is held, the old version kept, or the share of workers watched. Milliseconds. */
  maxHoldMs: 30 * DAY_MS,
  /** Requests to judge. */
  maxMinRequests: 1_000_000,
  /** A latency that a gate allows. Milliseconds. */
  maxLatencyMs: 60 * MINUTE_MS,
  /** A ratio of latencies that a gate allows. */
  maxRatio: 100,
  /** Time between two ticks that counts: a broker that was down, or a clock that is set, has judged nothing meanwhile. */
  maxTickMs: 10 * SECOND_MS,
} as const;

/** What a plan has that does not say otherwise. */
export const ROLLOUT_DEFAULTS = {
  minRequests: 100,
  windowMs: MINUTE_MS,
  /** As long as clients take at most to reconnect. */
  settleMs: 5 * SECOND_MS,
} as const;
