import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../src/codec/crc32c.js';
import * as half from '../../src/codec/half-float.js';
import { isUtf8 } from '../../src/codec/utf8.js';
import { nativeKernels } from '../../src/native/kernels.js';
import { CRC32C_VECTORS } from '../support/crc32c-vectors.js';
import { float32Edges } from '../support/half-numbers.js';
import { builtAddon } from '../support/native-addon.js';

const addon = builtAddon();

/** Bytes, and a part of them. */
const parts = (bytes: fc.Arbitrary<Uint8Array>) =>
  fc.tuple(bytes, fc.nat(), fc.nat()).map(([all, one, other]) => {
    const places = [one % (all.length + 1), other % (all.length + 1)].sort((a, b) => a - b);
    return { all, start: places[0]!, end: places[1]! };
  });

const anyBytes = parts(fc.uint8Array({ maxLength: 400 }));
/** Mostly text, some of it broken at one place. */
const textBytes = parts(
  fc
    .tuple(
      fc.oneof(...(['binary', 'binary-ascii'] as const).map((unit) => fc.string({ unit, maxLength: 120 }))),
      ...([fc.nat(), fc.option(fc.nat(255), { freq: 1 })] as const),
    )
    .map(([text, where, value]) => {
      const bytes = new TextEncoder().encode(text);
      if (value !== null && bytes.length > 0) bytes[where % bytes.length] = value;
      return bytes;
    }),
);
const bitsOfFloats = fc.array(fc.integer({ min: 0, max: 0xffff_ffff }), { maxLength: 70 });
const halves = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);

/** What a conversion to fp32 gives, as bits: NaNs differ although they are equal. */
function widened(
  widen: (source: Uint16Array, target: Float32Array) => void,
  source: Uint16Array,
): Uint32Array {
  const target = new Float32Array(source.length);
  widen(source, target);
  return new Uint32Array(target.buffer);
}

function narrowed(
  narrow: (source: Float32Array, target: Uint16Array) => void,
  bits: Uint32Array,
): Uint16Array {
  const target = new Uint16Array(bits.length);
  narrow(new Float32Array(bits.buffer), target);
  return target;
}

describe.skipIf(addon === undefined)('the native kernels', () => {
  const native = addon!;

  it.each(CRC32C_VECTORS)('know the CRC-32C of $name', ({ bytes, crc }) => {
    expect(native.crc32c(bytes, 0, bytes.length, 0).toString(16)).toBe(crc);
  });

  it('have the CRC-32C of TypeScript for any part of any bytes, with any seed', () => {
    fc.assert(
      fc.property(anyBytes, fc.integer({ min: 0, max: 0xffff_ffff }), ({ all, start, end }, seed) => {
        expect(native.crc32c(all, start, end, seed)).toBe(crc32c(all, start, end, seed));
      }),
      { numRuns: 2000 },
    );
  });

  it('go on with a CRC-32C that TypeScript began, and the other way round', () => {
    fc.assert(
      fc.property(anyBytes, ({ all, start }) => {
        const whole = crc32c(all, 0, all.length);
        expect(native.crc32c(all, start, all.length, crc32c(all, 0, start))).toBe(whole);
        expect(crc32c(all, start, all.length, native.crc32c(all, 0, start, 0))).toBe(whole);
      }),
    );
  });

  it('tell UTF-8 as TypeScript does, of random bytes and of texts broken at one place', () => {
    let valid = 0;
    fc.assert(
      fc.property(fc.oneof(anyBytes, textBytes), ({ all, start, end }) => {
        const verdict = native.isUtf8(all, start, end);
        expect(verdict).toBe(isUtf8(all, start, end));
        if (verdict && end > start) valid++;
      }),
      { numRuns: 5000 },
    );
    expect(valid).toBeGreaterThan(500);
  });

  it('widen every half as TypeScript does, NaNs to the same bits', () => {
    expect(widened(native.float16ToFloat32, halves)).toEqual(widened(half.float16ToFloat32, halves));
    expect(widened(native.bfloat16ToFloat32, halves)).toEqual(widened(half.bfloat16ToFloat32, halves));
  });

  it('narrow every number at an edge as TypeScript does', () => {
    const edges = float32Edges();
    expect(narrowed(native.float32ToFloat16, edges)).toEqual(narrowed(half.float32ToFloat16, edges));
    expect(narrowed(native.float32ToBfloat16, edges)).toEqual(narrowed(half.float32ToBfloat16, edges));
  });

  it('convert any numbers as TypeScript does, however many there are', () => {
    fc.assert(
      fc.property(bitsOfFloats, (list) => {
        const bits = Uint32Array.from(list);
        const upper = Uint16Array.from(list, (one) => one >>> 16);
        expect(narrowed(native.float32ToFloat16, bits)).toEqual(narrowed(half.float32ToFloat16, bits));
        expect(narrowed(native.float32ToBfloat16, bits)).toEqual(narrowed(half.float32ToBfloat16, bits));
        expect(widened(native.float16ToFloat32, upper)).toEqual(widened(half.float16ToFloat32, upper));
        expect(widened(native.bfloat16ToFloat32, upper)).toEqual(widened(half.bfloat16ToFloat32, upper));
      }),
      { numRuns: 1000 },
    );
  });

  it('are taken or left by size without a difference in what comes out', () => {
    const chosen = nativeKernels(native);
    for (let length = 0; length < 200; length++) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 7) & 0x7f);
      expect(chosen.crc32c(bytes, 0, length)).toBe(crc32c(bytes, 0, length));
      expect(chosen.crc32c(bytes, 0, length, 5)).toBe(crc32c(bytes, 0, length, 5));
      expect(chosen.isUtf8(bytes, 0, length)).toBe(true);
      if (length > 0) bytes[length - 1] = 0xff;
      expect(chosen.isUtf8(bytes, 0, length)).toBe(length === 0);
      const bits = Uint32Array.from({ length }, (_, index) => 0x3f80_1001 * (index + 1));
      expect(narrowed(chosen.float32ToFloat16, bits)).toEqual(narrowed(half.float32ToFloat16, bits));
    }
    for (const length of [1, 1000]) {
      expect(() => chosen.float32ToFloat16(new Float32Array(length), new Uint16Array(length + 1))).toThrow(
        'source and target differ in length',
      );
    }
  });
});
