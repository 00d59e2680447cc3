// UTF-8 as Unicode defines it: shortest form, no surrogates, at most U+10FFFF. No N-API; C++17.
#ifndef MODWIRE_UTF8_H
#define MODWIRE_UTF8_H

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace modwire {

// For texts of any length and script.
bool is_utf8_text(const uint8_t* bytes, size_t length);

// Most strings are short and ASCII: up to so many bytes that is looked for right here, without a call.
constexpr size_t kShortText = 32;

inline bool is_short_ascii(const uint8_t* bytes, size_t length) {
  if (length >= 8) {
    uint64_t all, word;
    // Words from the front, and one from the end that may overlap them.
    std::memcpy(&all, bytes + length - 8, 8);
    for (size_t at = 0; at + 8 < length; at += 8) {
      std::memcpy(&word, bytes + at, 8);
      all |= word;
    }
    return (all & 0x8080808080808080) == 0;
  }
  uint8_t all = 0;
  for (size_t at = 0; at < length; at++) all |= bytes[at];
  return all < 0x80;
}

inline bool is_utf8(const uint8_t* bytes, size_t length) {
  return (length <= kShortText && is_short_ascii(bytes, length)) || is_utf8_text(bytes, length);
}

}  // namespace modwire

#endif  // MODWIRE_UTF8_H
