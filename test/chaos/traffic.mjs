// What is asked and served in the chaos run.
export const SUBJECT = 'models.score';
/** Requests that a worker takes at once. */
export const CONCURRENCY = 8;
export const WORKERS = 4;

/**
 * Requests a second, how long a worker takes for each, when an idempotent one that is not answered is made a second time, and
 * how long each has in all. Milliseconds.
 */
export const TRAFFIC = {
  /** 70 % of what the workers can do. */
  timed: { rate: 1_120, serviceMs: 20, hedgeMs: 200, timeoutMs: 2_000 },
  /** So little, with so much time, that no other work of the machine makes one fail. */
  untimed: { rate: 60, serviceMs: 200, hedgeMs: 1_000, timeoutMs: 20_000 },
};

/** Two of three requests may be processed more than once. */
export function payloadOf(number) {
  const payload = Buffer.alloc(9);
  payload[0] = number % 3 === 0 ? 0 : 1;
  payload.writeDoubleLE(number, 1);
  return payload;
}

export function isIdempotent(payload) {
  return payload[0] === 1;
}
