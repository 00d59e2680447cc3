import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ServiceTime } from '../../../src/routing/calls/service-time.js';

function observed(times: readonly number[]): ServiceTime {
  const service = new ServiceTime();
  for (const ms of times) service.observe(ms);
  return service;
}

const ms = fc.double({ min: 0, max: 60_000, noNaN: true });

describe('the service time', () => {
  it('is the plain mean of up to sixteen calls', () => {
    fc.assert(
      fc.property(fc.array(ms, { minLength: 1, maxLength: 16, size: 'max' }), (times) => {
        const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
        expect(observed(times).meanMs).toBeCloseTo(mean, 6);
      }),
    );
  });

  it('stays between the shortest and the longest call', () => {
    fc.assert(
      fc.property(fc.array(ms, { minLength: 1, maxLength: 100, size: 'max' }), (times) => {
        const { meanMs } = observed(times);
        expect(meanMs).toBeGreaterThanOrEqual(Math.min(...times) - 1e-6);
        expect(meanMs).toBeLessThanOrEqual(Math.max(...times) + 1e-6);
      }),
    );
  });

  it('has forgotten half of what was before after eleven calls', () => {
    const service = observed(new Array(1_000).fill(100));
    for (let call = 0; call < 11; call++) service.observe(0);
    expect(service.meanMs).toBeCloseTo(50, -1);
  });

  it('takes for usual what most calls end within, and the mean where all are alike', () => {
    expect(observed(new Array(100).fill(40)).usualMs).toBeCloseTo(40, 6);
    const waits = fc.double({ min: 1e-9, max: 1, noNaN: true }).map((share) => -100 * Math.log(share));
    for (const [times, least] of [
      [fc.double({ min: 50, max: 150, noNaN: true }), 0.9],
      [waits, 0.75],
    ] as const) {
      const drawn = fc.sample(times, { numRuns: 2_000, seed: 1 });
      const service = new ServiceTime();
      let within = 0;
      for (const time of drawn) {
        if (time <= service.usualMs) within++;
        service.observe(time);
      }
      expect(within / drawn.length).toBeGreaterThan(least);
    }
  });

  it('takes nothing for usual before the first call', () => {
    expect(new ServiceTime().usualMs).toBe(0);
  });

  it('expects what a simulated group of equal workers does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(100), (concurrency, ahead) => {
        const service = observed([30]);
        // The workers began one after the other, so that they get free evenly.
        const freeAt = Array.from({ length: concurrency }, (_, worker) => (30 * (worker + 1)) / concurrency);
        let startedMs = 0;
        for (let call = 0; call <= ahead; call++) {
          startedMs = Math.min(...freeAt);
          freeAt[freeAt.indexOf(startedMs)] = startedMs + 30;
        }
        expect(service.expectedWaitMs(ahead, concurrency)).toBeCloseTo(startedMs, 6);
      }),
    );
  });

  it('expects no wait before the first call, and no end of it without workers', () => {
    expect(new ServiceTime().expectedWaitMs(50, 2)).toBe(0);
    expect(new ServiceTime().expectedWaitMs(0, 0)).toBe(Number.POSITIVE_INFINITY);
  });
});
