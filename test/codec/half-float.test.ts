import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from '../../src/codec/half-float.js';
import { BF16, FP16, float32Edges, meaningOf, nearestHalf } from '../support/half-numbers.js';

const ALL = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);

describe.each([
  { format: FP16, widen: float16ToFloat32, narrow: float32ToFloat16 },
  { format: BF16, widen: bfloat16ToFloat32, narrow: float32ToBfloat16 },
])('$format.name', ({ format, widen, narrow }) => {
  /** What a number of fp32, given as bits, becomes. */
  const narrowed = (bits: Uint32Array): Uint16Array => {
    const target = new Uint16Array(bits.length);
    narrow(new Float32Array(bits.buffer, bits.byteOffset, bits.length), target);
    return target;
  };

  it('means in fp32 what it means by definition, all 65536 of it', () => {
    const wide = new Float32Array(ALL.length);
    widen(ALL, wide);
    const wrong = [...ALL].filter((bits) => !Object.is(wide[bits], meaningOf(format, bits)));
    expect(wrong).toEqual([]);
  });

  it('comes back from fp32 as it was, a NaN as a quiet one', () => {
    const wide = new Float32Array(ALL.length);
    widen(ALL, wide);
    const back = new Uint16Array(ALL.length);
    narrow(wide, back);
    const quiet = 1 << (format.fractionBits - 1);
    const expected = ALL.map((bits) => (Number.isNaN(meaningOf(format, bits)) ? bits | quiet : bits));
    expect(back).toEqual(expected);
  });

  it('is the nearest to each number at an edge, the even one of two', () => {
    const edges = float32Edges();
    expect(narrowed(edges)).toEqual(Uint16Array.from(edges, (bits) => nearestHalf(format, bits)));
  });

  it('is the nearest to any number', () => {
    const anyBits = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(fc.array(anyBits, { maxLength: 50 }), (list) => {
        const bits = Uint32Array.from(list);
        expect(narrowed(bits)).toEqual(Uint16Array.from(bits, (one) => nearestHalf(format, one)));
      }),
    );
  });

  it('is made of a part of an array, into a part of another one', () => {
    const target = new Uint16Array(6).fill(7);
    narrow(new Float32Array([9, 1, -2, 9]).subarray(1, 3), target.subarray(3, 5));
    expect([...target]).toEqual([7, 7, 7, format === FP16 ? 0x3c00 : 0x3f80, 0xc000, 7]);
  });

  it('refuses arrays of two lengths, and such that share memory', () => {
    const wide = new Float32Array(4);
    const sameMemory = new Uint16Array(wide.buffer, 4, 4);
    for (const convert of [narrow, (one: Float32Array, other: Uint16Array) => widen(other, one)]) {
      expect(() => convert(wide, new Uint16Array(5))).toThrow('source and target differ in length');
      expect(() => convert(wide, sameMemory)).toThrow('source and target share memory');
    }
    // One after the other in one buffer they do not.
    const both = new ArrayBuffer(24);
    narrow(new Float32Array(both, 0, 4).fill(1), new Uint16Array(both, 16, 4));
    expect(new Uint16Array(both, 16, 4)[3]).toBe(format === FP16 ? 0x3c00 : 0x3f80);
  });
});
