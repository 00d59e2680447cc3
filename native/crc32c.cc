#include "crc32c.h"

#include <array>
#include <cstring>

#include "cpu.h"

#if MODWIRE_X86
#include <nmmintrin.h>
#endif

namespace modwire {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;
constexpr size_t kStep = 8;

using Tables = std::array<std::array<uint32_t, 256>, kStep>;

// Table n: what a byte contributes with n bytes of zeros after it.
constexpr Tables make_tables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t n = 1; n < kStep; n++) {
    for (size_t byte = 0; byte < 256; byte++) {
      const uint32_t before = tables[n - 1][byte];
      tables[n][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

// Little-endian whatever the machine is; compilers make one load of it.
uint32_t load32(const uint8_t* at) {
  return static_cast<uint32_t>(at[0]) | static_cast<uint32_t>(at[1]) << 8 | static_cast<uint32_t>(at[2]) << 16 |
         static_cast<uint32_t>(at[3]) << 24;
}

#if MODWIRE_X86

MODWIRE_TARGET("sse4.2")
uint32_t crc32c_sse42(const uint8_t* bytes, size_t length, uint32_t seed) {
  uint64_t crc = ~seed;
  for (; length >= kStep; bytes += kStep, length -= kStep) {
    uint64_t word;
    std::memcpy(&word, bytes, sizeof word);
    crc = _mm_crc32_u64(crc, word);
  }
  uint32_t rest = static_cast<uint32_t>(crc);
  for (; length > 0; bytes++, length--) rest = _mm_crc32_u8(rest, *bytes);
  return ~rest;
}

#endif

}  // namespace

uint32_t crc32c_portable(const uint8_t* bytes, size_t length, uint32_t seed) {
  uint32_t crc = ~seed;
  for (; length >= kStep; bytes += kStep, length -= kStep) {
    const uint32_t low = load32(bytes) ^ crc;
    const uint32_t high = load32(bytes + 4);
    crc = kTables[7][low & 0xff] ^ kTables[6][low >> 8 & 0xff] ^ kTables[5][low >> 16 & 0xff] ^
          kTables[4][low >> 24] ^ kTables[3][high & 0xff] ^ kTables[2][high >> 8 & 0xff] ^
          kTables[1][high >> 16 & 0xff] ^ kTables[0][high >> 24];
  }
  for (; length > 0; bytes++, length--) crc = (crc >> 8) ^ kTables[0][(crc ^ *bytes) & 0xff];
  return ~crc;
}

uint32_t crc32c(const uint8_t* bytes, size_t length, uint32_t seed) {
#if MODWIRE_X86
  if (cpu().sse42) return crc32c_sse42(bytes, length, seed);
#endif
  return crc32c_portable(bytes, length, seed);
}

const char* crc32c_kind() { return cpu().sse42 ? "sse4.2" : "slicing-by-8"; }

}  // namespace modwire
