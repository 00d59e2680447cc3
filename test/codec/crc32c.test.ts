import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../src/codec/crc32c.js';
import { CRC32C_VECTORS, slowCrc32c } from '../support/crc32c-vectors.js';

describe('CRC-32C', () => {
  it.each(CRC32C_VECTORS)('of $name is $crc', ({ bytes, crc }) => {
    expect(crc32c(bytes, 0, bytes.length).toString(16)).toBe(crc);
  });

  it('is what the polynomial says, for any bytes among others', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(9), (bytes, before) => {
        const around = new Uint8Array(bytes.length + before + 3).fill(0xa5);
        around.set(bytes, before);
        expect(crc32c(around, before, before + bytes.length)).toBe(slowCrc32c(bytes));
      }),
    );
  });

  it('is the same in chunks as in one piece', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.array(fc.nat(300), { maxLength: 5 }),
        (bytes, cuts) => {
          const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].sort(
            (a, b) => a - b,
          );
          let crc = 0;
          for (let at = 1; at < places.length; at++) crc = crc32c(bytes, places[at - 1]!, places[at]!, crc);
          expect(crc).toBe(crc32c(bytes, 0, bytes.length));
        },
      ),
    );
  });

  it('changes with every single bit', () => {
    const bytes = Uint8Array.from({ length: 64 }, (_, index) => index * 37);
    const seen = new Set([crc32c(bytes, 0, bytes.length)]);
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      seen.add(crc32c(bytes, 0, bytes.length));
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
    expect(seen.size).toBe(1 + 8 * bytes.length);
  });
});
