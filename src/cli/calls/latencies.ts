import { createHistogram } from 'node:perf_hooks';

/** Latencies beyond it count as this. Microseconds: a day, as long as a request may take. */
const MAX_MICROS = 86_400_000_000;

/** Milliseconds. */
export interface LatencySummary {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** The summary on a line. */
export function latencyText(latency: LatencySummary): string {
  const figures = Object.entries(latency).map(([figure, ms]) => `${figure} ${ms.toFixed(2)}`);
  return `${figures.join(', ')} ms`;
}

/** Counts how long things took. */
export class Latencies {
  readonly #histogram = createHistogram({ lowest: 1, highest: MAX_MICROS, figures: 3 });

  record(ms: number): void {
    this.#histogram.record(Math.min(MAX_MICROS, Math.max(1, Math.round(1_000 * ms))));
  }

  get summary(): LatencySummary | null {
    const { count, max } = this.#histogram;
    if (count === 0) return null;
    const percentile = (one: number) => this.#histogram.percentile(one) / 1_000;
    return { p50: percentile(50), p90: percentile(90), p99: percentile(99), max: max / 1_000 };
  }
}
