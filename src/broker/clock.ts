/** Microseconds since the Unix epoch, with the resolution of the monotonic clock. */
export function nowMicros(): number {
  return Math.floor((performance.timeOrigin + performance.now()) * 1000);
}

/** Milliseconds since the process started, never going back: as exact as the clock is, to tell how long something took. */
export function exactMs(): number {
  return performance.now();
}

/** Milliseconds since the process started, never going back. */
export function monotonicMs(): number {
  return Math.floor(performance.now());
}
