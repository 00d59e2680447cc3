#include "utf8.h"

#include <cstring>

namespace modwire {
namespace {

constexpr size_t kBlock = 32;
constexpr uint64_t kHighBits = 0x8080808080808080;

uint64_t load64(const uint8_t* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// The first byte from `at` on that is not ASCII, or one at most a block before it; `end` when all are.
const uint8_t* skip_ascii(const uint8_t* at, const uint8_t* end) {
  while (static_cast<size_t>(end - at) >= kBlock) {
    const uint64_t all = load64(at) | load64(at + 8) | load64(at + 16) | load64(at + 24);
    if ((all & kHighBits) != 0) break;
    at += kBlock;
  }
  while (end - at >= 8 && (load64(at) & kHighBits) == 0) at += 8;
  return at;
}

bool in(uint8_t byte, uint8_t low, uint8_t high) { return byte >= low && byte <= high; }

bool follows(uint8_t byte) { return (byte & 0xc0) == 0x80; }

// Bytes of the character that begins at `at` with a byte that is not ASCII; 0 when it is none.
size_t character(const uint8_t* at, size_t left) {
  const uint8_t lead = at[0];
  if (in(lead, 0xc2, 0xdf)) return left >= 2 && follows(at[1]) ? 2 : 0;
  if ((lead & 0xf0) == 0xe0) {
    if (left < 3 || !follows(at[2])) return 0;
    // Neither longer than needed nor a surrogate.
    const uint8_t low = lead == 0xe0 ? 0xa0 : 0x80;
    const uint8_t high = lead == 0xed ? 0x9f : 0xbf;
    return in(at[1], low, high) ? 3 : 0;
  }
  if (in(lead, 0xf0, 0xf4)) {
    if (left < 4 || !follows(at[2]) || !follows(at[3])) return 0;
    // Neither longer than needed nor beyond U+10FFFF.
    const uint8_t low = lead == 0xf0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xf4 ? 0x8f : 0xbf;
    return in(at[1], low, high) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool is_utf8_text(const uint8_t* bytes, size_t length) {
  const uint8_t* at = bytes;
  const uint8_t* const end = bytes + length;
  while (at < end) {
    if (*at < 0x80) {
      // Words only where several bytes in a row are ASCII: texts in other scripts have single spaces between.
      if (end - at >= 8 && at[1] < 0x80) {
        const uint8_t* const next = skip_ascii(at, end);
        at = next == at ? at + 2 : next;
      } else
        at++;
      continue;
    }
    const size_t size = character(at, static_cast<size_t>(end - at));
    if (size == 0) return false;
    at += size;
  }
  return true;
}

}  // namespace modwire
