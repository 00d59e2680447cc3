import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyPercentile } from '../../../src/routing/calls/latency-percentile.js';

const fractions = fc.constantFrom(0.01, 0.5, 0.9, 0.99, 0.999);

/** Milliseconds of every size that occurs: microseconds to an hour. */
const latency = fc
  .tuple(fc.integer({ min: -10, max: 21 }), fc.double({ min: 1, max: 2, noNaN: true }))
  .map(([exponent, factor]) => factor * 2 ** exponent);

describe('the percentile of latencies', () => {
  it('is at most a sixteenth, or a microsecond, above the exact one, and never below', () => {
    const samples = fc.array(fc.oneof(latency, fc.constant(0)), {
      minLength: 32,
      maxLength: 300,
      size: 'max',
    });
    fc.assert(
      fc.property(samples, fractions, (all, fraction) => {
        const percentile = new LatencyPercentile(fraction);
        for (const ms of all) percentile.record(ms, 0);
        const counted = all.slice(0, all.length - (all.length % 32)).sort((a, b) => a - b);
        const exact = counted[Math.ceil(fraction * counted.length - 1e-9) - 1]!;
        expect(percentile.valueMs!).toBeGreaterThanOrEqual(exact - 1e-9);
        expect(percentile.valueMs!).toBeLessThanOrEqual(exact * (1 + 1 / 16) + 0.002);
      }),
    );
  });

  it('is not told before 32 samples', () => {
    const percentile = new LatencyPercentile(0.5);
    for (let sample = 0; sample < 31; sample++) percentile.record(5, 0);
    expect(percentile.valueMs).toBeUndefined();
    percentile.record(5, 0);
    expect(percentile.valueMs).toBeGreaterThanOrEqual(5);
  });

  it('follows a change: after a half-life half as many new samples outweigh the old', () => {
    const percentile = new LatencyPercentile(0.5);
    for (let sample = 0; sample < 3_200; sample++) percentile.record(10, 0);
    for (let sample = 0; sample < 1_568; sample++) percentile.record(100, 10_000);
    expect(percentile.valueMs).toBeLessThan(11);
    for (let sample = 0; sample < 64; sample++) percentile.record(100, 10_000);
    expect(percentile.valueMs).toBeGreaterThanOrEqual(100);
  });

  it('knows nothing but the present after a long pause', () => {
    const percentile = new LatencyPercentile(0.99);
    for (let sample = 0; sample < 100_000; sample++) percentile.record(1_000, 0);
    for (let sample = 0; sample < 32; sample++) percentile.record(1, 1e9);
    expect(percentile.valueMs).toBeLessThan(1.1);
  });

  it('counts what is longer than an hour as that', () => {
    const percentile = new LatencyPercentile(0.5);
    for (let sample = 0; sample < 32; sample++) percentile.record(1e12, 0);
    expect(percentile.valueMs).toBeCloseTo(0xffff_ffff / 1_000);
  });
});
