import { describe, expect, it } from 'vitest';
import { percentOf } from '../../../src/cli/streams/progress.js';

describe('how far something is', () => {
  it.each([
    [1, 1, 200, '0 %'],
    [100, 1, 200, '50 %'],
    [199, 1, 200, '99 %'],
    [200, 1, 200, '100 %'],
    // What a file was to end with may be gone by now, and a stream may be empty.
    [250, 1, 200, '100 %'],
    [0, 1, 0, '100 %'],
  ])('at offset %d of %d to %d is %s', (offset, from, to, text) => {
    expect(percentOf(offset, from, to)).toBe(text);
  });
});
