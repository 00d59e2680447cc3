import { describe, expect, it } from 'vitest';
import { sizeText } from '../../../src/cli/output/size-text.js';

describe('a size for people', () => {
  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_024, '1.0 KiB'],
    [1_048_524, '1023.9 KiB'],
    [1_048_525, '1.0 MiB'],
    [10 * 1024 ** 3, '10.0 GiB'],
    [5_000 * 1024 ** 4, '5000.0 TiB'],
  ])('of %d bytes is %s', (bytes, text) => expect(sizeText(bytes)).toBe(text));
});
