/**
 * Tensors between fp32 and its halves, fp16 and bf16, whose numbers stand in a Uint16Array as bits; the twin of
 * native/convert.cc. Rounded to nearest, ties to even; infinities stay, what is too large becomes one; subnormals are
 * exact; a NaN stays a NaN with its sign and its upper bits, always a quiet one. Source and target are of one length
 * and share no memory: else INVALID_ARGUMENT.
 */
import { ModwireError } from '../errors.js';

/** Of fp32. */
const MAGNITUDE = 0x7fff_ffff;
const INFINITY = 0x7f80_0000;
const QUIET = 0x0040_0000;
/** Of fp16. */
const HALF_INFINITY = 0x7c00;
const HALF_QUIET = 0x0200;
/** fp32's bits of 65520: from here on the nearest of fp16 is infinity. */
const HALF_OVERFLOW = 0x477f_f000;
const HALF_SMALLEST_NORMAL = 0x3880_0000;
/** fp32's bits of 2^-25: at and below, the nearest of fp16 is zero. */
const HALF_UNDERFLOW = 0x3300_0000;
/** What the exponents' biases differ by, 127 - 15, in place. */
const REBIAS = 112 << 23;

export function float32ToFloat16(source: Float32Array, target: Uint16Array): void {
  checkConversion(source, target);
  const from = bitsOf(source);
  for (let at = 0; at < from.length; at++) target[at] = toHalf(from[at]!);
}

export function float16ToFloat32(source: Uint16Array, target: Float32Array): void {
  checkConversion(source, target);
  const to = bitsOf(target);
  for (let at = 0; at < source.length; at++) to[at] = ofHalf(source[at]!);
}

export function float32ToBfloat16(source: Float32Array, target: Uint16Array): void {
  checkConversion(source, target);
  const from = bitsOf(source);
  for (let at = 0; at < from.length; at++) {
    const bits = from[at]!;
    target[at] =
      (bits & MAGNITUDE) > INFINITY
        ? (bits >>> 16) | (QUIET >>> 16)
        : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
  }
}

export function bfloat16ToFloat32(source: Uint16Array, target: Float32Array): void {
  checkConversion(source, target);
  const to = bitsOf(target);
  for (let at = 0; at < source.length; at++) {
    const bits = source[at]! << 16;
    to[at] = (bits & MAGNITUDE) > INFINITY ? bits | QUIET : bits;
  }
}

/** Throws INVALID_ARGUMENT unless one can be converted into the other. */
export function checkConversion(
  source: Float32Array | Uint16Array,
  target: Float32Array | Uint16Array,
): void {
  if (source.length !== target.length) {
    throw new ModwireError('INVALID_ARGUMENT', {
      what: 'source and target differ in length',
      expected: `${source.length} numbers`,
      got: String(target.length),
    });
  }
  const apart =
    source.buffer !== target.buffer ||
    source.byteOffset + source.byteLength <= target.byteOffset ||
    target.byteOffset + target.byteLength <= source.byteOffset;
  if (!apart) {
    throw new ModwireError('INVALID_ARGUMENT', {
      what: 'source and target share memory',
      advice: 'convert into an array of its own',
    });
  }
}

/** The same memory as bits: reading a number would lose what a NaN carries. */
function bitsOf(numbers: Float32Array): Uint32Array {
  return new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
}

function toHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & MAGNITUDE;
  if (magnitude >= HALF_SMALLEST_NORMAL && magnitude < HALF_OVERFLOW) {
    // Half of the last place less one, and one more where the place is odd: ties go to even. A carry runs into the
    // exponent, which is what it should do.
    return sign | ((magnitude - REBIAS + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  }
  if (magnitude <= HALF_UNDERFLOW) return sign;
  if (magnitude > INFINITY) return sign | HALF_INFINITY | HALF_QUIET | ((magnitude >>> 13) & 0x3ff);
  if (magnitude >= HALF_OVERFLOW) return sign | HALF_INFINITY;
  const mantissa = (magnitude & 0x7f_ffff) | 0x80_0000;
  const shift = 126 - (magnitude >>> 23);
  return sign | ((mantissa + (1 << (shift - 1)) - 1 + ((mantissa >>> shift) & 1)) >>> shift);
}

function ofHalf(half: number): number {
  const sign = (half & 0x8000) << 16;
  const magnitude = half & 0x7fff;
  if (magnitude >= HALF_INFINITY) {
    const mantissa = magnitude & 0x3ff;
    return sign | INFINITY | (mantissa === 0 ? 0 : QUIET | (mantissa << 13));
  }
  if (magnitude >= 0x400) return sign | ((magnitude << 13) + REBIAS);
  if (magnitude === 0) return sign;
  // A subnormal is a normal number of fp32: its first bit moves to where it is not written.
  const zeros = Math.clz32(magnitude) - 21;
  return sign | ((((magnitude << zeros) & 0x3ff) << 13) + ((113 - zeros) << 23));
}
