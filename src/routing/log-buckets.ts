/**
 * Log-linear buckets of unsigned 32-bit numbers: an octave has 2^`stepsLog2` of them, so that a bucket is at most that
 * fraction of its value wide; below 2^(`stepsLog2` + 1) every number has its own. Latencies are counted in microseconds,
 * up to 71 minutes.
 */
export function bucketCount(stepsLog2: number): number {
  return (32 - stepsLog2 + 1) << stepsLog2;
}

export function bucketOf(value: number, stepsLog2: number): number {
  const shift = Math.max(0, 31 - Math.clz32(value) - stepsLog2);
  return (shift << stepsLog2) + (value >>> shift);
}

/** The largest number of a bucket. */
export function lastOf(bucket: number, stepsLog2: number): number {
  const shift = Math.max(0, (bucket >> stepsLog2) - 1);
  return (bucket - (shift << stepsLog2) + 1) * 2 ** shift - 1;
}

const MAX_MICROS = 0xffff_ffff;

/** A latency as the number that is counted: whole microseconds, rounded up; the largest for what is longer. */
export function microsOf(latencyMs: number): number {
  return Math.min(MAX_MICROS, Math.ceil(latencyMs * 1_000));
}
