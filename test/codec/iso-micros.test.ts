import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoMicros } from '../../src/codec/iso-micros.js';

describe('a time in microseconds', () => {
  it.each([
    [0n, '1970-01-01T00:00:00.000000Z'],
    [1n, '1970-01-01T00:00:00.000001Z'],
    [1_795_457_110_801_023n, '2026-11-23T18:05:10.801023Z'],
    [8_640_000_000_000_000_000n, '+275760-09-13T00:00:00.000000Z'],
    [8_640_000_000_000_001_000n, '8640000000000001000'],
    [2n ** 64n - 1n, '18446744073709551615'],
  ])('%d is %s', (micros, text) => {
    expect(isoMicros(micros)).toBe(text);
  });

  it('keeps every digit', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (micros) => {
        const text = isoMicros(BigInt(micros));
        const ms = Date.parse(text.replace(/\d{3}Z$/, 'Z'));
        expect(BigInt(ms) * 1000n + BigInt(text.slice(-4, -1))).toBe(BigInt(micros));
      }),
    );
  });
});
