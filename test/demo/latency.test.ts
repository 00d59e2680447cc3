import { describe, expect, it } from 'vitest';
import { LatencyHistogram } from '../../src/demo/latency.js';

describe('the histogram', () => {
  it('knows the percentiles of what it was given, to three digits', () => {
    const histogram = new LatencyHistogram();
    expect(histogram.latency).toBeUndefined();
    for (let micros = 1; micros <= 100_000; micros++) histogram.record(micros);
    const { p50, p99, p999, max } = histogram.latency!;
    const expected = [50_000, 99_000, 99_900, 100_000];
    for (const [index, value] of [p50, p99, p999, max].entries()) {
      expect(Math.abs(value / expected[index]! - 1)).toBeLessThan(0.001);
    }
  });

  it('counts what is beyond its range at its ends', () => {
    const histogram = new LatencyHistogram();
    histogram.record(-5);
    expect(histogram.latency).toEqual({ p50: 1, p99: 1, p999: 1, max: 1 });
    histogram.record(1e12);
    expect(histogram.latency!.max / 3.6e9).toBeCloseTo(1, 2);
  });
});
