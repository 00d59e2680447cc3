/** Microseconds since the Unix epoch, with the resolution of the monotonic clock. */
export function nowMicros(): number {
  return Math.floor((performance.timeOrigin + performance.now()) * 1000);
}

/** Milliseconds since the process started, never going back. */
export function monotonicMs(): number {
  return Math.floor(performance.now());
}
