import { createHistogram } from 'node:perf_hooks';

/** Latencies beyond it count as this. Microseconds: an hour. */
const MAX_MICROS = 3_600_000_000;

/** Percentiles of latencies. Microseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** An HDR histogram with three significant digits. */
export class LatencyHistogram {
  readonly #histogram = createHistogram({ lowest: 1, highest: MAX_MICROS, figures: 3 });

  record(micros: number): void {
    this.#histogram.record(Math.min(MAX_MICROS, Math.max(1, Math.round(micros))));
  }

  get latency(): Latency | undefined {
    const histogram = this.#histogram;
    if (histogram.count === 0) return undefined;
    return {
      p50: histogram.percentile(50),
      p99: histogram.percentile(99),
      p999: histogram.percentile(99.9),
      max: histogram.max,
    };
  }
}
