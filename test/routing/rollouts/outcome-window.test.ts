import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode } from '../../../src/errors.js';
import { callVerdict } from '../../../src/routing/rollouts/call-verdict.js';
import { OutcomeWindow } from '../../../src/routing/rollouts/outcome-window.js';
import { ROLLOUT_LIMITS } from '../../../src/routing/rollouts/rollout-limits.js';

const CODES = Object.keys(ERRORS) as ErrorCode[];

/** Milliseconds of every size that occurs: microseconds to an hour. */
const latency = fc
  .tuple(fc.integer({ min: -10, max: 21 }), fc.double({ min: 1, max: 2, noNaN: true }))
  .map(([exponent, factor]) => factor * 2 ** exponent);

const outcome = fc.record({
  waitMs: fc.oneof(fc.nat(50), fc.nat(3_000)),
  end: fc.oneof(latency, fc.constantFrom(...CODES)),
});

function exactPercentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1]!;
}

describe('the window of outcomes', () => {
  it('counts what ended in the last ten whole tenths and the present one, as a list would', () => {
    const windows = fc.constantFrom(1_000, 1_005, 7_000, 60_000, ROLLOUT_LIMITS.maxWindowMs);
    const outcomes = fc.array(outcome, { minLength: 1, maxLength: 200, size: 'max' });
    fc.assert(
      fc.property(windows, fc.nat(1e9), outcomes, fc.nat(2_000), (windowMs, startMs, all, laterMs) => {
        const window = new OutcomeWindow(windowMs);
        let nowMs = startMs;
        const ended: { tenth: number; end: number | ErrorCode }[] = [];
        const tenthOf = (ms: number) => Math.floor(ms / (windowMs / 10));
        for (const { waitMs, end } of all) {
          nowMs += waitMs;
          if (typeof end === 'number') window.answered(end, nowMs);
          else window.erred(end, nowMs);
          ended.push({ tenth: tenthOf(nowMs), end });
        }
        nowMs += laterMs;
        const within = ended.filter(({ tenth }) => tenth >= tenthOf(nowMs) - 10).map(({ end }) => end);
        const latencies = within.filter((end) => typeof end === 'number').sort((a, b) => a - b);
        const errors = within.filter((end) => typeof end !== 'number');
        const count = (verdict: string, of = errors) =>
          of.filter((code) => callVerdict(code) === verdict).length;
        const figures = window.figures(nowMs);
        expect(figures.requests).toBe(within.length - count('none'));
        expect(figures.failed).toBe(count('failed'));
        expect(figures.callerErrors).toBe(count('caller'));
        for (const code of CODES) {
          const expected = code === 'CANCELLED' ? 0 : errors.filter((one) => one === code).length;
          expect([code, figures.codes[code] ?? 0]).toEqual([code, expected]);
        }
        expect(figures.p99Ms === undefined).toBe(latencies.length === 0);
        if (latencies.length > 0) {
          for (const [value, percent] of [
            [figures.p50Ms!, 50],
            [figures.p99Ms!, 99],
          ] as const) {
            const exact = exactPercentile(latencies, percent);
            expect(value).toBeGreaterThanOrEqual(exact - 1e-9);
            expect(value).toBeLessThanOrEqual(exact * (1 + 1 / 32) + 0.002);
          }
        }
        const everything = ended.map(({ end }) => end).filter((end) => typeof end !== 'number');
        expect(window.totals).toEqual({
          requests: all.length - count('none', everything),
          failed: count('failed', everything),
        });
      }),
    );
  });

  it('counts a time before the present tenth as in it', () => {
    const window = new OutcomeWindow(1_000);
    window.answered(5, 10_000);
    window.answered(5, 0);
    expect(window.figures(0).requests).toBe(2);
    expect(window.figures(11_000).requests).toBe(2);
    expect(window.figures(11_100).requests).toBe(0);
  });

  it('is empty after a pause of any length, but for its totals', () => {
    const window = new OutcomeWindow(60_000);
    for (let second = 0; second < 100; second++) window.erred('INTERNAL', second * 1_000);
    expect(window.figures(1e9 + 7_000)).toEqual({ requests: 0, failed: 0, callerErrors: 0, codes: {} });
    expect(window.totals).toEqual({ requests: 100, failed: 100 });
  });

  it('has the hundredth of a hundred latencies beyond its 99th percentile', () => {
    const window = new OutcomeWindow(1_000);
    for (let call = 0; call < 99; call++) window.answered(0.001, 0);
    window.answered(5_000, 0);
    expect(window.figures(0).p99Ms).toBe(0.001);
    window.answered(5_000, 0);
    expect(window.figures(0).p99Ms).toBeGreaterThanOrEqual(5_000);
  });
});
