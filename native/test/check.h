// What the test program counts.
#ifndef MODWIRE_TEST_CHECK_H
#define MODWIRE_TEST_CHECK_H

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace modwire_test {

inline int failures = 0;
inline int checks = 0;

inline void check(bool holds, const char* what, unsigned long long with) {
  checks++;
  if (holds) return;
  // The first of many says enough.
  if (failures++ < 20) std::fprintf(stderr, "failed: %s (%llu)\n", what, with);
}

// Bytes of their own exact size at an address that is `shift` above an aligned one: reading beyond them is seen.
class Exact {
 public:
  Exact(const void* bytes, size_t length, size_t shift)
      : memory_(static_cast<uint8_t*>(std::malloc(shift + length))), shift_(shift), length_(length) {
    if (length > 0) std::memcpy(memory_ + shift, bytes, length);
  }
  Exact(const Exact&) = delete;
  Exact& operator=(const Exact&) = delete;
  ~Exact() { std::free(memory_); }

  const uint8_t* begin() const { return memory_ + shift_; }
  size_t length() const { return length_; }

 private:
  uint8_t* memory_;
  size_t shift_;
  size_t length_;
};

// xorshift64*: the same numbers everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint32_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<uint32_t>((state_ * 0x2545f4914f6cdd1d) >> 32);
  }

  uint32_t below(uint32_t bound) { return next() % bound; }

 private:
  uint64_t state_;
};

}  // namespace modwire_test

#endif  // MODWIRE_TEST_CHECK_H
