import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatQuantity, parseQuantity, type Unit } from '../../../src/cli/config/quantity.js';

const UNITS: readonly Unit[] = ['bytes', 'ms', 'count'];

describe('a quantity', () => {
  it.each<[string | number, Unit, number]>([
    ['1048576', 'bytes', 1_048_576],
    [1_048_576, 'bytes', 1_048_576],
    ['1MiB', 'bytes', 1_048_576],
    ['1.5KiB', 'bytes', 1_536],
    ['2GiB', 'bytes', 2 ** 31],
    ['7B', 'bytes', 7],
    ['250', 'ms', 250],
    ['250ms', 'ms', 250],
    ['1.1s', 'ms', 1_100],
    ['2m', 'ms', 120_000],
    ['24h', 'ms', 86_400_000],
    ['0', 'ms', 0],
    ['12', 'count', 12],
  ])('reads %j of %s as %d', (raw, unit, value) => {
    expect(parseQuantity(raw, unit)).toBe(value);
  });

  it.each<[unknown, Unit]>([
    ['', 'bytes'],
    ['1MB', 'bytes'],
    ['1 MiB', 'bytes'],
    ['1mib', 'bytes'],
    ['0.3B', 'bytes'],
    ['1s', 'bytes'],
    ['-1', 'ms'],
    ['1e3', 'ms'],
    ['0x10', 'count'],
    ['1.0.0', 'bytes'],
    ['.5s', 'ms'],
    ['5KiB', 'count'],
    ['99999999999999999999', 'count'],
    [1.5, 'count'],
    [-1, 'count'],
    [Number.NaN, 'count'],
    [true, 'count'],
    [null, 'count'],
    [[1], 'count'],
  ])('does not take %j for a number of %s', (raw, unit) => {
    expect(parseQuantity(raw, unit)).toBeUndefined();
  });

  it('is read back as what it was written for', () => {
    fc.assert(
      fc.property(fc.constantFrom(...UNITS), fc.nat(2 ** 40), fc.nat(3), (unit, number, power) => {
        const value = number * 1024 ** power;
        fc.pre(Number.isSafeInteger(value));
        expect(parseQuantity(formatQuantity(value, unit), unit)).toBe(value);
      }),
    );
  });

  it.each<[number, Unit, string]>([
    [8 * 1024 ** 2, 'bytes', '8MiB'],
    [1_536, 'bytes', '1536B'],
    [90_000, 'ms', '90s'],
    [300_000, 'ms', '5m'],
    [1_500, 'ms', '1500ms'],
    [0, 'ms', '0ms'],
    [4_096, 'count', '4096'],
  ])('writes %d of %s as short as it can: %s', (value, unit, text) => {
    expect(formatQuantity(value, unit)).toBe(text);
  });
});
