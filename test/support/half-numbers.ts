/** The formats of 16 bits by their definitions, for tests: slow, and not how the codec does it. */
export interface HalfFormat {
  readonly name: string;
  readonly fractionBits: number;
}

export const FP16: HalfFormat = { name: 'fp16', fractionBits: 10 };
export const BF16: HalfFormat = { name: 'bf16', fractionBits: 7 };

/** The number that 16 bits mean. */
export function meaningOf({ fractionBits }: HalfFormat, bits: number): number {
  const exponentBits = 15 - fractionBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  const exponent = (bits >> fractionBits) & (2 ** exponentBits - 1);
  const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  if (exponent === 2 ** exponentBits - 1)
    return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias));
}

/** The bits nearest to a number, the even ones of two that are equally near. Of fp32's NaNs the upper bits. */
export function nearestHalf(format: HalfFormat, float32Bits: number): number {
  const [value] = new Float32Array(new Uint32Array([float32Bits]).buffer) as unknown as [number];
  const sign = (float32Bits >>> 16) & 0x8000;
  const { fractionBits } = format;
  const infinity = 0x7fff & ~(2 ** fractionBits - 1);
  if (Number.isNaN(value)) {
    const fraction = (float32Bits & 0x7f_ffff) >> (23 - fractionBits);
    return sign | infinity | (1 << (fractionBits - 1)) | fraction;
  }
  // What is not negative has the order of its bits: the largest that is not above.
  const magnitude = Math.abs(value);
  let low = 0;
  for (let high = infinity; low < high; ) {
    const middle = (low + high + 1) >> 1;
    if (meaningOf(format, middle) <= magnitude) low = middle;
    else high = middle - 1;
  }
  if (low === infinity) return sign | infinity;
  // Rounding takes infinity for the power of two in its place.
  const above =
    low + 1 === infinity ? 2 * meaningOf(format, infinity - 2 ** fractionBits) : meaningOf(format, low + 1);
  const down = magnitude - meaningOf(format, low);
  const up = above - magnitude;
  return sign | (down < up || (down === up && low % 2 === 0) ? low : low + 1);
}

/** Bits of fp32 where something changes: edges of exponents and fractions, ties of both formats and their neighbours. */
export function float32Edges(): Uint32Array {
  const edges: number[] = [];
  for (let exponent = 0; exponent < 256; exponent++) {
    for (const fraction of [0, 1, 0x7f_ffff, 0x40_0000, 0x1000, 0x3000, 0x2000, 0x8000, 0x1_8000, 0x1_0000]) {
      for (const step of [-1, 0, 1]) {
        const magnitude = exponent * 0x80_0000 + fraction + step;
        if (magnitude >= 0 && magnitude <= 0x7fff_ffff) edges.push(magnitude, magnitude + 0x8000_0000);
      }
    }
  }
  return Uint32Array.from(edges);
}
