import { EventRate } from '../../routing/calls/event-rate.js';
import { LatencyPercentile } from '../../routing/calls/latency-percentile.js';

/** What is counted of workers that have something in common: a group, or a version in it. */
export class ServiceFigures {
  /** Since it began: calls handed to a worker, and those that workers ended with a reply, and with an error. */
  handed = 0;
  replied = 0;
  failed = 0;
  /** Of calls handed to workers. */
  readonly rate = new EventRate();
  /** Of calls from admission to their end, of the last minutes. */
  readonly median = new LatencyPercentile(0.5);
  readonly tail = new LatencyPercentile(0.99);

  countHanded(nowMs: number): void {
    this.handed++;
    this.rate.count(nowMs);
  }

  /** A call took so long from its admission to its reply. */
  observe(latencyMs: number, nowMs: number): void {
    this.median.record(latencyMs, nowMs);
    this.tail.record(latencyMs, nowMs);
  }
}
