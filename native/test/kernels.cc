// Runs every kernel over inputs whose answers are known, or known in a second way. Compiled with AddressSanitizer and
// UndefinedBehaviorSanitizer by test/native/kernels.test.ts; ends with 1 when something does not hold.
#include <cmath>
#include <string>
#include <vector>

#include "../convert.h"
#include "../crc32c.h"
#include "../utf8.h"
#include "check.h"
#include "verify-programs.h"

namespace {

using modwire_test::check;
using modwire_test::Exact;
using modwire_test::Random;

constexpr size_t kShifts = 8;

std::vector<uint8_t> random_bytes(Random& random, size_t length) {
  std::vector<uint8_t> bytes(length);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.next());
  return bytes;
}

// Bit by bit, as the polynomial is defined.
uint32_t slow_crc32c(const uint8_t* bytes, size_t length) {
  uint32_t crc = ~0u;
  for (size_t at = 0; at < length; at++) {
    crc ^= bytes[at];
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
  }
  return ~crc;
}

void check_crc32c() {
  const char* const digits = "123456789";
  check(modwire::crc32c(reinterpret_cast<const uint8_t*>(digits), 9, 0) == 0xe3069283, "crc32c of 1 to 9", 0);
  Random random(1);
  for (size_t length = 0; length < 100; length++) {
    for (size_t shift = 0; shift < kShifts; shift++) {
      const Exact exact(random_bytes(random, length).data(), length, shift);
      const uint8_t* const bytes = exact.begin();
      const uint32_t whole = slow_crc32c(bytes, length);
      check(modwire::crc32c(bytes, length, 0) == whole, "crc32c", length);
      check(modwire::crc32c_portable(bytes, length, 0) == whole, "crc32c with tables", length);
      const size_t cut = random.below(static_cast<uint32_t>(length) + 1);
      const uint32_t first = modwire::crc32c(bytes, cut, 0);
      check(modwire::crc32c(bytes + cut, length - cut, first) == whole, "crc32c of two chunks", length);
      check(modwire::crc32c_portable(bytes + cut, length - cut, first) == whole, "the same with tables", length);
    }
  }
}

// By decoding: the bytes that a lead asks for, the number in them, and whether that number is written so.
bool slow_is_utf8(const uint8_t* bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    const uint8_t lead = bytes[at];
    const size_t size = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (size == 0 || size > length - at) return false;
    uint32_t point = size == 1 ? lead : lead & (0x7f >> size);
    for (size_t next = 1; next < size; next++) {
      if (bytes[at + next] >> 6 != 2) return false;
      point = point << 6 | (bytes[at + next] & 0x3f);
    }
    const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < least[size] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    at += size;
  }
  return true;
}

// Four bytes or fewer, whether or not the number may be written with so many.
std::string encoded(uint32_t point, size_t size) {
  if (size == 1) return std::string(1, static_cast<char>(point));
  std::string text(size, '\0');
  for (size_t at = size - 1; at > 0; at--, point >>= 6) text[at] = static_cast<char>(0x80 | (point & 0x3f));
  text[0] = static_cast<char>((0xff00 >> size) | point);
  return text;
}

bool is_utf8(const std::string& text, size_t shift) {
  const Exact exact(text.data(), text.size(), shift);
  const bool valid = modwire::is_utf8(exact.begin(), exact.length());
  check(valid == modwire::is_utf8_text(exact.begin(), exact.length()), "is_utf8 of a short text", text.size());
  return valid;
}

void check_code_points() {
  const uint32_t last[] = {0, 0x7f, 0x7ff, 0xffff, 0x1fffff};
  for (uint32_t point = 0; point <= last[4]; point++) {
    for (size_t size = 1; size <= 4; size++) {
      if (point > last[size]) continue;
      const std::string text = encoded(point, size);
      const uint8_t* const bytes = reinterpret_cast<const uint8_t*>(text.data());
      const bool surrogate = point >= 0xd800 && point <= 0xdfff;
      const bool shortest = size == 1 || point > last[size - 1];
      const bool expected = shortest && !surrogate && point <= 0x10ffff;
      check(modwire::is_utf8(bytes, size) == expected, "is_utf8 of a code point", point);
      check(!modwire::is_utf8(bytes, size - 1) == (size > 1), "is_utf8 of one cut off", point);
    }
  }
}

