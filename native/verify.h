// Pure kernel: no N-API, no FlatBuffers headers, C++17.
#ifndef MODWIRE_VERIFY_H
#define MODWIRE_VERIFY_H

#include <cstddef>
#include <cstdint>

namespace modwire {

// rule 0: verifies; numbers = Rule in src/codec/verify-rule.ts
struct Verdict {
  int32_t rule;
  int32_t offset;
};

// A program's code as compiled by compileProgram (Int32Array), checked once so that running it cannot leave its own
// bounds.
bool check_program(const int32_t* code, size_t length);

Verdict verify(const int32_t* code, size_t code_length, const uint8_t* payload, size_t length);

// spans: start,end pairs relative to bytes; verdicts: rule,offset pairs. Returns number of failures.
size_t verify_region(const int32_t* code, size_t code_length, const uint8_t* bytes, size_t byte_length,
                     const uint32_t* spans, size_t count, int32_t* verdicts);

}  // namespace modwire

#endif  // MODWIRE_VERIFY_H
