import { ERRORS, type ErrorCode } from '../../errors.js';
import { bucketCount, bucketOf, lastOf, microsOf } from '../log-buckets.js';
import { callVerdict } from './call-verdict.js';
import type { Tally, VersionFigures } from './measurements.js';

/** Tenths that are looked at. */
const TENTHS = 10;
/** They, and the present one. */
const SLOTS = TENTHS + 1;
/** Buckets of an octave: a bucket is at most a thirty-second of its value wide. */
const STEPS_LOG2 = 5;
const BUCKETS = bucketCount(STEPS_LOG2);

const CODES = Object.keys(ERRORS) as ErrorCode[];
const CODE_NUMBERS = Object.fromEntries(CODES.map((code, number) => [code, number])) as Record<
  ErrorCode,
  number
>;

/**
 * How calls of one version have ended lately: in the last ten whole tenths of the window and the present one. It keeps
 * counts by error, and of latencies in 896 buckets, for each tenth: 40 KB, whatever there is to count. Counting allocates
 * nothing.
 */
export class OutcomeWindow {
  readonly #tenthMs: number;
  readonly #latencies = new Uint32Array(SLOTS * BUCKETS);
  readonly #errors = new Uint32Array(SLOTS * CODES.length);
  /** Number of the present tenth on the user's clock. */
  #tenth: number | undefined;
  #requests = 0;
  #failed = 0;

  /** `windowMs`: up to ROLLOUT_LIMITS.maxWindowMs. Milliseconds. */
  constructor(windowMs: number) {
    this.#tenthMs = windowMs / TENTHS;
  }

  /** Since the start: calls that ended, but for those that their callers gave up, and those that failed. */
  get totals(): Tally {
    return { requests: this.#requests, failed: this.#failed };
  }

  /**
   * A call was answered after `latencyMs`. `nowMs` is on a clock that does not go back; a time before the present tenth
   * counts as in it.
   */
  answered(latencyMs: number, nowMs: number): void {
    const slot = this.#turnTo(nowMs);
    this.#latencies[slot * BUCKETS + bucketOf(microsOf(latencyMs), STEPS_LOG2)]!++;
    this.#requests++;
  }

  /** A call ended with an error. */
  erred(code: ErrorCode, nowMs: number): void {
    const verdict = callVerdict(code);
    if (verdict === 'none') return;
    const slot = this.#turnTo(nowMs);
    this.#errors[slot * CODES.length + CODE_NUMBERS[code]]!++;
    this.#requests++;
    if (verdict === 'failed') this.#failed++;
  }

  /** Latencies are at most a thirty-second, or a microsecond, above the true ones, never below. */
  figures(nowMs: number): VersionFigures {
    this.#turnTo(nowMs);
    const codes: Partial<Record<ErrorCode, number>> = {};
    let failed = 0;
    let callerErrors = 0;
    CODES.forEach((code, number) => {
      const count = sumOf(this.#errors, number, CODES.length);
      if (count === 0) return;
      codes[code] = count;
      if (callVerdict(code) === 'failed') failed += count;
      else callerErrors += count;
    });
    const latencies = Float64Array.from({ length: BUCKETS }, (_, bucket) =>
      sumOf(this.#latencies, bucket, BUCKETS),
    );
    const answered = latencies.reduce((sum, count) => sum + count, 0);
    return {
      ...{ requests: answered + failed + callerErrors, failed, callerErrors, codes },
      ...(answered > 0 && {
        p50Ms: percentileMs(latencies, answered, 50),
        p99Ms: percentileMs(latencies, answered, 99),
      }),
    };
  }

  /** The place of the present tenth. */
  #turnTo(nowMs: number): number {
    const now = Math.floor(nowMs / this.#tenthMs);
    this.#tenth ??= now;
    if (now > this.#tenth) this.#forget(this.#tenth, now);
    return this.#tenth % SLOTS;
  }

  /** Empties the places of tenths that are too long ago. */
  #forget(before: number, now: number): void {
    for (let passed = Math.max(before + 1, now - SLOTS + 1); passed <= now; passed++) {
      const slot = passed % SLOTS;
      this.#latencies.fill(0, slot * BUCKETS, (slot + 1) * BUCKETS);
      this.#errors.fill(0, slot * CODES.length, (slot + 1) * CODES.length);
    }
    this.#tenth = now;
  }
}

/** What is counted at one place of each slot. */
function sumOf(counts: Uint32Array, place: number, slotLength: number): number {
  let sum = 0;
  for (let at = place; at < counts.length; at += slotLength) sum += counts[at]!;
  return sum;
}

/** The least latency that so many percent of all do not exceed. */
function percentileMs(counts: Float64Array, total: number, percent: number): number {
  let rest = Math.ceil((total * percent) / 100);
  let bucket = 0;
  while (rest > counts[bucket]!) rest -= counts[bucket++]!;
  return lastOf(bucket, STEPS_LOG2) / 1_000;
}
