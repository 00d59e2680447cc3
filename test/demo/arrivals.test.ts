import { describe, expect, it } from 'vitest';
import { type Arrival, generateArrivals, replayArrivals, withinDuration } from '../../src/demo/arrivals.js';
import { collect } from './collect.js';

/** Requests a second in the trace that the shape was fitted to. */
const TRACE_RATE = 5.53;

function take(count: number, rate: number, seed: number): Arrival[] {
  const generated = generateArrivals(rate, seed);
  return Array.from({ length: count }, () => generated.next().value);
}

/** Variance over mean of the counts in windows of this length; 1 for a Poisson process. */
function indexOfDispersion(arrivals: readonly Arrival[], windowSeconds: number): number {
  const windowMicros = windowSeconds * 1e6;
  const counts = new Array<number>(Math.floor(arrivals.at(-1)!.atMicros / windowMicros)).fill(0);
  for (const { atMicros } of arrivals) {
    const window = Math.floor(atMicros / windowMicros);
    if (window < counts.length) counts[window]!++;
  }
  const mean = counts.reduce((a, b) => a + b, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length / mean;
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

describe('generated arrivals', () => {
  it('are the same for the same seed and others for another', () => {
    const reference = take(2_000, 100, 1);
    expect(take(2_000, 100, 1)).toEqual(reference);
    for (const seed of [0, 2, 3, 2 ** 32 - 1]) expect(take(2_000, 100, seed)).not.toEqual(reference);
  });

  it('come in order, with whole numbers of tokens from 1', () => {
    const isCount = (value: number, max: number) => Number.isInteger(value) && value >= 1 && value <= max;
    for (const seed of [1, 2, 3]) {
      const arrivals = take(20_000, 1_000, seed);
      const wrong = arrivals.filter(
        ({ atMicros, contextTokens, generatedTokens }, index) =>
          atMicros < (arrivals[index - 1]?.atMicros ?? 0) ||
          !isCount(contextTokens, 32_768) ||
          !isCount(generatedTokens, 4_096),
      );
      expect(wrong).toEqual([]);
    }
  });

  it.each([5, 332, 1_000, 20_000])('come at %d a second in the mean', (rate) => {
    const count = 200_000;
    const means = [1, 2, 3, 4, 5].map((seed) => count / (take(count, rate, seed).at(-1)!.atMicros / 1e6));
    for (const mean of means) expect(Math.abs(mean / rate - 1)).toBeLessThan(0.12);
    const mean = means.reduce((a, b) => a + b, 0) / means.length;
    expect(Math.abs(mean / rate - 1)).toBeLessThan(0.05);
  });

  it('vary as the trace does, from a tenth of a second to minutes', () => {
    const arrivals = take(300_000, TRACE_RATE, 11);
    const measured = [
      [0.1, 1.06],
      [1, 1.39],
      [10, 3.86],
      [60, 16.1],
      [300, 56.1],
    ] as const;
    for (const [windowSeconds, ofTrace] of measured) {
      const excess = indexOfDispersion(arrivals, windowSeconds) - 1;
      expect(excess / (ofTrace - 1), `windows of ${windowSeconds} s`).toBeGreaterThan(0.6);
      expect(excess / (ofTrace - 1), `windows of ${windowSeconds} s`).toBeLessThan(1.6);
    }
  });

  it('have the same shape at another rate, with their time compressed', () => {
    const slow = take(10_000, 10, 5);
    const fast = take(10_000, 1_000, 5);
    for (const [index, arrival] of fast.entries()) {
      expect(arrival.atMicros).toBeCloseTo(slow[index]!.atMicros / 100, 3);
      expect(arrival.contextTokens).toBe(slow[index]!.contextTokens);
    }
  });

  it.each([
    ['contextTokens', 760, 1_234],
    ['generatedTokens', 151, 219],
  ] as const)('have heavy-tailed %s', (field, median, mean) => {
    const values = sorted(take(100_000, 100, 3).map((arrival) => arrival[field]));
    const at = (share: number) => values[Math.floor(share * values.length)]!;
    expect(Math.abs(at(0.5) / median - 1)).toBeLessThan(0.03);
    expect(Math.abs(values.reduce((a, b) => a + b, 0) / values.length / mean - 1)).toBeLessThan(0.03);
    expect(at(0.99) / at(0.5)).toBeGreaterThan(6);
    expect(at(0.999) / at(0.99)).toBeGreaterThan(1.7);
  });
});

describe('replayed arrivals', () => {
  async function* rows() {
    yield { atMicros: 0, contextTokens: 3, generatedTokens: 4 };
    yield { atMicros: 6_000_000, contextTokens: 5, generatedTokens: 6 };
    yield { atMicros: 60_000_000, contextTokens: 7, generatedTokens: 8 };
  }

  it('come as many times as fast as is said, otherwise as they are', async () => {
    expect(await collect(replayArrivals(rows(), 60))).toEqual([
      { atMicros: 0, contextTokens: 3, generatedTokens: 4 },
      { atMicros: 100_000, contextTokens: 5, generatedTokens: 6 },
      { atMicros: 1_000_000, contextTokens: 7, generatedTokens: 8 },
    ]);
    const slower = await collect(replayArrivals(rows(), 0.5));
    expect(slower.map(({ atMicros }) => atMicros)).toEqual([0, 12_000_000, 120_000_000]);
  });

  it('end at the duration, the arrival that is due then included', async () => {
    const count = async (micros: number) => (await collect(withinDuration(rows(), micros))).length;
    expect(await Promise.all([0, 5_999_999, 6_000_000, 60_000_001].map(count))).toEqual([1, 1, 2, 3]);
  });

  it('are not read beyond the first that is too late', async () => {
    let read = 0;
    async function* counted() {
      for (;;) yield { atMicros: 10 * read++, contextTokens: 1, generatedTokens: 1 };
    }
    expect(await collect(withinDuration(counted(), 35))).toHaveLength(4);
    expect(read).toBe(5);
  });
});