void check_utf8() {
  check_code_points();
  // A character of each size at every place around the blocks that are looked at together, whole and broken.
  for (size_t before = 0; before < 80; before++) {
    for (const char* const character : {"", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
      const std::string text = std::string(before, 'x') + character + std::string(before % 7, 'y');
      for (size_t shift = 0; shift < kShifts; shift++) {
        check(is_utf8(text, shift), "is_utf8 after ASCII", before);
        check(!is_utf8(text + '\x80', shift), "is_utf8 with one byte too many", before);
        check(!is_utf8(std::string(before, 'x') + '\xff' + text, shift), "is_utf8 with a byte that is none", before);
      }
    }
  }
  Random random(2);
  const uint8_t edges[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf,
                           0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff};
  for (uint32_t round = 0; round < 300000; round++) {
    uint8_t bytes[12];
    const size_t length = random.below(sizeof bytes + 1);
    for (size_t at = 0; at < length; at++) bytes[at] = edges[random.below(sizeof edges)];
    const Exact exact(bytes, length, random.below(kShifts));
    const bool expected = slow_is_utf8(bytes, length);
    check(modwire::is_utf8(exact.begin(), length) == expected, "is_utf8 of edges", round);
    check(modwire::is_utf8_text(exact.begin(), length) == expected, "is_utf8_text of edges", round);
  }
}

// The number that 16 bits mean, from the definition of fp16 (10 bits of fraction) or bf16 (7 bits).
double meaning(uint32_t bits, int fraction_bits) {
  const int exponent_bits = 15 - fraction_bits;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = static_cast<int>(bits >> fraction_bits) & ((1 << exponent_bits) - 1);
  const double fraction = std::ldexp(static_cast<double>(bits & ((1u << fraction_bits) - 1)), -fraction_bits);
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) return fraction == 0 ? sign * INFINITY : NAN;
  return sign * (exponent == 0 ? std::ldexp(fraction, 1 - bias) : std::ldexp(1 + fraction, exponent - bias));
}

using Widen = void (*)(const uint16_t*, float*, size_t);
using Narrow = void (*)(const float*, uint16_t*, size_t);

// All 65536, to fp32 and back, then what lies between each two neighbours.
void check_halves(const char* name, Widen widen, Narrow narrow, int fraction_bits) {
  const size_t count = 65536;
  std::vector<uint16_t> halves(count), back(count);
  std::vector<float> wide(count);
  for (size_t bits = 0; bits < count; bits++) halves[bits] = static_cast<uint16_t>(bits);
  widen(halves.data(), wide.data(), count);
  narrow(wide.data(), back.data(), count);
  const uint16_t quiet = static_cast<uint16_t>(1u << (fraction_bits - 1));
  for (size_t bits = 0; bits < count; bits++) {
    const double expected = meaning(static_cast<uint32_t>(bits), fraction_bits);
    const bool same = std::isnan(expected) ? std::isnan(wide[bits])
                                           : wide[bits] == expected && std::signbit(wide[bits]) == (bits >> 15 != 0);
    check(same, name, bits);
    check(back[bits] == (std::isnan(expected) ? halves[bits] | quiet : halves[bits]), name, bits);
  }
  const uint32_t infinity = 0x7fff & ~((1u << fraction_bits) - 1);
  for (uint32_t low = 0; low < infinity; low++) {
    const uint32_t high = low + 1;
    // Rounding takes infinity for the power of two in its place.
    const double above = high == infinity ? 2 * meaning(high - (1u << fraction_bits), fraction_bits)
                                          : meaning(high, fraction_bits);
    const float middle = static_cast<float>((meaning(low, fraction_bits) + above) / 2);
    const uint32_t even = (low & 1) == 0 ? low : high;
    const float sources[] = {std::nextafterf(middle, 0), middle, std::nextafterf(middle, INFINITY), -middle};
    const uint32_t expected[] = {low, even, high, even | 0x8000};
    uint16_t targets[4];
    narrow(sources, targets, 4);
    for (int at = 0; at < 4; at++) check(targets[at] == expected[at], name, low);
  }
}

// Hardware and tables agree on every kind of fp32, at every length and alignment.
void check_against_portable() {
  Random random(3);
  for (size_t count = 0; count < 40; count++) {
    for (int round = 0; round < 500; round++) {
      std::vector<uint32_t> bits(count);
      for (uint32_t& number : bits) number = random.next() & (random.below(2) == 0 ? 0xffffffff : 0xbfffe000);
      std::vector<float> source(count), wide(count), wide_portable(count);
      std::vector<uint16_t> half(count), half_portable(count);
      if (count > 0) std::memcpy(source.data(), bits.data(), 4 * count);
      modwire::float32_to_float16(source.data(), half.data(), count);
      modwire::float32_to_float16_portable(source.data(), half_portable.data(), count);
      check(half == half_portable, "float32_to_float16 beside the portable one", count);
      for (uint16_t& number : half) number = static_cast<uint16_t>(random.next());
      modwire::float16_to_float32(half.data(), wide.data(), count);
      modwire::float16_to_float32_portable(half.data(), wide_portable.data(), count);
      const bool same = count == 0 || std::memcmp(wide.data(), wide_portable.data(), 4 * count) == 0;
      check(same, "float16_to_float32 beside the portable one", count);
    }
  }
}

}  // namespace

int main() {
  check_crc32c();
  check_utf8();
  check_halves("fp16", modwire::float16_to_float32, modwire::float32_to_float16, 10);
  check_halves("fp16, portable", modwire::float16_to_float32_portable, modwire::float32_to_float16_portable, 10);
  check_halves("bf16", modwire::bfloat16_to_float32, modwire::float32_to_bfloat16, 7);
  check_against_portable();
  modwire_test::check_verify();
  std::printf("%d checks, %d failed; crc32c %s, fp16 %s\n", modwire_test::checks, modwire_test::failures,
              modwire::crc32c_kind(), modwire::convert_kind());
  return modwire_test::failures == 0 ? 0 : 1;
}
