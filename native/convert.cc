#include "convert.h"

#include <cstring>

#include "cpu.h"

#if MODWIRE_X86
#include <immintrin.h>
#endif

namespace modwire {
namespace {

// Of fp32.
constexpr uint32_t kMagnitude = 0x7fffffff;
constexpr uint32_t kInfinity = 0x7f800000;
constexpr uint32_t kQuiet = 0x00400000;
// Of fp16, in the width of fp32.
constexpr uint32_t kHalfInfinity = 0x7c00;
constexpr uint32_t kHalfQuiet = 0x0200;
constexpr uint32_t kHalfSmallestNormal = 0x38800000;
// 65520: from here on the nearest of fp16 is infinity.
constexpr uint32_t kHalfOverflow = 0x477ff000;
// At and below 2^-25 the nearest is zero.
constexpr uint32_t kHalfUnderflow = 0x33000000;
// What the exponents' biases differ by, 127 - 15, in place.
constexpr uint32_t kRebias = 112u << 23;

uint32_t bits_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

float float_of(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

uint16_t half_of(uint32_t bits) {
  const uint32_t sign = bits >> 16 & 0x8000;
  const uint32_t magnitude = bits & kMagnitude;
  uint32_t half;
  if (magnitude > kInfinity) {
    half = kHalfInfinity | kHalfQuiet | (magnitude >> 13 & 0x3ff);
  } else if (magnitude >= kHalfOverflow) {
    half = kHalfInfinity;
  } else if (magnitude >= kHalfSmallestNormal) {
    // Half of the last place less one, and one more where the place is odd: ties go to even. A carry runs into the
    // exponent, which is what it should do.
    half = (magnitude - kRebias + 0xfff + (magnitude >> 13 & 1)) >> 13;
  } else if (magnitude <= kHalfUnderflow) {
    half = 0;
  } else {
    const uint32_t mantissa = (magnitude & 0x7fffff) | 0x800000;
    const uint32_t shift = 126 - (magnitude >> 23);
    half = (mantissa + (1u << (shift - 1)) - 1 + (mantissa >> shift & 1)) >> shift;
  }
  return static_cast<uint16_t>(sign | half);
}

uint32_t of_half(uint32_t half) {
  const uint32_t sign = (half & 0x8000) << 16;
  const uint32_t magnitude = half & 0x7fff;
  if (magnitude >= kHalfInfinity) {
    const uint32_t mantissa = magnitude & 0x3ff;
    return sign | kInfinity | (mantissa == 0 ? 0 : kQuiet | mantissa << 13);
  }
  if (magnitude >= 0x400) return sign | ((magnitude << 13) + kRebias);
  // Zero and subnormals: whole multiples of 2^-24, and those fp32 has.
  return sign | bits_of(static_cast<float>(magnitude) * 0x1p-24f);
}

// Branches kept out: the loops over these two become vectors.
uint16_t bfloat_of(uint32_t bits) {
  const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  const uint32_t nan = bits >> 16 | kQuiet >> 16;
  return static_cast<uint16_t>((bits & kMagnitude) > kInfinity ? nan : rounded);
}

uint32_t of_bfloat(uint32_t bfloat) {
  const uint32_t bits = bfloat << 16;
  return (bits & kMagnitude) > kInfinity ? bits | kQuiet : bits;
}

#if MODWIRE_X86

constexpr size_t kLanes = 8;

MODWIRE_TARGET("avx,f16c")
void float32_to_float16_f16c(const float* source, uint16_t* target, size_t count) {
  size_t at = 0;
  for (; at + kLanes <= count; at += kLanes) {
    const __m128i halves =
        _mm256_cvtps_ph(_mm256_loadu_ps(source + at), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(target + at), halves);
  }
  float32_to_float16_portable(source + at, target + at, count - at);
}

MODWIRE_TARGET("avx,f16c")
void float16_to_float32_f16c(const uint16_t* source, float* target, size_t count) {
  size_t at = 0;
  for (; at + kLanes <= count; at += kLanes) {
    const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(source + at));
    _mm256_storeu_ps(target + at, _mm256_cvtph_ps(halves));
  }
  float16_to_float32_portable(source + at, target + at, count - at);
}

#endif

}  // namespace

void float32_to_float16_portable(const float* source, uint16_t* target, size_t count) {
  for (size_t at = 0; at < count; at++) target[at] = half_of(bits_of(source[at]));
}

void float16_to_float32_portable(const uint16_t* source, float* target, size_t count) {
  for (size_t at = 0; at < count; at++) target[at] = float_of(of_half(source[at]));
}

void float32_to_float16(const float* source, uint16_t* target, size_t count) {
#if MODWIRE_X86
  if (cpu().f16c) return float32_to_float16_f16c(source, target, count);
#endif
  float32_to_float16_portable(source, target, count);
}

void float16_to_float32(const uint16_t* source, float* target, size_t count) {
#if MODWIRE_X86
  if (cpu().f16c) return float16_to_float32_f16c(source, target, count);
#endif
  float16_to_float32_portable(source, target, count);
}

void float32_to_bfloat16(const float* source, uint16_t* target, size_t count) {
  for (size_t at = 0; at < count; at++) target[at] = bfloat_of(bits_of(source[at]));
}

void bfloat16_to_float32(const uint16_t* source, float* target, size_t count) {
  for (size_t at = 0; at < count; at++) target[at] = float_of(of_bfloat(source[at]));
}

const char* convert_kind() { return cpu().f16c ? "f16c" : "portable"; }

}  // namespace modwire
