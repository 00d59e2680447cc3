// What is asked and served in the chaos run.
export const SUBJECT = 'models.score';
/** Requests that a worker takes at once, and how long it takes for each. Milliseconds. */
export const CONCURRENCY = 8;
export const SERVICE_MS = 20;
export const WORKERS = 4;
/** Share of what the workers can do in all that is asked of them. */
const LOAD = 0.7;
/** Requests a second. */
export const RATE = ((WORKERS * CONCURRENCY * 1000) / SERVICE_MS) * LOAD;
export const TIMEOUT_MS = 2_000;
/** An idempotent request that is not answered by then is made a second time. */
export const HEDGE_MS = 200;

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
